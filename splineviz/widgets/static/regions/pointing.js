// What lies under a place in the plot, in CSS pixels.

import { distanceToBoundary, edgesRound, nearestEdge } from "./edges.js";
import { idAt } from "./fill.js";

const NEAR = 5; // CSS pixels from an edge

/** The id under a place, or 0. */
export function idUnder(place, runs, layout) {
  if (!place) return 0;
  const column = Math.floor((place.x / layout.width) * layout.pixelWidth);
  const row = Math.floor((place.y / layout.height) * layout.pixelHeight);
  const within = (value, size) => value >= 0 && value < size;
  if (!within(column, layout.pixelWidth) || !within(row, layout.pixelHeight)) return 0;
  return idAt(runs, column, row);
}

/**
 * What is drawn near a place in a region: {column, isNear, onBoundary}. `column` is the neuron of the
 * nearest drawn boundary, 0 without one; `isNear` whether a click there means it, not the region;
 * `onBoundary` whether the decision boundary is nearer, where it is drawn. Near an edge is at most a
 * quarter of the way to the one opposite: so a region can be pinned however thin it is.
 */
export function pointedAt(place, frame, region, view, { layer, withBoundary }) {
  const at = [view.relativeX(place.x), view.relativeY(place.y), view.pixelX / view.pixelY];
  const { column, distance, room } = nearestEdge(frame, edgesRound(frame, region, layer), ...at);
  const toEdge = distance / view.pixelX;
  const isNear = column > 0 && toEdge < Math.min(NEAR, room / view.pixelX / 4);
  const toBoundary = withBoundary ? distanceToBoundary(frame, ...at) / view.pixelX : Infinity;
  const onBoundary = toBoundary < NEAR && toBoundary < toEdge;
  return { column, isNear: isNear && !onBoundary, onBoundary };
}
