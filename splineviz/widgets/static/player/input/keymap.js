// The key map: which key goes to which training step, moves the cross-hair or zooms.

/** The number of the checkpoint that a key goes to, or null for a key that changes no step. */
export function indexAfterKey(key, index, count) {
  const leap = Math.max(1, Math.round(count / 10));
  const moves = {
    ArrowRight: index + 1,
    ArrowUp: index + 1,
    ArrowLeft: index - 1,
    ArrowDown: index - 1,
    PageUp: index + leap,
    PageDown: index - leap,
    Home: 0,
    End: count - 1,
  };
  if (!(key in moves)) return null;
  return Math.min(count - 1, Math.max(0, moves[key]));
}

/** The direction in which an arrow key moves the cross-hair, or null for another key. */
export function moveOfKey(key) {
  const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  return moves[key] ?? null;
}

/** The factor by which a key zooms: 0 to show everything, null for a key that does not zoom. */
export function zoomOfKey(key) {
  return { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 }[key] ?? null;
}

/** The list of keys that users see: [keys, what they do]. */
export const KEY_HELP = [
  ["← →", "step back, step on"],
  ["Page Up, Page Down", "a tenth of the run"],
  ["Home, End", "first step, last step"],
  ["Space", "play, pause"],
  ["[ ]", "play from here, play up to here"],
  ["B", "set or remove a bookmark"],
  ["Shift with arrows", "move the cross-hair"],
  ["Enter", "pin the region under it"],
  ["N, or Alt and a click", "show the whole boundary of the nearest neuron"],
  ["Escape", "let go of both; twice: leave the picture"],
  ["+ − 0", "zoom in, zoom out, show everything"],
];
