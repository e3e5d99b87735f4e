// Lines and marks that are drawn over the regions.

import { forEachEdge, neuronEdges } from "../frames/frame.js";

const DARK = "#1b1b1b";
const NEURON = "#ff2ec4";
const STAR = 9; // CSS pixels from its middle to its points

function starPath(context, x, y, radius) {
  context.beginPath();
  for (let k = 0; k < 10; k++) {
    const size = k % 2 ? radius * 0.45 : radius;
    const angle = (Math.PI * k) / 5 - Math.PI / 2;
    context.lineTo(x + size * Math.cos(angle), y + size * Math.sin(angle));
  }
  context.closePath();
}

/** Fill a path, with a white and a dark outline, so that it is visible on every color. */
function strokeAndFill(context, color) {
  context.lineWidth = 3;
  context.strokeStyle = "#1b1b1b";
  context.stroke();
  context.lineWidth = 1.5;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = color;
  context.fill();
}

/** The place of a star: if it is in the picture or on its border, moved so that all of it fits. */
export function starPlace(x, y, width, height) {
  const inside = (at, size) => Math.min(Math.max(at, STAR), size - STAR);
  const isSeen = x >= -0.5 && y >= -0.5 && x <= width + 0.5 && y <= height + 0.5;
  return isSeen ? [inside(x, width), inside(y, height)] : [x, y];
}

/** Draw samples in their class's color, and a lettered star for each sample that spans the slice. */
export function drawPoints(context, view, points, classes, colors, anchors, width, height) {
  const radius = classes.length > 600 ? 2 : 3;
  for (let i = 0; i < classes.length; i++) {
    context.beginPath();
    context.arc(view.x(points[2 * i]), view.y(points[2 * i + 1]), radius, 0, 2 * Math.PI);
    strokeAndFill(context, colors[classes[i] % colors.length]);
  }
  context.font = "bold 13px sans-serif";
  for (let i = 0; 2 * i < anchors.length; i++) {
    const at = [view.x(anchors[2 * i]), view.y(anchors[2 * i + 1])];
    const [x, y] = starPlace(...at, width, height);
    starPath(context, x, y, STAR);
    strokeAndFill(context, "#ffe14d");
    const name = String.fromCharCode(65 + i);
    // The letter is above the star on its right, or where there is room.
    const side = x + 2.5 * STAR > width ? -10 - context.measureText(name).width : 10;
    const up = y < 2 * STAR ? 16 : -7;
    context.lineWidth = 3;
    context.strokeStyle = "#ffffff";
    context.strokeText(name, x + side, y + up);
    context.fillStyle = "#1b1b1b";
    context.fillText(name, x + side, y + up);
  }
}

/** Stroke a path with a casing, so that it is visible on every color. */
function strokeTwice(context, casing, color, width) {
  context.lineJoin = "round";
  context.lineWidth = width + 2;
  context.strokeStyle = casing;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke();
}

/** Draw the decision boundary: red, or each line in its own color if there are as many colors. */
export function drawBoundary(context, view, frame, colors = []) {
  const { boundary, boundaryOffsets } = frame;
  const hasOwnColors = colors.length > 0 && colors.length === boundaryOffsets.length - 1;
  context.beginPath();
  for (let line = 0; line + 1 < boundaryOffsets.length; line++) {
    for (let k = boundaryOffsets[line]; k < boundaryOffsets[line + 1]; k++) {
      const x = view.x(boundary[2 * k]);
      const y = view.y(boundary[2 * k + 1]);
      if (k === boundaryOffsets[line]) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    if (!hasOwnColors) continue;
    strokeTwice(context, "#ffffff", colors[line], 2);
    context.beginPath();
  }
  if (!hasOwnColors) strokeTwice(context, "#ffffff", "#e3001b", 2);
}

/** Add the edge between two vertices to the path. */
function traceEdge(context, view, { vertices }, a, b) {
  context.moveTo(view.x(vertices[2 * a]), view.y(vertices[2 * a + 1]));
  context.lineTo(view.x(vertices[2 * b]), view.y(vertices[2 * b + 1]));
}

/** Add the edges of a region to the path. */
function traceEdges(context, view, frame, region) {
  forEachEdge(frame, region, (_, a, b) => traceEdge(context, view, frame, a, b));
}

export function drawOutline(context, view, frame, region) {
  context.beginPath();
  traceEdges(context, view, frame, region);
  strokeTwice(context, DARK, "#ffffff", 2);
}

/** Draw a thick outline of the pinned region, and dashed outlines of its neighbors. */
export function drawPinned(context, view, frame, region, neighbors) {
  context.beginPath();
  for (const other of neighbors) traceEdges(context, view, frame, other);
  context.setLineDash([4, 3]);
  strokeTwice(context, DARK, "#ffffff", 1);
  context.setLineDash([]);
  context.beginPath();
  traceEdges(context, view, frame, region);
  strokeTwice(context, DARK, "#ffe14d", 3);
}

/** Draw the whole boundary of one neuron. */
export function drawNeuron(context, view, frame, column) {
  context.beginPath();
  const edges = neuronEdges(frame, column);
  for (let k = 0; k < edges.length; k += 2) {
    traceEdge(context, view, frame, edges[k], edges[k + 1]);
  }
  strokeTwice(context, DARK, NEURON, 2.5);
}

/** Draw the cross-hair that keys move. */
export function drawCrossHair(context, { x, y }) {
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + 4 * dx, y + 4 * dy);
    context.lineTo(x + 12 * dx, y + 12 * dy);
  }
  strokeTwice(context, "#ffffff", DARK, 1.5);
}
