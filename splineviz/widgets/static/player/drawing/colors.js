// Colors from values.

export const OUTLINE = 0xff303030;
export const NO_VALUE = 0xff9a9a9a; // gray: no place on the scale

/** The colors of a comparison of two checkpoints. */
export const CHANGE_COLORS = { kept: "#e4e4e4", born: "#f4c76b", vanished: "#8e44ad" };

/** "#rrggbb" as a Uint32 pixel of an ImageData (little-endian: alpha, blue, green, red). */
export function pixelOf(hex) {
  const rgb = parseInt(hex.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

/** Darken a pixel: 0 leaves it unchanged, 1 is black. */
export function darken(pixel, amount) {
  const keep = 1 - amount;
  const red = (pixel & 0xff) * keep;
  const green = ((pixel >> 8) & 0xff) * keep;
  const blue = ((pixel >> 16) & 0xff) * keep;
  return ((pixel & 0xff000000) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** The position of a value between the limits of a scale, from 0 to 1; NaN if it has none. */
export function scalePosition(value, scale, [low, high]) {
  const place =
    scale === "log"
      ? Math.log(Math.max(value, 0) / low) / Math.log(high / low)
      : (value - low) / (high - low);
  return Math.min(1, Math.max(0, place));
}

/** The color of each id under a coloring; `limits` is null for categories. */
export function regionColors(values, coloring, limits) {
  const table = Uint32Array.from(coloring.colors, pixelOf);
  const colors = new Uint32Array(values.length + 1);
  for (let region = 0; region < values.length; region++) {
    let color = NO_VALUE;
    if (coloring.scale === "category") {
      color = table[values[region] % table.length];
    } else if (limits) {
      const place = scalePosition(values[region], coloring.scale, limits);
      if (place >= 0) color = table[Math.round(place * (table.length - 1))];
    }
    colors[region + 1] = color;
  }
  return colors;
}

/** The color of each id: whether its region was born, or will vanish, between two steps. */
export function changeColors(flags, vanish) {
  const { kept, born, vanished } = CHANGE_COLORS;
  const [same, other] = [kept, vanish ? vanished : born].map(pixelOf);
  const colors = new Uint32Array(flags.length + 1);
  flags.forEach((flag, region) => {
    colors[region + 1] = flag ? other : same;
  });
  return colors;
}

/** The colors of the lines around regions, from the colors of the regions. */
export function lineColors(fill) {
  const line = fill.map((pixel) => darken(pixel, 0.75));
  line[0] = OUTLINE;
  return line;
}
