// The edges that are drawn: those of all layers, or of one. Only drawn edges can be picked.

import { forEachEdge, partsOfLayer } from "./frame.js";
import { firstDifferingNeuron } from "./patterns.js";

/** Values of the trait `layer` that are no layer's number: lines of all layers, or none. */
export const ALL_LAYERS = -1;
export const NO_LAYER = -2;

/** The parts into which the boundaries of one layer cut the picture, cached with the frame. */
export function partsOf(frame, layer) {
  frame.parts ??= new Map();
  if (!frame.parts.has(layer)) frame.parts.set(layer, partsOfLayer(frame, layer));
  return frame.parts.get(layer);
}

/**
 * The drawn edges around a region: {a, b, column}. `a` and `b` are vertices; `column` is the
 * neuron's column in the pattern, counted from 1, or 0 on the border of the slice. If the lines of
 * one layer only are drawn, these are the edges around the part that contains the region.
 */
export function edgesAround(frame, region, layer) {
  if (layer === NO_LAYER) return [];
  if (layer >= 0 && layer < frame.layers.length) {
    frame.partEdges ??= new Map();
    if (!frame.partEdges.has(layer)) frame.partEdges.set(layer, edgesOfParts(frame, layer));
    return frame.partEdges.get(layer).get(partsOf(frame, layer)[region + 1]) ?? [];
  }
  const edges = [];
  forEachEdge(frame, region, (corner, a, b) => {
    edges.push({ a, b, column: frame.edgeColumns[corner] });
  });
  return edges;
}

/** The edges around each part of a layer, by the number of the part. */
function edgesOfParts(frame, layer) {
  const differing = firstDifferingNeuron(frame, layer);
  const parts = partsOf(frame, layer);
  const first = 1 + frame.layers.slice(0, layer).reduce((sum, { width }) => sum + width, 0);
  const last = first + frame.layers[layer].width;
  const partEdges = new Map();
  for (let region = 0; region < frame.count; region++) {
    forEachEdge(frame, region, (corner, a, b) => {
      const other = frame.acrossEdge[corner];
      const neuron = other < 0 ? -1 : differing(region, other);
      if (other >= 0 && neuron < 0) return;
      // The edge's own column may belong to another layer whose boundary coincides here.
      const own = frame.edgeColumns[corner];
      const column = other < 0 ? 0 : own >= first && own < last ? own : first + neuron;
      const part = parts[region + 1];
      if (!partEdges.has(part)) partEdges.set(part, []);
      partEdges.get(part).push({ a, b, column });
    });
  }
  return partEdges;
}
