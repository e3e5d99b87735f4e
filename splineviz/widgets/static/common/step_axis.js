// Places on a logarithmic axis of training steps.

/** CSS pixels beyond the ends of the axis that still count as on it. */
export const EDGE = 6;

/** The position on a logarithmic axis at a fraction of its length, from 0 to 1. */
export function positionAt(fraction, [left, right]) {
  const inside = Math.min(1, Math.max(0, fraction));
  return left * (right / left) ** inside;
}

/** The index of the position that is nearest on a logarithmic axis. */
export function nearest(positions, position) {
  let best = 0;
  const far = (index) => Math.abs(Math.log(positions[index] / position));
  for (let index = 1; index < positions.length; index++) if (far(index) < far(best)) best = index;
  return best;
}
