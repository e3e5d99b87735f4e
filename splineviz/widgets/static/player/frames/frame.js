// A frame: the regions of one checkpoint, and what is derived from them.

import { decodeRings, offsets, unpack } from "./packing.js";
import { activeCounts, neuronActivity, firstDifferingNeuron, patternHashes } from "./patterns.js";

/**
 * Decode a packed frame. What not every drawing needs is computed at its first use (`lazily`):
 * values of colorings that follow from the geometry, the neighbors, the hashes.
 */
export function decodeFrame(view) {
  const { arrays, meta } = unpack(view);
  const sent = {};
  for (const name of Object.keys(arrays)) {
    if (name.startsWith("value:")) sent[name.slice(6)] = arrays[name];
  }
  const frame = {
    step: meta.step,
    limits: meta.limits,
    layers: meta.layers.map(([name, width], k) => ({
      name,
      width,
      bits: arrays[`bits:${k}`],
      cells: arrays[`cells:${k}`],
    })),
    ...decodeRings(arrays),
    pieceClasses: arrays.piece_classes,
    planes: arrays.planes,
    outputs: meta.outputs,
    signed: meta.outputs <= 2, // whether the sign of the decision says the class
    edgeColumns: arrays.edge_columns,
    boundary: arrays.boundary,
    boundaryOffsets: offsets(arrays.boundary_sizes),
  };
  lazily(frame, "regionIds", () => regionIds(frame));
  lazily(frame, "hashes", () => patternHashes(frame));
  lazily(frame, "counts", () => activeCounts(frame));
  lazily(frame, "regionOf", () => new Map([...frame.hashes].map((hash, region) => [hash, region])));
  lazily(frame, "acrossEdge", () => acrossEdge(frame));
  lazily(frame, "areas", () => regionAreas(frame));
  lazily(frame, "totalArea", () => frame.areas.reduce((sum, area) => sum + area, 0));
  const values = {};
  if (frame.planes.length) lazily(values, "output", () => outputValues(frame));
  lazily(values, "area", () => frame.areas);
  lazily(values, "active", () => frame.counts.reduce(added, new Float32Array(frame.count)));
  lazily(values, "pattern", () => Uint8Array.from(frame.hashes, (hash) => hash >>> 24));
  lazily(values, "random", () => Uint8Array.from(frame.hashes, (_, k) => randomColor(k)));
  // Values that were sent win: a user's coloring may have the name of a built-in one.
  for (const [name, value] of Object.entries(sent)) lazily(values, name, () => value);
  frame.values = values;
  return frame;
}

/** Define a property that is computed at its first use. */
function lazily(object, name, make) {
  Object.defineProperty(object, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(object, name, { value, enumerable: true });
      return value;
    },
  });
}

/** The id of the region for each id: a piece has the id of the region that contains it. */
function regionIds({ count, owners }) {
  return Uint32Array.from({ length: count + owners.length + 1 }, (_, id) =>
    id <= count ? id : owners[id - count - 1] + 1,
  );
}

/** The class predicted at an id; `classes` has the classes of the regions. */
export function classAt({ count, pieceClasses }, id, classes) {
  return id <= count ? classes[id - 1] : pieceClasses[id - count - 1];
}

function added(sum, counts) {
  for (let region = 0; region < sum.length; region++) sum[region] += counts[region];
  return sum;
}

function randomColor(region) {
  return Math.imul(region, 0x9e3779b1) >>> 24;
}

/** The area of each region, in squared slice units. */
function regionAreas(frame) {
  const { vertices, ringVertices, ringOffsets, regionOffsets, count } = frame;
  const areas = new Float32Array(count);
  for (let region = 0; region < count; region++) {
    let twice = 0;
    for (let ring = regionOffsets[region]; ring < regionOffsets[region + 1]; ring++) {
      const end = ringOffsets[ring + 1];
      let a = ringVertices[end - 1];
      for (let k = ringOffsets[ring]; k < end; k++) {
        const b = ringVertices[k];
        twice += vertices[2 * a] * vertices[2 * b + 1] - vertices[2 * b] * vertices[2 * a + 1];
        a = b;
      }
    }
    areas[region] = Math.abs(twice) / 2;
  }
  return areas;
}

/** The decision's value at the mean of each region's corners. */
function outputValues({ vertices, ringVertices, ringOffsets, regionOffsets, planes, count }) {
  return Float32Array.from({ length: count }, (_, region) => {
    const [start, end] = [region, region + 1].map((k) => ringOffsets[regionOffsets[k]]);
    let [x, y] = [0, 0];
    for (let k = start; k < end; k++) {
      x += vertices[2 * ringVertices[k]];
      y += vertices[2 * ringVertices[k] + 1];
    }
    const [at, right, up] = planes.subarray(3 * region, 3 * region + 3);
    return at + (right * x + up * y) / (end - start);
  });
}

/** Call `visit(corner, from, to)` for each edge of a region: its first corner and two vertices. */
export function forEachEdge(frame, region, visit) {
  const { ringVertices, ringOffsets, regionOffsets } = frame;
  for (let ring = regionOffsets[region]; ring < regionOffsets[region + 1]; ring++) {
    const [start, end] = [ringOffsets[ring], ringOffsets[ring + 1]];
    for (let k = start; k < end; k++) {
      visit(k, ringVertices[k], ringVertices[k + 1 < end ? k + 1 : start]);
    }
  }
}

/** The region on the other side of each edge, by the edge's first corner; -1 on the border. */
function acrossEdge(frame) {
  const { ringVertices, count } = frame;
  const others = new Int32Array(ringVertices.length).fill(-1);
  const regionAt = new Int32Array(ringVertices.length);
  const ends = new Uint32Array(ringVertices.length);
  // A hash table of the edges so far, by their first corner: a Map takes three times as long.
  const mask = 2 ** Math.ceil(Math.log2(2 * ringVertices.length + 2)) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);
  for (let region = 0; region < count; region++) {
    forEachEdge(frame, region, (corner, from, to) => {
      regionAt[corner] = region;
      ends[corner] = to;
      const [low, high] = from < to ? [from, to] : [to, from];
      const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
      let slot = (mixed ^ (mixed >>> 15)) & mask;
      for (; slots[slot] >= 0; slot = (slot + 1) & mask) {
        const twin = slots[slot];
        if (ringVertices[twin] !== to || ends[twin] !== from) continue;
        others[corner] = regionAt[twin];
        others[twin] = region;
        return;
      }
      slots[slot] = corner;
    });
  }
  return others;
}

/** The mean of a region's corners, from the lower corner of the slice: inside, if it is convex. */
export function cornersMean(frame, region) {
  const sum = [0, 0];
  let count = 0;
  forEachEdge(frame, region, (_, from) => {
    sum[0] += frame.vertices[2 * from];
    sum[1] += frame.vertices[2 * from + 1];
    count += 1;
  });
  return sum.map((total) => total / count);
}

/** The regions that share an edge with a region. */
export function neighbors(frame, region) {
  const regions = new Set();
  forEachEdge(frame, region, (corner) => {
    if (frame.acrossEdge[corner] >= 0) regions.add(frame.acrossEdge[corner]);
  });
  return regions;
}

/** The neuron of a column of the pattern, counted from 1: {layer, neuron}, both from 0. */
export function neuronOf(frame, column) {
  let neuron = column - 1;
  for (let layer = 0; layer < frame.layers.length; layer++) {
    if (neuron < frame.layers[layer].width) return { layer, neuron };
    neuron -= frame.layers[layer].width;
  }
  throw new Error(`no neuron has the column ${column}`);
}

/**
 * The whole boundary of one neuron, as pairs of vertices. The last result is cached with the frame.
 * An edge belongs to it if the neuron is active on one side only: the edge's own column is not
 * enough, because boundaries of several neurons may coincide.
 */
export function neuronEdges(frame, column) {
  if (frame.neuron?.column === column) return frame.neuron.edges;
  const active = neuronActivity(frame, neuronOf(frame, column));
  const edges = [];
  for (let region = 0; region < frame.count; region++) {
    forEachEdge(frame, region, (corner, from, to) => {
      const other = frame.acrossEdge[corner];
      const isOwn = frame.edgeColumns[corner] === column;
      const isCrossed = other >= 0 && active[region] !== active[other];
      if ((isOwn || isCrossed) && !(other > region)) edges.push(from, to);
    });
  }
  frame.neuron = { column, edges };
  return edges;
}

/**
 * The parts into which the boundaries of one layer cut the picture: a number for each id (0
 * outside). Two regions belong to one part if a path between them keeps the pattern of that layer.
 * The edges' columns are not enough, because boundaries of two layers may coincide.
 */
export function partsOfLayer(frame, layer) {
  const differing = firstDifferingNeuron(frame, layer);
  const parent = Uint32Array.from({ length: frame.count }, (_, region) => region);
  const root = (region) => {
    while (parent[region] !== region) region = parent[region] = parent[parent[region]];
    return region;
  };
  for (let region = 0; region < frame.count; region++) {
    forEachEdge(frame, region, (corner) => {
      const other = frame.acrossEdge[corner];
      if (other > region && differing(region, other) < 0) parent[root(other)] = root(region);
    });
  }
  return frame.regionIds.map((id) => (id ? root(id - 1) + 1 : 0));
}
