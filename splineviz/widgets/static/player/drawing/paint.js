// Colored pixels from spans of ids.

import { AFFINE } from "./surface.js";

// Below this many pixels, a loop is faster than fill() of typed arrays.
const SHORT = 24;

function fillPixels(out, color, from, to) {
  if (to - from > SHORT) out.fill(color, from, to);
  else for (let p = from; p < to; p++) out[p] = color;
}

/**
 * Color the pixels by their id: `fill` inside a part, `line` where the pixel to the right or below
 * belongs to another part. `parts` has the part of each id; null if each id is a part.
 */
export function paintSpans(spans, width, height, parts, fill, line, out) {
  const { rows, ends, ids } = spans;
  // Look up the parts first, so that the loop below is the same with and without `parts`.
  const spanParts = parts ? Uint32Array.from(ids, (id) => parts[id]) : ids;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    // The last row has no row below it: compare it with itself.
    let below = row + 1 < height ? last : rows[row];
    let from = 0;
    for (let span = rows[row]; span < last; span++) {
      const to = ends[span];
      const own = spanParts[span];
      const inside = fill[ids[span]];
      const border = line[ids[span]];
      // Cut this span at the ends of the spans below it.
      while (from < to) {
        const end = ends[below] < to ? ends[below] : to;
        fillPixels(out, spanParts[below] === own ? inside : border, start + from, start + end);
        from = end;
        if (ends[below] <= to) below++;
      }
      if (span + 1 < last && spanParts[span + 1] !== own) out[start + to - 1] = border;
    }
  }
  return out;
}

/**
 * Color the pixels by the place of a surface at their middle, as `surfacePainter` says; lines as in
 * `paintSpans`, with `outline` around the slice.
 */
export function paintSurface(spans, width, height, parts, painter, outline, out) {
  const { rows, ends, ids } = spans;
  const { affine, fill, line } = painter;
  const spanParts = parts ? Uint32Array.from(ids, (id) => parts[id]) : ids;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    let below = row + 1 < height ? last : rows[row];
    let from = 0;
    for (let span = rows[row]; span < last; span++) {
      const to = ends[span];
      const own = spanParts[span];
      // What follows runs once for each of many short pieces of a row: no calls, no objects.
      const k = AFFINE * ids[span];
      const isOutside = k === 0;
      const step = affine[k + 1];
      const [least, most] = [affine[k + 3], affine[k + 4]];
      let place = affine[k] + affine[k + 2] * row + step * from;
      while (from < to) {
        const end = ends[below] < to ? ends[below] : to;
        const isInside = spanParts[below] === own;
        if (isOutside) {
          out.fill(isInside ? 0 : outline, start + from, start + end);
        } else {
          const table = isInside ? fill : line;
          for (let p = start + from, stop = start + end; p < stop; p++) {
            out[p] = table[(place < least ? least : place > most ? most : place) | 0];
            place += step;
          }
        }
        from = end;
        if (ends[below] <= to) below++;
      }
      if (span + 1 < last && spanParts[span + 1] !== own) {
        place -= step;
        out[start + to - 1] = isOutside
          ? outline
          : line[(place < least ? least : place > most ? most : place) | 0];
      }
    }
  }
  return out;
}

/** Color only the borders of the marked regions; `regionIds` has the region of each id. */
export function paintBorders(spans, width, height, regionIds, marked, color, out) {
  const { rows, ends } = spans;
  const ids = spans.ids.map((id) => regionIds[id]);
  const isMarked = (id) => id > 0 && marked[id - 1] === 1;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    for (let span = rows[row]; span + 1 < last; span++) {
      const differ = ids[span] !== ids[span + 1];
      if (differ && (isMarked(ids[span]) || isMarked(ids[span + 1]))) out[start + ends[span] - 1] = color;
    }
    if (row + 1 === height) break;
    let below = last;
    let from = 0;
    for (let span = rows[row]; span < last; span++) {
      while (from < ends[span]) {
        const end = Math.min(ends[span], ends[below]);
        const differ = ids[span] !== ids[below];
        if (differ && (isMarked(ids[span]) || isMarked(ids[below]))) {
          fillPixels(out, color, start + from, start + end);
        }
        from = end;
        if (ends[below] <= end) below++;
      }
    }
  }
  return out;
}
