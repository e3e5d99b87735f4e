// Distances from a point of the slice to edges and to the decision boundary.

/**
 * Find the edge nearest to a point among the edges of neurons: {column, distance, room}. Lengths are
 * in slice units of x; `stretch` is the length of a unit of y on the screen, in units of x. `room`
 * is the distance from the edge, through the point, to the edge on the opposite side. The column is
 * 0 if there is no edge.
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
    const multiple = crossing(foot, point, at(a), at(b));
    // An edge met before the point is the nearest edge itself, or one that ends on it.
    if (multiple > 1) room = Math.min(room, multiple * distance);
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

/**
 * Where the ray from `from` through `to` meets the segment a, b, as a multiple of the distance
 * between the two points; NaN if it does not.
 */
function crossing(from, to, [ax, ay], [bx, by]) {
  const [rx, ry] = [to[0] - from[0], to[1] - from[1]];
  const side = (x, y) => rx * (y - from[1]) - ry * (x - from[0]);
  const [atA, atB] = [side(ax, ay), side(bx, by)];
  if (atA > 0 === atB > 0) return NaN;
  const share = atA / (atA - atB);
  const [x, y] = [ax + share * (bx - ax), ay + share * (by - ay)];
  return ((x - from[0]) * rx + (y - from[1]) * ry) / (rx * rx + ry * ry);
}

/** The distance from a point to the decision boundary, in the units of `nearestEdge`. */
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
