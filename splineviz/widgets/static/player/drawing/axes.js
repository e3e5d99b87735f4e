// The axes around the plot.

import { svgElement } from "../../common/dom.js";
import { linearTicks, tickTexts } from "../text/numbers.js";

const SHORTEST_TURNED = 60; // CSS pixels: a shorter axis has its label below it, not beside it

/** Draw the border, ticks and labels around the plot; `viewport` is the part of the slice shown. */
export function drawAxes(axes, view, viewport, width, height, labels) {
  axes.replaceChildren();
  axes.setAttribute("width", width);
  axes.setAttribute("height", height);
  svgElement("rect", { class: "sv-axis", x: 0, y: 0, width, height, fill: "none" }, axes);
  // At least two ticks where they fit: a single one does not show the scale of the axis.
  const mostX = Math.max(1, width / 80, Math.min(4, width / 50));
  const ticksX = linearTicks(viewport[0], viewport[2], mostX);
  const { texts: textsX, base: baseX } = tickTexts(ticksX);
  ticksX.forEach((tick, k) => {
    const x = view.absoluteX(tick);
    svgElement("line", { class: "sv-axis", x1: x, x2: x, y1: height, y2: height + 5 }, axes);
    svgElement("text", { x, y: height + 17, "text-anchor": "middle" }, axes, textsX[k]);
  });
  const ticksY = linearTicks(viewport[1], viewport[3], Math.max(1, height / 60));
  const { texts: textsY, base: baseY } = tickTexts(ticksY);
  ticksY.forEach((tick, k) => {
    const y = view.absoluteY(tick);
    svgElement("line", { class: "sv-axis", x1: -5, x2: 0, y1: y, y2: y }, axes);
    svgElement("text", { x: -8, y: y + 4, "text-anchor": "end" }, axes, textsY[k]);
  });
  const middle = { "text-anchor": "middle", class: "sv-axis-label" };
  svgElement("text", { ...middle, x: width / 2, y: height + 34 }, axes, labels[0] + baseX);
  // The label of a short axis stands upright, below the ticks.
  const turned = `translate(-38 ${height / 2}) rotate(-90)`;
  const upright = `translate(-20 ${height + 34})`;
  const transform = height < SHORTEST_TURNED ? upright : turned;
  svgElement("text", { ...middle, transform }, axes, labels[1] + baseY);
}
