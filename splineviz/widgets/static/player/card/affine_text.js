// A region's affine map, in numbers.

import { formatNumber } from "../text/numbers.js";

const MOST_OUTPUTS = 4;

const signed = (value) => `${value < 0 || Object.is(value, -0) ? "−" : "+"} ${formatNumber(Math.abs(value))}`;

/** A number with a true minus sign, as in the text of the map. */
export function numberText(value) {
  return value < 0 ? `−${formatNumber(-value)}` : formatNumber(value);
}

/** The outputs of an affine map {slope, offset} at a place [u, v] of the slice. */
export function outputsAt({ slope, offset }, [u, v]) {
  return offset.map((b, k) => slope[k][0] * u + slope[k][1] * v + b);
}

/** One output of the map as text: "1.2 u − 0.3 v + 4". */
export function affineText([a, c], b) {
  return `${numberText(a)} u ${signed(c)} v ${signed(b)}`;
}

/**
 * The outputs to show, as numbers of rows, at most four: all of them, or the largest at a place.
 */
export function shownOutputs(outputs) {
  const order = outputs.map((_, k) => k);
  if (outputs.length <= MOST_OUTPUTS) return order;
  return order.sort((j, k) => outputs[k] - outputs[j]).slice(0, MOST_OUTPUTS);
}
