// From polygons to rows of pixels. Every function here also runs in a worker, which is given their
// texts: they may use each other and decodeRings with what it needs, and nothing else.

/**
 * The map from coordinates to pixels: y points up in the slice, down on the screen. Frames, points
 * and anchors count from the lower corner of the bounds: `x`, `y`; `absoluteX` and the like take
 * and give coordinates of the slice itself. The viewport is the part of the slice that is seen.
 */
export function makeView(bounds, viewport, width, height) {
  const [left, low, right, high] = viewport;
  const scaleX = width / (right - left);
  const scaleY = height / (high - low);
  const cornerX = left - bounds[0];
  const cornerY = high - bounds[1];
  return {
    x: (x) => (x - cornerX) * scaleX,
    y: (y) => (cornerY - y) * scaleY,
    absoluteX: (x) => (x - left) * scaleX,
    absoluteY: (y) => (high - y) * scaleY,
    inverseX: (px) => left + px / scaleX,
    inverseY: (py) => high - py / scaleY,
    relativeX: (px) => cornerX + px / scaleX,
    relativeY: (py) => cornerY - py / scaleY,
    pixelX: 1 / scaleX,
    pixelY: 1 / scaleY,
  };
}

/** The array type that holds the ids of so many regions. */
export function idType(count) {
  return count < 65535 ? Uint16Array : Uint32Array;
}

/**
 * Fill every region into a buffer of ids: 0 outside, region r has r + 1. A pixel belongs to the
 * region that holds its centre, so regions that share an edge leave no gap and never overlap. Ids
 * beyond those of the regions are of pieces, in the order of `owners`: the regions they are part of.
 */
export function fillIds(frame, view, width, height) {
  const { vertices, ringVertices, ringOffsets, regionOffsets, count, owners } = frame;
  const total = count + owners.length;
  // The first pixel whose centre is not before a position.
  const firstCentre = (position) => Math.ceil(position - 0.5);
  const ids = new (idType(total))(width * height);
  const px = new Float64Array(vertices.length / 2);
  const py = new Float64Array(vertices.length / 2);
  for (let v = 0; v < px.length; v++) {
    px[v] = view.x(vertices[2 * v]);
    py[v] = view.y(vertices[2 * v + 1]);
  }
  // The crossings of a row with the region's edges: two for a convex region; for others the rest
  // goes to `more`, one list a row.
  const first = new Float64Array(height);
  const second = new Float64Array(height);
  const hits = new Int32Array(height);
  const more = new Map();

  const addEdge = (a, b) => {
    // Always from the upper end, so that both neighbors of an edge compute the same crossing.
    if (py[a] > py[b]) [a, b] = [b, a];
    const start = Math.max(0, firstCentre(py[a]));
    const end = Math.min(height, firstCentre(py[b]));
    if (start >= end) return;
    const slope = (px[b] - px[a]) / (py[b] - py[a]);
    for (let row = start; row < end; row++) {
      const x = px[a] + (row + 0.5 - py[a]) * slope;
      const hit = hits[row]++;
      if (hit === 0) first[row] = x;
      else if (hit === 1) second[row] = x;
      else if (more.has(row)) more.get(row).push(x);
      else more.set(row, [x]);
    }
  };
  const fillSpan = (row, x0, x1, id) => {
    const start = row * width + Math.max(0, firstCentre(x0));
    const end = row * width + Math.min(width, firstCentre(x1));
    if (id <= count) for (let p = start; p < end; p++) ids[p] = id;
    // A piece takes nothing from other regions, however its corners are rounded.
    else for (let p = start; p < end; p++) if (ids[p] === owners[id - count - 1] + 1) ids[p] = id;
  };

  for (let region = 0; region < total; region++) {
    const rings = regionOffsets[region + 1];
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    const corners = ringOffsets[rings];
    for (let k = ringOffsets[regionOffsets[region]]; k < corners; k++) {
      const [x, y] = [px[ringVertices[k]], py[ringVertices[k]]];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    if (right < 0 || left > width || bottom < 0 || top > height) continue;
    for (let ring = regionOffsets[region]; ring < rings; ring++) {
      const end = ringOffsets[ring + 1];
      let previous = ringVertices[end - 1];
      for (let k = ringOffsets[ring]; k < end; k++) {
        addEdge(previous, ringVertices[k]);
        previous = ringVertices[k];
      }
    }
    const last = Math.min(height, firstCentre(bottom));
    for (let row = Math.max(0, firstCentre(top)); row < last; row++) {
      if (hits[row] === 2) {
        if (first[row] < second[row]) fillSpan(row, first[row], second[row], region + 1);
        else fillSpan(row, second[row], first[row], region + 1);
      } else if (hits[row] > 2) {
        const crossings = [first[row], second[row], ...more.get(row)].sort((a, b) => a - b);
        for (let k = 0; k + 1 < crossings.length; k += 2) {
          fillSpan(row, crossings[k], crossings[k + 1], region + 1);
        }
      }
      hits[row] = 0;
    }
    if (more.size) more.clear();
  }
  return ids;
}

/**
 * The same picture as runs of pixels of one id: run k of a row, from `rows[row]` on, ends before
 * the pixel `ends[k]` of that row. A tenth of the memory, and quicker to color.
 */
export function encodeRuns(ids, width, height) {
  const rows = new Uint32Array(height + 1);
  let count = 0;
  for (let row = 0; row < height; row++) {
    const end = (row + 1) * width - 1;
    for (let p = row * width; p < end; p++) if (ids[p] !== ids[p + 1]) count++;
    rows[row + 1] = ++count;
  }
  const ends = new Uint16Array(count);
  const runIds = new ids.constructor(count);
  let run = 0;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const end = start + width - 1;
    for (let p = start; p <= end; p++) {
      if (p === end || ids[p] !== ids[p + 1]) {
        ends[run] = p - start + 1;
        runIds[run++] = ids[p];
      }
    }
  }
  return { rows, ends, ids: runIds, byteLength: rows.byteLength + ends.byteLength + runIds.byteLength };
}

/** The runs of a frame in a picture of some size; the rings are those of decodeRings. */
export function fillRuns(rings, { bounds, viewport, width, height }) {
  const view = makeView(bounds, viewport, width, height);
  return encodeRuns(fillIds(rings, view, width, height), width, height);
}

/** The id at a pixel. */
export function idAt(runs, column, row) {
  let low = runs.rows[row];
  let high = runs.rows[row + 1] - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs.ends[middle] > column) high = middle;
    else low = middle + 1;
  }
  return runs.ids[low];
}
