// The axis of training steps: logarithmic, with a place for step 0.

import { nearest, positionAt } from "../../common/step_axis.js";

const SHORT_NAMES = [
  [1e6, "M"],
  [1e3, "k"],
];

/** The axis that fits some steps, as splineviz/drawing/step_axis.py makes it. */
export function axisOf(steps) {
  const positive = steps.filter((step) => step > 0);
  const first = positive.length ? Math.min(...positive) : 1;
  const last = positive.length ? Math.max(...positive) : 1;
  return { first, left: steps.includes(0) ? first / 2 : first, right: Math.max(last, 10 * first) };
}

/**
 * The maps between checkpoints and places on an axis drawn from `start` to `end`: `x(step)`, and
 * `indexAt(x)`, the number of the nearest checkpoint.
 */
export function timeScale(axis, steps, start, end) {
  const position = (step) => (step > 0 ? step : axis.first / 2);
  const positions = steps.map(position);
  const decades = Math.log(axis.right / axis.left);
  return {
    start,
    end,
    x: (step) => start + ((end - start) * Math.log(position(step) / axis.left)) / decades,
    indexAt: (x) =>
      nearest(positions, positionAt((x - start) / (end - start), [axis.left, axis.right])),
  };
}

/** The ticks of an axis: powers of ten, on a short axis also 2 and 5 times them; and step 0. */
export function timeTicks({ first, left, right }) {
  const factors = right < 100 * first ? [1, 2, 5] : [1];
  const ticks = left < first ? [0] : [];
  for (let power = Math.floor(Math.log10(first)); power <= Math.log10(right); power++) {
    for (const factor of factors) {
      const step = Number(`${factor}e${power}`);
      if (step >= first && step <= right) ticks.push(step);
    }
  }
  return ticks;
}

/** A step as a short text: 0, 100, 2k, 10k, 1M. */
export function shortStep(step) {
  const [size, letter] = SHORT_NAMES.find(([least]) => step >= least) ?? [1, ""];
  return `${step / size}${letter}`;
}
