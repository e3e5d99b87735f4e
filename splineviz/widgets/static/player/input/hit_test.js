// Hit tests: what is drawn at a place in the plot. Places are in CSS pixels.

import { edgesAround } from "../frames/drawn_edges.js";
import { idAt } from "../frames/rasterize.js";
import { distanceToBoundary, nearestEdge } from "./nearest_edge.js";

const NEAR = 3; // CSS pixels from an edge

/** The id at a place, or 0 outside every region. */
export function idAtPointer(place, spans, layout) {
  if (!place) return 0;
  const column = Math.floor((place.x / layout.width) * layout.pixelWidth);
  const row = Math.floor((place.y / layout.height) * layout.pixelHeight);
  const within = (value, size) => value >= 0 && value < size;
  if (!within(column, layout.pixelWidth) || !within(row, layout.pixelHeight)) return 0;
  return idAt(spans, column, row);
}

/**
 * Find what is drawn near a place in a region: {column, isNear, onBoundary}. `column` is the neuron
 * with the nearest drawn boundary, or 0. `isNear` says whether a click there selects the neuron
 * instead of the region. `onBoundary` says whether the decision boundary is drawn and nearer.
 * A place is near an edge at most up to a quarter of the way to the opposite edge, so that even a
 * thin region can be pinned.
 */
export function hitTest(place, frame, region, view, { layer, withBoundary }) {
  const at = [view.relativeX(place.x), view.relativeY(place.y), view.pixelX / view.pixelY];
  const { column, distance, room } = nearestEdge(frame, edgesAround(frame, region, layer), ...at);
  const toEdge = distance / view.pixelX;
  const isNear = column > 0 && toEdge < Math.min(NEAR, room / view.pixelX / 4);
  const toBoundary = withBoundary ? distanceToBoundary(frame, ...at) / view.pixelX : Infinity;
  const onBoundary = toBoundary < NEAR && toBoundary < toEdge;
  return { column, isNear: isNear && !onBoundary, onBoundary };
}
