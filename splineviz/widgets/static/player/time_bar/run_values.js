// What is known of a training at one of its steps.

/** The last value of a curve at or before a step, or null; `pieces` are [steps, values]. */
export function valueAt(pieces, step) {
  let value = null;
  for (const [steps, values] of pieces) {
    for (let k = 0; k < steps.length && steps[k] <= step; k++) value = values[k];
  }
  return value;
}

/** The caption at a checkpoint: what each flag says before it, or from it on. */
export function captionAt(flags, index) {
  const texts = flags.map(({ index: from, before, after }) => (index < from ? before : after));
  return texts.filter(Boolean).join(" · ");
}

/** The largest number of regions that is known, or 0. */
export function mostRegions(counts) {
  return Math.max(0, ...counts.filter((count) => count !== null));
}

/** The checkpoints that play, as [first, last]. */
export function playedRange(range, count) {
  return range.length ? range : [0, count - 1];
}

/** A range with one end moved to a checkpoint; empty if all checkpoints play then. */
export function withEnd(range, end, index, count) {
  const [first, last] = playedRange(range, count);
  const moved = end === "first" ? [Math.min(index, last), last] : [first, Math.max(index, first)];
  return moved[0] === 0 && moved[1] === count - 1 ? [] : moved;
}
