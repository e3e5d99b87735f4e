// What lies under a place in the plot, in CSS pixels.

import { idAt } from "./fill.js";
import { nearestEdge } from "./frame.js";

const NEAR = 5; // CSS pixels from an edge

/** The region under a place, or -1. */
export function regionUnder(place, runs, layout) {
  if (!place) return -1;
  const column = Math.floor((place.x / layout.width) * layout.pixelWidth);
  const row = Math.floor((place.y / layout.height) * layout.pixelHeight);
  const within = (value, size) => value >= 0 && value < size;
  if (!within(column, layout.pixelWidth) || !within(row, layout.pixelHeight)) return -1;
  return idAt(runs, column, row) - 1;
}

/** The neuron whose boundary is nearest to a place in a region: {column, isNear}. */
export function neuronNear(place, frame, region, view) {
  const [x, y] = [view.relativeX(place.x), view.relativeY(place.y)];
  const stretch = view.pixelX / view.pixelY;
  const { column, distance } = nearestEdge(frame, region, x, y, stretch);
  return { column, isNear: column > 0 && distance / view.pixelX < NEAR };
}
