// The parts of the widget round the picture: skeleton, color bar, axes, legend.

import { CHANGE_COLORS, position } from "./colors.js";
import { element, svgElement } from "./dom.js";
import { spanText } from "./facts.js";
import { formatNumber, linearTicks, logTicks, tickTexts } from "./numbers.js";

const PLOT_HEIGHTS = [320, 620]; // CSS pixels
const LEAST_SIDE = 24; // CSS pixels of a plot
const LEAST_TURNED = 60; // CSS pixels of an axis that has its label beside it
const MOST_BANDS = 32; // more colors than these look continuous
const STOPS = 18;
const BESIDE_PLOT = 260; // what a page needs above and below: toolbars, color bar, axis

/** The fixed skeleton of the widget. */
export function buildScene(el) {
  const root = element("div", "sv-regions", el);
  const controls = element("div", "sv-controls", root);
  const header = element("div", "sv-header", root);
  const plot = element("div", "sv-plot", root);
  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-roledescription", "picture of linear regions");
  const scene = {
    root,
    controls,
    header,
    plot,
    fill: element("canvas", "sv-fill", plot),
    lines: element("canvas", "sv-lines", plot),
    points: element("canvas", "sv-points", plot),
    axes: svgElement("svg", { class: "sv-axes", "aria-hidden": "true" }, plot),
    message: element("div", "sv-message", plot),
    whole: element("button", "sv-button sv-everything", plot, "show everything"),
    tip: element("div", "sv-tip", plot),
    legend: element("div", "sv-legend", root),
    status: element("div", "sv-status", root),
    progress: element("progress", "sv-progress", root),
    details: element("section", "sv-details", root),
  };
  // It lies on the picture: beside it, it would move the picture when it comes.
  scene.whole.type = "button";
  scene.whole.hidden = true;
  scene.status.setAttribute("role", "status");
  scene.progress.setAttribute("aria-label", "steps computed");
  scene.details.setAttribute("aria-label", "what is pinned");
  scene.tip.hidden = true;
  scene.tip.setAttribute("popover", "manual");
  scene.details.hidden = true;
  scene.progress.hidden = true;
  return scene;
}

function swatches(header, entries) {
  const row = element("div", "sv-swatches", header);
  for (const [name, color] of entries) {
    const entry = element("span", "sv-entry", row);
    element("span", "sv-swatch", entry).style.background = color;
    element("span", "", entry, name);
  }
}

/** The legend of what changed, above the plot. */
export function drawChangeHeader(header, changed) {
  header.replaceChildren();
  element("div", "sv-title", header, `change ${spanText(changed)}`);
  const { kept, born, vanished } = CHANGE_COLORS;
  const [fill, lines] = changed.isLater
    ? [["will have vanished", vanished], ["borders of regions to be born", born]]
    : [["born", born], ["borders of vanished regions", vanished]];
  swatches(header, [["kept", kept], fill, lines]);
}

/** The stops of a gradient that shows a table of colors; few colors are bands, as in the picture. */
export function barStops(colors) {
  const last = colors.length - 1;
  if (last > MOST_BANDS) {
    return Array.from({ length: STOPS }, (_, k) => colors[Math.round((k * last) / (STOPS - 1))]);
  }
  const percent = (index) => `${(100 * Math.min(1, Math.max(0, index / last))).toFixed(2)}%`;
  if (last === 0) return [`${colors[0]} 0%`, `${colors[0]} 100%`];
  return colors.map((color, index) => `${color} ${percent(index - 0.5)} ${percent(index + 0.5)}`);
}

/** The color bar, or the swatches of classes, [number, name], above the plot. */
export function drawHeader(header, coloring, limits, classes) {
  const unit = coloring.unit ? ` (${coloring.unit})` : "";
  header.replaceChildren();
  element("div", "sv-title", header, `${coloring.title}${unit}`);
  if (coloring.labels === "classes") {
    const { colors } = coloring;
    swatches(header, classes.map(([number, name]) => [name, colors[number % colors.length]]));
  } else if (coloring.scale === "category") {
    element("div", "sv-note", header, coloring.note);
  } else if (limits) {
    const bar = element("div", "sv-bar", header);
    bar.style.background = `linear-gradient(to right, ${barStops(coloring.colors).join(", ")})`;
    const scale = element("div", "sv-bar-ticks", header);
    const ticks =
      coloring.scale === "log" ? logTicks(...limits) : linearTicks(limits[0], limits[1], 5);
    for (const tick of ticks) {
      const mark = element("span", "sv-bar-tick", scale, formatNumber(tick));
      mark.style.left = `${100 * position(tick, coloring.scale, limits)}%`;
    }
  }
}

/** How high a plot may be in a window, so that it and the controls are seen together. */
export function tallestPlot(windowHeight, controlsHeight) {
  const [least, most] = PLOT_HEIGHTS;
  return Math.max(least, Math.min(most, windowHeight - BESIDE_PLOT - controlsHeight));
}

/**
 * The size of a plot, in CSS pixels: true to the slice within the room there is, with units of y
 * that are so many times as long as those of x. Of a slice so thin that one side would vanish, that
 * side is stretched.
 */
export function plotSize([xmin, ymin, xmax, ymax], room, tallest, stretch = 1) {
  const aspect = (stretch * (ymax - ymin)) / (xmax - xmin);
  const height = Math.min(room * aspect, tallest);
  const width = Math.min(room, height / aspect);
  return [width, height].map((side) => Math.round(Math.max(LEAST_SIDE, side)));
}

/** Frame, ticks and labels around the plot; `seen` is the part of the slice in it. */
export function drawAxes(axes, view, seen, width, height, labels) {
  axes.replaceChildren();
  axes.setAttribute("width", width);
  axes.setAttribute("height", height);
  svgElement("rect", { class: "sv-axis", x: 0, y: 0, width, height, fill: "none" }, axes);
  // A single tick would not tell how long the axis is.
  const mostX = Math.max(1, width / 80, Math.min(4, width / 50));
  const ticksX = linearTicks(seen[0], seen[2], mostX);
  const { texts: textsX, base: baseX } = tickTexts(ticksX);
  ticksX.forEach((tick, k) => {
    const x = view.absoluteX(tick);
    svgElement("line", { class: "sv-axis", x1: x, x2: x, y1: height, y2: height + 5 }, axes);
    svgElement("text", { x, y: height + 17, "text-anchor": "middle" }, axes, textsX[k]);
  });
  const ticksY = linearTicks(seen[1], seen[3], Math.max(1, height / 60));
  const { texts: textsY, base: baseY } = tickTexts(ticksY);
  ticksY.forEach((tick, k) => {
    const y = view.absoluteY(tick);
    svgElement("line", { class: "sv-axis", x1: -5, x2: 0, y1: y, y2: y }, axes);
    svgElement("text", { x: -8, y: y + 4, "text-anchor": "end" }, axes, textsY[k]);
  });
  const middle = { "text-anchor": "middle", class: "sv-axis-label" };
  svgElement("text", { ...middle, x: width / 2, y: height + 34 }, axes, labels[0] + baseX);
  // Beside an axis that is shorter than its label this stands upright, below the ticks.
  const turned = `translate(-38 ${height / 2}) rotate(-90)`;
  const upright = `translate(-20 ${height + 34})`;
  const transform = height < LEAST_TURNED ? upright : turned;
  svgElement("text", { ...middle, transform }, axes, labels[1] + baseY);
}

/** What the lines and marks in the plot are. */
export function drawLegend(legend, lines, classes, classNames, colors, anchorCount) {
  legend.replaceChildren();
  lines.names.forEach((name, k) => {
    const line = element("span", "sv-entry", legend);
    element("span", "sv-line", line).style.background = colors[k];
    element("span", "", line, name);
  });
  if (!lines.names.length) {
    const line = element("span", "sv-entry sv-boundary-entry", legend);
    element("span", "sv-line", line);
    element("span", "", line, lines.name);
  }
  for (const index of [...new Set(classes)].sort((a, b) => a - b)) {
    const entry = element("span", "sv-entry", legend);
    element("span", "sv-dot", entry).style.background = colors[index % colors.length];
    element("span", "", entry, classNames[index] ?? String(index));
  }
  if (anchorCount) {
    const entry = element("span", "sv-entry", legend);
    element("span", "sv-star", entry, "★");
    element("span", "", entry, "samples that span the slice");
  }
}
