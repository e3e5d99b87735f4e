// The order in which checkpoints play, and in which they are prepared.

/** All other checkpoints in the order in which to prepare them: onwards in the direction of travel. */
export function prefetchOrder(index, count, direction) {
  const order = [];
  for (let k = 1; k < count; k++) {
    order.push((((index + direction * k) % count) + count) % count);
  }
  return order;
}

/** The checkpoint after `index` in a range of steps: null at its end, unless playing loops. */
export function nextInRange(index, [first, last], loop) {
  if (index < first || index > last) return first;
  if (index < last) return index + 1;
  return loop ? first : null;
}

/**
 * The next checkpoint that can be shown: `index` itself while there is no other, null at the end of
 * the range, unless playing loops.
 */
export function nextPlayable(index, range, loop, canShow) {
  let next = nextInRange(index, range, loop);
  const [first, last] = range;
  for (let k = first; k <= last && next !== null && next !== index; k++) {
    if (canShow(next)) return next;
    next = nextInRange(next, range, loop);
  }
  return next === null ? null : index;
}

/** Where playing starts: at the first step of the range if it would otherwise end at once. */
export function playbackStart(index, [first, last], loop) {
  return index === last && !loop ? first : index;
}
