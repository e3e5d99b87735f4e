// The decision as the color of each pixel: an affine function on each region, or piece of one.

import { classAt } from "../frames/frame.js";
import { darken, NO_VALUE, pixelOf } from "./colors.js";

/** The color of a decision that is not clear, as in splineviz/drawing/palette.py. */
export const PALE = "#f7f7f7";
const SHADES = 256; // of each class, from pale to its color
const LINE_SHADE = 0.25; // how much darker lines are: a third of what they are on other colorings

/** Colors from pale to a color, "#rrggbb". */
export function classShades(color) {
  const channels = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  const [from, to] = [channels(PALE), channels(color)];
  return Array.from({ length: SHADES }, (_, k) => {
    const mixed = from.map((value, c) => Math.round(value + ((to[c] - value) * k) / (SHADES - 1)));
    return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  });
}

/**
 * The colors of a surface: with a sign from class 0 through pale, in the middle, to class 1; else
 * the shades of one class after another.
 */
export function surfaceShades(classColors, signed) {
  if (!signed) return classColors.flatMap(classShades);
  const [first, second] = [0, 1].map((k) => classShades(classColors[k % classColors.length]));
  return [...first.toReversed(), ...second.slice(1)];
}

/** The plane of an id, as its place in `frame.planes`: a piece may have one of its own. */
function planeOf({ signed, regionIds }, id) {
  return 3 * ((signed ? regionIds[id] : id) - 1);
}

/** The value of a frame's surface at a place relative to the lower corner; NaN without a surface. */
export function surfaceAt(frame, id, x, y) {
  const k = planeOf(frame, id);
  const { planes } = frame;
  return id > 0 && k + 2 < planes.length ? planes[k] + planes[k + 1] * x + planes[k + 2] * y : NaN;
}

/** Numbers an id in the table `affine` of a painter. */
export const AFFINE = 5;

/**
 * What paints a surface: {affine, fill, line}. For each id the table `affine` has an affine function
 * of the pixel, its value at the first pixel and its gain to the right and down, and the least and
 * the most that it may be: a place in the tables of colors `fill` and `line`. `view` maps
 * coordinates to pixels; `most` is the value of the full color. A plane that is not finite, beyond
 * what a frame can hold, is gray.
 */
export function surfacePainter(frame, view, most, classColors) {
  const { signed, planes, regionIds } = frame;
  const classes = frame.values.class;
  const { fill, line } = shadesOf(classColors, signed);
  const count = regionIds.length;
  const affine = new Float64Array(AFFINE * count);
  const scale = (SHADES - 1) / most;
  const [x, y] = [view.relativeX(0.5), view.relativeY(0.5)]; // the middle of the first pixel
  const [right, down] = [scale * view.pixelX, -scale * view.pixelY];
  for (let id = 1, k = AFFINE; id < count; id++, k += AFFINE) {
    const plane = planeOf(frame, id);
    const first = signed ? 0 : SHADES * (classAt(frame, id, classes) % classColors.length);
    const zero = signed ? SHADES - 1 : first;
    // A half more, so that cutting off the fraction rounds to the nearest shade.
    const value = planes[plane] + planes[plane + 1] * x + planes[plane + 2] * y;
    if (!Number.isFinite(value)) {
      affine[k] = affine[k + 3] = affine[k + 4] = fill.length - 1;
      continue;
    }
    affine[k] = 0.5 + zero + scale * value;
    affine[k + 1] = right * planes[plane + 1];
    affine[k + 2] = down * planes[plane + 2];
    affine[k + 3] = first;
    affine[k + 4] = first + (signed ? 2 * SHADES - 2 : SHADES - 1);
  }
  return { affine, fill, line };
}

let latest = { key: "" }; // tables of colors: the same for all frames of a player

/** The colors of a surface as pixels, inside regions and on lines; the last is that of no value. */
function shadesOf(classColors, signed) {
  const key = JSON.stringify([classColors, signed]);
  if (latest.key !== key) {
    const shades = surfaceShades(classColors, signed).map(pixelOf);
    const fill = Uint32Array.from([...shades, NO_VALUE]);
    latest = { key, fill, line: fill.map((pixel) => darken(pixel, LINE_SHADE)) };
  }
  return latest;
}
