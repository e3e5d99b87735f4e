// The viewport: the part of the slice that is shown, as [xmin, ymin, xmax, ymax].

// Vertices are float32: with a larger zoom they would visibly jump.
const MOST_ZOOM = 4000;

/** Zoom a viewport around a point of the slice; a factor above 1 zooms in. */
export function zoomed(viewport, bounds, factor, x, y) {
  const mostFactor = MOST_ZOOM / zoomFactor(viewport, bounds);
  const scale = 1 / Math.min(factor, mostFactor);
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
export function panned(viewport, bounds, dx, dy) {
  return inside([viewport[0] + dx, viewport[1] + dy, viewport[2] + dx, viewport[3] + dy], bounds);
}

/** Move a viewport into the bounds, keeping its size; the bounds themselves if it is larger. */
export function inside(viewport, bounds) {
  const [width, height] = [viewport[2] - viewport[0], viewport[3] - viewport[1]];
  if (width >= bounds[2] - bounds[0] || height >= bounds[3] - bounds[1]) return [...bounds];
  const x = Math.min(Math.max(viewport[0], bounds[0]), bounds[2] - width);
  const y = Math.min(Math.max(viewport[1], bounds[1]), bounds[3] - height);
  return [x, y, x + width, y + height];
}

/** The zoom factor: 1 shows the whole slice. */
export function zoomFactor(viewport, bounds) {
  return (bounds[2] - bounds[0]) / (viewport[2] - viewport[0]);
}

export const isSameViewport = (a, b) => a.every((value, k) => value === b[k]);
