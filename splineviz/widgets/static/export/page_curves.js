// The chart of metrics over training steps, with a line at the step shown.

import { element, svgElement } from "../common/dom.js";
import { EDGE, nearest, positionAt } from "../common/step_axis.js";

const [WIDTH, HEIGHT] = [460, 330];
const MARGIN = { left: 52, right: 16, top: 10, bottom: 46 };

/** The maps from positions and values to units of the drawing. */
function scales({ left, right, ticks }) {
  const [low, high] = [ticks[0].at, ticks[ticks.length - 1].at];
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  const decades = Math.log(right / left);
  return {
    x: (position) => MARGIN.left + (width * Math.log(position / left)) / decades,
    y: (value) => MARGIN.top + height * (1 - (value - low) / (high - low)),
  };
}

function drawAxis(svg, { x, y }, curves) {
  const bottom = HEIGHT - MARGIN.bottom;
  const line = (x1, y1, x2, y2) => svgElement("line", { x1, y1, x2, y2, class: "sv-rule" }, svg);
  line(MARGIN.left, bottom, WIDTH - MARGIN.right, bottom);
  line(MARGIN.left, MARGIN.top, MARGIN.left, bottom);
  for (const { at, text } of curves.stepTicks) {
    line(x(at), bottom, x(at), bottom + 4);
    svgElement("text", { x: x(at), y: bottom + 17, "text-anchor": "middle" }, svg, text);
  }
  for (const { at, text } of curves.ticks) {
    line(MARGIN.left - 4, y(at), MARGIN.left, y(at));
    svgElement("text", { x: MARGIN.left - 8, y: y(at) + 4, "text-anchor": "end" }, svg, text);
  }
  const middle = (MARGIN.left + WIDTH - MARGIN.right) / 2;
  const below = { x: middle, y: HEIGHT - 8, "text-anchor": "middle" };
  svgElement("text", below, svg, "training step");
  const turned = `translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`;
  svgElement("text", { transform: turned, "text-anchor": "middle" }, svg, curves.label);
}

/** The checkpoint at x, in units of the drawing; null outside the axis. */
export function checkpointAt(x, { left, right, positions }) {
  const width = WIDTH - MARGIN.left - MARGIN.right;
  if (x < MARGIN.left - EDGE || x > MARGIN.left + width + EDGE) return null;
  return nearest(positions, positionAt((x - MARGIN.left) / width, [left, right]));
}

/** Go to a checkpoint when the drawing is clicked or dragged over. */
function listenToClicks(svg, curves, goTo) {
  const go = (event) => {
    const box = svg.getBoundingClientRect();
    const index = checkpointAt(((event.clientX - box.left) / box.width) * WIDTH, curves);
    if (index !== null) goTo(index);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    go(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) go(event);
  });
}

/**
 * Draw the curves. A click on them calls `goTo` with the number of a checkpoint. Returns a function
 * that moves the line to a checkpoint.
 */
export function drawCurves(parent, curves, goTo) {
  const legend = element("div", "sv-curve-legend", parent);
  const names = curves.lines.map(({ name }) => name).join(", ");
  const label = `${curves.label || "curves"} over training steps: ${names}`;
  const view = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sv-curves", role: "img" };
  const svg = svgElement("svg", { ...view, "aria-label": label }, parent);
  const { x, y } = scales(curves);
  drawAxis(svg, { x, y }, curves);
  for (const { name, color, dash, pieces } of curves.lines) {
    const style = { stroke: color, "stroke-dasharray": dash, class: "sv-curve" };
    for (const [positions, values] of pieces) {
      const points = positions.map((position, k) => `${x(position)},${y(values[k])}`).join(" ");
      svgElement("polyline", { ...style, points }, svg);
      // A line through one point cannot be seen.
      if (positions.length > 1) continue;
      svgElement("circle", { cx: x(positions[0]), cy: y(values[0]), r: 3, fill: color }, svg);
    }
    const entry = element("span", "sv-entry", legend);
    const sample = svgElement("svg", { width: 22, height: 8, "aria-hidden": "true" }, entry);
    svgElement("line", { ...style, x1: 0, x2: 22, y1: 4, y2: 4 }, sample);
    element("span", "", entry, name);
  }
  const ends = { y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom };
  listenToClicks(svg, curves, goTo);
  const marker = svgElement("line", { ...ends, class: "sv-marker" }, svg);
  return (index) => {
    const place = x(curves.positions[index]);
    for (const end of ["x1", "x2"]) marker.setAttribute(end, place);
  };
}
