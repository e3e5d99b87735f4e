// From runs of ids to coloured pixels.

/**
 * Colour the pixels by id: `fill` inside of parts, `line` where the part of a pixel's right or lower
 * neighbour differs. `parts` gives the part of each id; null for every region being its own.
 */
export function paint(runs, width, height, parts, fill, line, out) {
  const { rows, ends, ids } = runs;
  const partOf = parts ? (run) => parts[ids[run]] : (run) => ids[run];
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    const lastBelow = row + 1 < height ? rows[row + 2] : last;
    let below = row + 1 < height ? last : rows[row];
    let from = 0;
    for (let run = rows[row]; run < last; run++) {
      const to = ends[run];
      const part = partOf(run);
      const [inside, border] = [fill[ids[run]], line[ids[run]]];
      // Pieces of this run over each of the runs below it.
      while (from < to && below < lastBelow) {
        const end = Math.min(to, ends[below]);
        out.fill(partOf(below) === part ? inside : border, start + from, start + end);
        from = end;
        if (ends[below] <= to) below++;
      }
      if (run + 1 < last && partOf(run + 1) !== part) out[start + to - 1] = border;
      from = to;
    }
  }
  return out;
}

/** Colour the borders of the marked regions alone, and leave all else as it is. */
export function paintBorders(runs, width, height, marked, color, out) {
  const { rows, ends, ids } = runs;
  const isMarked = (id) => id > 0 && marked[id - 1] === 1;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const last = rows[row + 1];
    for (let run = rows[row]; run + 1 < last; run++) {
      if (isMarked(ids[run]) || isMarked(ids[run + 1])) out[start + ends[run] - 1] = color;
    }
    if (row + 1 === height) break;
    let below = last;
    let from = 0;
    for (let run = rows[row]; run < last; run++) {
      while (from < ends[run]) {
        const end = Math.min(ends[run], ends[below]);
        const differ = ids[run] !== ids[below];
        if (differ && (isMarked(ids[run]) || isMarked(ids[below]))) {
          out.fill(color, start + from, start + end);
        }
        from = end;
        if (ends[below] <= end) below++;
      }
    }
  }
  return out;
}
