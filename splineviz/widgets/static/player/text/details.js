// Details of the selection: the active neurons of the pinned region, the name of the neuron.

import { element } from "../../common/dom.js";
import { layerText, neuronText } from "./labels.js";
import { patternOf } from "../frames/patterns.js";

const CELL = 7; // CSS pixels
const GUTTER = 12; // CSS pixels between text and squares
const MOST_IN_ROW = 64;
const LEAST_IN_ROW = 16;
const ACTIVE = "#e69f00";
const SILENT = "#8d8d8d55";
const MOST_LISTED = 40;

/** The numbers of the active neurons, for screen readers. */
export function activeNeuronsText(pattern) {
  const active = pattern.flatMap((flag, n) => (flag ? [n] : []));
  const listed = active.slice(0, MOST_LISTED).join(", ");
  return active.length > MOST_LISTED ? `${listed} and ${active.length - MOST_LISTED} more` : listed;
}

/** The number of squares in a row, for a width in CSS pixels; a multiple of 8 if possible. */
export function squaresInRow(room) {
  const fit = Math.min(MOST_IN_ROW, Math.floor(room / CELL));
  return fit >= 8 ? fit - (fit % 8) : Math.max(1, fit);
}

/** Draw a square for each neuron of a layer, filled if it is active, `most` in a row. */
function drawSquares(canvas, pattern, most) {
  const columns = Math.min(most, pattern.length);
  const rows = Math.ceil(pattern.length / most);
  canvas.width = columns * CELL * 2;
  canvas.height = rows * CELL * 2;
  canvas.style.width = `${columns * CELL}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `active neurons: ${activeNeuronsText(pattern) || "none"}`);
  const context = canvas.getContext("2d");
  pattern.forEach((active, n) => {
    context.fillStyle = active ? ACTIVE : SILENT;
    const [x, y] = [n % most, Math.floor(n / most)];
    context.fillRect(2 * CELL * x, 2 * CELL * y, 2 * CELL - 2, 2 * CELL - 2);
  });
}

/**
 * Show the pinned region and the marked neuron. `pinned` is null or {region, neighbors}, with region
 * -1 if it does not exist in this frame; `column` is the neuron's, or 0.
 */
export function drawDetails(details, frame, pinned, column) {
  details.replaceChildren();
  details.hidden = !pinned && !column;
  if (column) {
    const line = element("div", "sv-detail", details);
    element("span", "sv-neuron-line", line);
    element("span", "", line, `boundary of ${neuronText(frame, column)}`);
  }
  if (!pinned) return;
  if (pinned.region < 0) {
    element("div", "sv-detail", details, "The pinned region does not exist at this step.");
    return;
  }
  const title = `Pinned region, with ${pinned.neighbors} neighbors`;
  element("div", "sv-title", details, title);
  const table = element("div", "sv-circuit", details);
  const rows = patternOf(frame, pinned.region).map((pattern, k) => {
    const active = pattern.filter(Boolean).length;
    element("span", "", table, layerText(k, frame.layers[k].name));
    const count = element("span", "", table, `${active} of ${pattern.length} active`);
    return { pattern, count, canvas: element("canvas", "sv-squares", table) };
  });
  if (rows.length === 0) return;
  // Squares are next to the text, or below it if there is little room; never wider than the picture.
  const [right, end] = [rows[0].count, details].map((part) => part.getBoundingClientRect().right);
  const below = end - right - GUTTER < LEAST_IN_ROW * CELL;
  table.classList.toggle("sv-below", below);
  const most = squaresInRow(below ? details.clientWidth : end - right - GUTTER);
  for (const { pattern, canvas } of rows) drawSquares(canvas, pattern, most);
}
