// The part of the slice that is seen: [xmin, ymin, xmax, ymax].

// Coordinates have the resolution of float32; beyond this, corners would visibly jump.
const MOST_ZOOM = 4000;

/** Scale a viewport about a point of the slice; a factor above 1 comes nearer. */
export function zoomed(viewport, bounds, factor, x, y) {
  const nearest = MOST_ZOOM / zoomOf(viewport, bounds);
  const scale = 1 / Math.min(factor, nearest);
  return inside(
    [
      x + (viewport[0] - x) * scale,
      y + (viewport[1] - y) * scale,
      x + (viewport[2] - x) * scale,
      y + (viewport[3] - y) * scale,
    ],
    bounds,
  );
}

/** Move a viewport by a distance in slice units. */
export function moved(viewport, bounds, dx, dy) {
  return inside([viewport[0] + dx, viewport[1] + dy, viewport[2] + dx, viewport[3] + dy], bounds);
}

/** The nearest viewport of the same size inside of the bounds; the bounds if it is larger. */
export function inside(viewport, bounds) {
  const [width, height] = [viewport[2] - viewport[0], viewport[3] - viewport[1]];
  if (width >= bounds[2] - bounds[0] || height >= bounds[3] - bounds[1]) return [...bounds];
  const x = Math.min(Math.max(viewport[0], bounds[0]), bounds[2] - width);
  const y = Math.min(Math.max(viewport[1], bounds[1]), bounds[3] - height);
  return [x, y, x + width, y + height];
}

/** How many times nearer than everything. */
export function zoomOf(viewport, bounds) {
  return (bounds[2] - bounds[0]) / (viewport[2] - viewport[0]);
}

export const sameViewport = (a, b) => a.every((value, k) => value === b[k]);
