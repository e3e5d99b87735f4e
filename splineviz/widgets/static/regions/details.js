// What is pinned: a region with its circuit, a neuron.

import { element } from "./dom.js";
import { layerText, neuronText } from "./facts.js";
import { patternOf } from "./patterns.js";

const CELL = 7; // CSS pixels
const CELLS_A_ROW = 64;
const ACTIVE = "#e69f00";
const SILENT = "#8d8d8d55";
const MOST_SPOKEN = 40;

/** The numbers of the active neurons, as text for those who do not see the squares. */
export function spoken(pattern) {
  const active = pattern.flatMap((flag, n) => (flag ? [n] : []));
  const listed = active.slice(0, MOST_SPOKEN).join(", ");
  return active.length > MOST_SPOKEN ? `${listed} and ${active.length - MOST_SPOKEN} more` : listed;
}

/** A square for each neuron of a layer, filled where it is active. */
function drawSquares(parent, pattern) {
  const canvas = element("canvas", "sv-squares", parent);
  const columns = Math.min(CELLS_A_ROW, pattern.length);
  const rows = Math.ceil(pattern.length / CELLS_A_ROW);
  canvas.width = columns * CELL * 2;
  canvas.height = rows * CELL * 2;
  canvas.style.width = `${columns * CELL}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `active neurons: ${spoken(pattern) || "none"}`);
  const context = canvas.getContext("2d");
  pattern.forEach((active, n) => {
    context.fillStyle = active ? ACTIVE : SILENT;
    const [x, y] = [n % CELLS_A_ROW, Math.floor(n / CELLS_A_ROW)];
    context.fillRect(2 * CELL * x, 2 * CELL * y, 2 * CELL - 2, 2 * CELL - 2);
  });
}

/**
 * Show what is pinned. `pinned` is {region, neighbours, facts}, with region -1 where it is not in
 * this frame, or null; `column` the neuron's, or 0.
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
  const title = `Pinned region, with ${pinned.neighbours} neighbours`;
  element("div", "sv-title", details, title);
  const table = element("div", "sv-circuit", details);
  patternOf(frame, pinned.region).forEach((pattern, k) => {
    const active = pattern.filter(Boolean).length;
    element("span", "", table, layerText(k, frame.layers[k].name));
    element("span", "", table, `${active} of ${pattern.length} active`);
    drawSquares(table, pattern);
  });
}
