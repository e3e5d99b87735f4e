// What keys mean on the picture.

/** The checkpoint that a key asks for, or null if the key means nothing here. */
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

/** How far an arrow key moves the cross-hair, in steps of it, or null for another key. */
export function moveOfKey(key) {
  const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  return moves[key] ?? null;
}

/** The factor by which a key zooms: 0 shows everything, null if it does not zoom. */
export function zoomOfKey(key) {
  return { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 }[key] ?? null;
}

/** The checkpoints worth preparing, the most useful first: onwards in the direction of travel. */
export function upcoming(index, count, direction) {
  const order = [];
  for (let k = 1; k < count; k++) {
    order.push((((index + direction * k) % count) + count) % count);
  }
  return order;
}

/** The checkpoint behind one that is played, in a range; null at its end unless it starts over. */
export function nextPlayed(index, [first, last], loop) {
  if (index < first || index > last) return first;
  if (index < last) return index + 1;
  return loop ? first : null;
}

/**
 * The checkpoint behind one that is played, of those that can be shown; the same while there is no
 * other, null at the end.
 */
export function nextShown(index, range, loop, canShow) {
  let next = nextPlayed(index, range, loop);
  const [first, last] = range;
  for (let k = first; k <= last && next !== null && next !== index; k++) {
    if (canShow(next)) return next;
    next = nextPlayed(next, range, loop);
  }
  return next === null ? null : index;
}

/** Where playing begins: again from the first checkpoint of the range if it would end at once. */
export function startOfPlay(index, [first, last], loop) {
  return index === last && !loop ? first : index;
}

/** What the keys do, for people. */
export const KEY_HELP = [
  ["← →", "step back, step on"],
  ["Page Up, Page Down", "a tenth of the run"],
  ["Home, End", "first step, last step"],
  ["Space", "play, pause"],
  ["Shift with arrows", "move the cross-hair"],
  ["Enter", "pin the region under it"],
  ["N", "show the whole boundary of the nearest neuron"],
  ["Escape", "let go of both; twice: leave the picture"],
  ["+ − 0", "zoom in, zoom out, show everything"],
];
