// The legends: the color bar or the classes above the plot, lines and marks below it.

import { element } from "../../common/dom.js";
import { periodText, surfaceTitle } from "../text/labels.js";
import { formatNumber, linearTicks, logTicks } from "../text/numbers.js";
import { CHANGE_COLORS, scalePosition } from "./colors.js";
import { surfaceShades } from "./surface.js";

const MOST_BANDS = 32; // a color bar with more colors than these looks continuous
const STOPS = 18;

function addSwatches(header, entries) {
  const row = element("div", "sv-swatches", header);
  for (const [name, color] of entries) {
    const entry = element("span", "sv-entry", row);
    element("span", "sv-swatch", entry).style.background = color;
    element("span", "", entry, name);
  }
}

/** Draw the legend of a comparison of two steps, above the plot. */
export function drawChangeHeader(header, changed) {
  header.replaceChildren();
  element("div", "sv-title", header, `change ${periodText(changed)}`);
  const { kept, born, vanished } = CHANGE_COLORS;
  const [fill, lines] = changed.isLater
    ? [["will have vanished", vanished], ["borders of regions to be born", born]]
    : [["born", born], ["borders of vanished regions", vanished]];
  addSwatches(header, [["kept", kept], fill, lines]);
}

/** The stops of a gradient through a table of colors; few colors are bands, as in the picture. */
export function barStops(colors) {
  const last = colors.length - 1;
  if (last > MOST_BANDS) {
    return Array.from({ length: STOPS }, (_, k) => colors[Math.round((k * last) / (STOPS - 1))]);
  }
  const percent = (index) => `${(100 * Math.min(1, Math.max(0, index / last))).toFixed(2)}%`;
  if (last === 0) return [`${colors[0]} 0%`, `${colors[0]} 100%`];
  return colors.map((color, index) => `${color} ${percent(index - 0.5)} ${percent(index + 0.5)}`);
}

/** Draw the color bar, or the colors of the classes ([number, name]), above the plot. */
export function drawHeader(header, coloring, limits, classes) {
  const unit = coloring.unit ? ` (${coloring.unit})` : "";
  header.replaceChildren();
  element("div", "sv-title", header, `${coloring.title}${unit}`);
  if (coloring.labels === "classes") {
    const { colors } = coloring;
    addSwatches(header, classes.map(([number, name]) => [name, colors[number % colors.length]]));
  } else if (coloring.scale === "category") {
    element("div", "sv-note", header, coloring.note);
  } else if (limits) {
    drawBar(header, coloring.colors, coloring.scale, limits);
  }
}

/** Draw a color bar with its ticks. */
function drawBar(header, colors, scaleName, limits) {
  const bar = element("div", "sv-bar", header);
  bar.style.background = `linear-gradient(to right, ${barStops(colors).join(", ")})`;
  const scale = element("div", "sv-bar-ticks", header);
  const ticks = scaleName === "log" ? logTicks(...limits) : linearTicks(limits[0], limits[1], 5);
  for (const tick of ticks) {
    const mark = element("span", "sv-bar-tick", scale, formatNumber(tick));
    mark.style.left = `${100 * scalePosition(tick, scaleName, limits)}%`;
  }
}

/** What the legend of a frame's decision needs: {signed, title, classes: [name, color] pairs}. */
export function surfaceLegend(frame, model) {
  const [names, colors] = [model.get("class_names"), model.get("class_colors")];
  const numbers = frame.signed
    ? [0, 1]
    : [...new Set([...frame.values.class, ...frame.pieceClasses])].sort((a, b) => a - b);
  const classes = numbers.map((k) => [names[k] ?? `class ${k}`, colors[k % colors.length]]);
  return { signed: frame.signed, title: surfaceTitle(frame, names), classes };
}

/** Draw the legend of the decision: exact at every pixel, pale where it is not clear. */
export function drawSurfaceHeader(header, coloring, limits, { signed, title, classes }) {
  header.replaceChildren();
  element("div", "sv-title", header, title);
  const most = limits?.[1] ?? 1;
  if (signed) {
    drawBar(header, surfaceShades(classes.map(([, color]) => color), true), "linear", [-most, most]);
    const ends = element("div", "sv-bar-ends", header);
    classes.forEach(([name], k) => element("span", "", ends, k ? `${name} →` : `← ${name}`));
  } else {
    addSwatches(header, classes);
    element("div", "sv-note", header, `pale: margin 0, the decision boundary; full color: ${formatNumber(most)} or more ${coloring.unit}`);
  }
}

/** Draw the legend of the lines and marks, below the plot. */
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
