// From runs of ids to colored pixels.

// Below this many pixels, a loop beats the typed arrays' own fill.
const SHORT = 24;

function fillPixels(out, color, from, to) {
  if (to - from > SHORT) out.fill(color, from, to);
  else for (let p = from; p < to; p++) out[p] = color;
}

/**
 * Color the pixels by id: `fill` inside of parts, `line` where the part of a pixel's right or lower
 * neighbor differs. `parts` gives the part of each id; null for every region being its own.
 */
export function paint(runs, width, height, parts, fill, line, out) {
  const { rows, ends, ids } = runs;
  // The part of each run, so that the loop need not ask what makes a part.
  const part = parts ? Uint32Array.from(ids, (id) => parts[id]) : ids;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    // The last row has nothing below it: it is compared with itself.
    let below = row + 1 < height ? last : rows[row];
    let from = 0;
    for (let run = rows[row]; run < last; run++) {
      const to = ends[run];
      const own = part[run];
      const inside = fill[ids[run]];
      const border = line[ids[run]];
      // Pieces of this run over each of the runs below it.
      while (from < to) {
        const end = ends[below] < to ? ends[below] : to;
        fillPixels(out, part[below] === own ? inside : border, start + from, start + end);
        from = end;
        if (ends[below] <= to) below++;
      }
      if (run + 1 < last && part[run + 1] !== own) out[start + to - 1] = border;
    }
  }
  return out;
}

/** Color the borders of the marked regions alone, by the region of each id, and leave all else. */
export function paintBorders(runs, width, height, regionIds, marked, color, out) {
  const { rows, ends } = runs;
  const ids = runs.ids.map((id) => regionIds[id]);
  const isMarked = (id) => id > 0 && marked[id - 1] === 1;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    for (let run = rows[row]; run + 1 < last; run++) {
      const differ = ids[run] !== ids[run + 1];
      if (differ && (isMarked(ids[run]) || isMarked(ids[run + 1]))) out[start + ends[run] - 1] = color;
    }
    if (row + 1 === height) break;
    let below = last;
    let from = 0;
    for (let run = rows[row]; run < last; run++) {
      while (from < ends[run]) {
        const end = Math.min(ends[run], ends[below]);
        const differ = ids[run] !== ids[below];
        if (differ && (isMarked(ids[run]) || isMarked(ids[below]))) {
          fillPixels(out, color, start + from, start + end);
        }
        from = end;
        if (ends[below] <= end) below++;
      }
    }
  }
  return out;
}
