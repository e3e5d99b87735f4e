// Rasterization: from polygons to rows of pixels. Every function here also runs in a worker, which
// gets its source text: they may call each other and decodeRings, and nothing else.

/**
 * The map from coordinates to pixels; y points up in the slice and down on the screen. Frames,
 * points and anchors have coordinates relative to the lower corner of the bounds: `x` and `y` map
 * those. `absoluteX` and the other functions take and return coordinates of the slice.
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

/** The array type for the ids of `count` regions. */
export function idType(count) {
  return count < 65535 ? Uint16Array : Uint32Array;
}

/**
 * Fill all regions into a buffer of ids: 0 outside, r + 1 for region r. A pixel belongs to the
 * region that contains its center, so regions that share an edge leave no gap and never overlap.
 * The ids after those of the regions belong to the pieces, in the order of `owners`.
 */
export function fillIds(frame, view, width, height) {
  const { vertices, ringVertices, ringOffsets, regionOffsets, count, owners } = frame;
  const total = count + owners.length;
  // The first pixel whose center is not before a position.
  const firstCenter = (position) => Math.ceil(position - 0.5);
  const ids = new (idType(total))(width * height);
  const px = new Float64Array(vertices.length / 2);
  const py = new Float64Array(vertices.length / 2);
  for (let v = 0; v < px.length; v++) {
    px[v] = view.x(vertices[2 * v]);
    py[v] = view.y(vertices[2 * v + 1]);
  }
  // Where a row crosses the region's edges: twice for a convex region. Further crossings go to
  // `more`, one list per row.
  const first = new Float64Array(height);
  const second = new Float64Array(height);
  const hits = new Int32Array(height);
  const more = new Map();

  const addEdge = (a, b) => {
    // Always start at the upper end, so that both regions of an edge compute the same crossing.
    if (py[a] > py[b]) [a, b] = [b, a];
    const start = Math.max(0, firstCenter(py[a]));
    const end = Math.min(height, firstCenter(py[b]));
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
    const start = row * width + Math.max(0, firstCenter(x0));
    const end = row * width + Math.min(width, firstCenter(x1));
    if (id <= count) for (let p = start; p < end; p++) ids[p] = id;
    // A piece never takes pixels of other regions, however its corners are rounded.
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
    const last = Math.min(height, firstCenter(bottom));
    for (let row = Math.max(0, firstCenter(top)); row < last; row++) {
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
 * Encode a picture as spans of pixels with one id. The spans of a row start at number `rows[row]`;
 * span k ends before the pixel `ends[k]` of its row. Spans need a tenth of the memory, and coloring
 * them is faster.
 */
export function encodeSpans(ids, width, height) {
  const rows = new Uint32Array(height + 1);
  let count = 0;
  for (let row = 0; row < height; row++) {
    const end = (row + 1) * width - 1;
    for (let p = row * width; p < end; p++) if (ids[p] !== ids[p + 1]) count++;
    rows[row + 1] = ++count;
  }
  const ends = new Uint16Array(count);
  const spanIds = new ids.constructor(count);
  let span = 0;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const end = start + width - 1;
    for (let p = start; p <= end; p++) {
      if (p === end || ids[p] !== ids[p + 1]) {
        ends[span] = p - start + 1;
        spanIds[span++] = ids[p];
      }
    }
  }
  return { rows, ends, ids: spanIds, byteLength: rows.byteLength + ends.byteLength + spanIds.byteLength };
}

/** The spans of a frame's picture; `rings` are those of decodeRings. */
export function rasterize(rings, { bounds, viewport, width, height }) {
  const view = makeView(bounds, viewport, width, height);
  return encodeSpans(fillIds(rings, view, width, height), width, height);
}

/** The id at a pixel. */
export function idAt(spans, column, row) {
  let low = spans.rows[row];
  let high = spans.rows[row + 1] - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans.ends[middle] > column) high = middle;
    else low = middle + 1;
  }
  return spans.ids[low];
}
