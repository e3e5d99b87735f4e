// The edges that are drawn, and the nearest of them. What is not drawn cannot be picked.

import { eachEdge, partsOfLayer } from "./frame.js";
import { differingNeuron } from "./patterns.js";

/** Lines of all layers, or of none. */
export const ALL_LAYERS = -1;
export const NO_LAYER = -2;

/** The parts into which the boundaries of one layer cut the picture, kept with the frame. */
export function partsOf(frame, layer) {
  frame.parts ??= new Map();
  if (!frame.parts.has(layer)) frame.parts.set(layer, partsOfLayer(frame, layer));
  return frame.parts.get(layer);
}

/**
 * The drawn edges round a region: {a, b, column}, with vertices, and the neuron's column in the
 * pattern, counted from 1; 0 on the border of the slice. Where the lines of one layer alone are
 * drawn, those round the part that the region is in.
 */
export function edgesRound(frame, region, layer) {
  if (layer === NO_LAYER) return [];
  if (layer >= 0 && layer < frame.layers.length) {
    frame.rims ??= new Map();
    if (!frame.rims.has(layer)) frame.rims.set(layer, rimsOfParts(frame, layer));
    return frame.rims.get(layer).get(partsOf(frame, layer)[region + 1]) ?? [];
  }
  const edges = [];
  eachEdge(frame, region, (corner, a, b) => {
    edges.push({ a, b, column: frame.edgeColumns[corner] });
  });
  return edges;
}

/** The edges round each part of a layer, by the number of the part. */
function rimsOfParts(frame, layer) {
  const differing = differingNeuron(frame, layer);
  const parts = partsOf(frame, layer);
  const first = 1 + frame.layers.slice(0, layer).reduce((sum, { width }) => sum + width, 0);
  const last = first + frame.layers[layer].width;
  const rims = new Map();
  for (let region = 0; region < frame.count; region++) {
    eachEdge(frame, region, (corner, a, b) => {
      const other = frame.twins[corner];
      const neuron = other < 0 ? -1 : differing(region, other);
      if (other >= 0 && neuron < 0) return;
      // The edge's own column may be a neuron of another layer whose boundary coincides.
      const own = frame.edgeColumns[corner];
      const column = other < 0 ? 0 : own >= first && own < last ? own : first + neuron;
      const part = parts[region + 1];
      if (!rims.has(part)) rims.set(part, []);
      rims.get(part).push({ a, b, column });
    });
  }
  return rims;
}

/**
 * The edge that is nearest to a point, of those that are some neuron's: {column, distance, room},
 * in slice units of x where the picture is stretched so many times along y. `room` is how far it is
 * from that edge, through the point, to the edge on the other side. Without an edge the column is 0.
 */
export function nearestEdge({ vertices }, edges, x, y, stretch = 1) {
  const at = (vertex) => [vertices[2 * vertex], stretch * vertices[2 * vertex + 1]];
  const point = [x, stretch * y];
  let nearest = { column: 0, distance: Infinity, foot: null };
  for (const { a, b, column } of edges) {
    if (column === 0) continue;
    const foot = footOn(at(a), at(b), point);
    const distance = Math.hypot(point[0] - foot[0], point[1] - foot[1]);
    if (distance < nearest.distance) nearest = { column, distance, foot };
  }
  const { column, distance, foot } = nearest;
  if (!foot || distance === 0) return { column, distance, room: Infinity };
  let room = Infinity;
  for (const { a, b } of edges) {
    const times = crossing(foot, point, at(a), at(b));
    // What it meets before the point is the edge itself, or one that ends there.
    if (times > 1) room = Math.min(room, times * distance);
  }
  return { column, distance, room };
}

/** The point of a segment that is nearest to a point. */
function footOn([ax, ay], [bx, by], [px, py]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return [ax + t * dx, ay + t * dy];
}

/** How many times as far as `to` a segment is from `from`, on the ray; NaN if it does not meet it. */
function crossing(from, to, [ax, ay], [bx, by]) {
  const [rx, ry] = [to[0] - from[0], to[1] - from[1]];
  const side = (x, y) => rx * (y - from[1]) - ry * (x - from[0]);
  const [atA, atB] = [side(ax, ay), side(bx, by)];
  if (atA > 0 === atB > 0) return NaN;
  const share = atA / (atA - atB);
  const [x, y] = [ax + share * (bx - ax), ay + share * (by - ay)];
  return ((x - from[0]) * rx + (y - from[1]) * ry) / (rx * rx + ry * ry);
}

/** How far it is from a point to the decision boundary, in the units of `nearestEdge`. */
export function distanceToBoundary({ boundary, boundaryOffsets }, x, y, stretch = 1) {
  const at = (k) => [boundary[2 * k], stretch * boundary[2 * k + 1]];
  const point = [x, stretch * y];
  let least = Infinity;
  for (let line = 0; line + 1 < boundaryOffsets.length; line++) {
    for (let k = boundaryOffsets[line]; k + 1 < boundaryOffsets[line + 1]; k++) {
      const foot = footOn(at(k), at(k + 1), point);
      least = Math.min(least, Math.hypot(point[0] - foot[0], point[1] - foot[1]));
    }
  }
  return least;
}
