// The network as squares, a row of squares for each layer: filled where the neuron is active in the
// region that is shown, crossed out where it has no boundary on the slice.

import { element } from "../../common/dom.js";
import { layerText } from "../text/labels.js";

const CELL = 9; // CSS pixels
const SMALL_CELL = 5; // CSS pixels, in a layer wider than this:
const WIDE = 128;
const MOST_SQUARES = 256; // a wider layer is a bar
const BAR_HEIGHT = 8; // CSS pixels, its height
const MOST_IN_ROW = 64;
const CANVAS_DENSITY = 2; // pixels of a canvas in a CSS pixel
const ACTIVE = "#e69f00";
const SILENT = "#8d8d8d";
const MARKED = "#ff2ec4"; // as the marked neuron's boundary in the picture
const MOST_LISTED = 40;

/** The numbers of the active neurons, for screen readers. */
export function activeNeuronsText(pattern) {
  const active = pattern.flatMap((flag, n) => (flag ? [n] : []));
  const listed = active.slice(0, MOST_LISTED).join(", ");
  return active.length > MOST_LISTED ? `${listed} and ${active.length - MOST_LISTED} more` : listed;
}

/** The number of squares in a row, for a width in CSS pixels; a multiple of 8 if possible. */
export function squaresInRow(room, cell = CELL) {
  const fit = Math.min(MOST_IN_ROW, Math.floor(room / cell));
  return fit >= 8 ? fit - (fit % 8) : Math.max(1, fit);
}

/** The neuron whose square is at a place, in CSS pixels; -1 if there is none. */
export function squareAt(x, y, { cell, most, width }) {
  const [column, row] = [Math.floor(x / cell), Math.floor(y / cell)];
  if (column < 0 || row < 0 || column >= most) return -1;
  const neuron = row * most + column;
  return neuron < width ? neuron : -1;
}

/** What is said of a layer. `pattern` is null without a region, `bends` if it is not known yet. */
export function layerFacts(width, pattern, bends) {
  const facts = [];
  if (pattern) facts.push(`${pattern.filter(Boolean).length} of ${width} active`);
  const lines = bends ? bends.filter(Boolean).length : width;
  if (bends && (lines < width || !pattern)) {
    facts.push(pattern ? `${width - lines} without a line` : `${lines} of ${width} with a line here`);
  }
  return facts.join(", ") || `${width} neurons`;
}

function drawSquare(context, x, y, size, active, bends, isMarked) {
  const inner = size - 1.5;
  context.lineWidth = 1;
  context.strokeStyle = SILENT;
  context.fillStyle = ACTIVE;
  if (active) context.fillRect(x, y, inner, inner);
  else context.strokeRect(x + 0.5, y + 0.5, inner - 1, inner - 1);
  if (!bends) {
    context.strokeStyle = active ? "#1b1b1b" : SILENT;
    context.beginPath();
    context.moveTo(x, y + inner);
    context.lineTo(x + inner, y);
    context.stroke();
  }
  if (!isMarked) return;
  context.lineWidth = 2;
  context.strokeStyle = MARKED;
  context.strokeRect(x, y, inner, inner);
}

/**
 * The squares of all layers. `point(column)` is called with the neuron under the mouse, as a column
 * of the pattern from 1, or 0; `mark(column)` with the one that is clicked.
 */
export class NetworkStrip {
  constructor(parent, { point, mark }, signal) {
    this.element = element("div", "sv-strip", parent);
    this.actions = { point, mark };
    this.signal = signal;
    this.key = ""; // the layers and the width that the rows are made for
    this.rows = [];
  }

  /** Make a row for each layer, unless there are rows of these layers in this width. */
  makeRows(layers, room) {
    const key = JSON.stringify([layers.map(({ name, width }) => [name, width]), room]);
    if (key === this.key) return;
    this.key = key;
    this.element.replaceChildren();
    let first = 1;
    this.rows = layers.map(({ name, width }, k) => {
      const title = element("div", "sv-layer", this.element);
      element("span", "", title, layerText(k, name));
      const facts = element("span", "sv-layer-facts", title);
      const canvas = element("canvas", "sv-squares", this.element);
      canvas.setAttribute("role", "img");
      const row = { facts, canvas, width, first, ...this.placeSquares(width, room) };
      first += width;
      this.listen(row);
      return row;
    });
  }

  placeSquares(width, room) {
    if (width > MOST_SQUARES) return { isBar: true, size: [room, BAR_HEIGHT] };
    const cell = width > WIDE ? SMALL_CELL : CELL;
    const most = squaresInRow(room, cell);
    const size = [Math.min(most, width) * cell, Math.ceil(width / most) * cell];
    return { isBar: false, cell, most, size };
  }

  listen(row) {
    const { canvas, isBar, first } = row;
    if (isBar) return;
    const columnAt = (event) => {
      const box = canvas.getBoundingClientRect();
      const zoom = box.width / canvas.clientWidth || 1;
      const neuron = squareAt((event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom, row);
      return neuron < 0 ? 0 : first + neuron;
    };
    const { signal } = this;
    canvas.addEventListener("pointermove", (event) => this.actions.point(columnAt(event)), { signal });
    canvas.addEventListener("pointerleave", () => this.actions.point(0), { signal });
    const mark = (event) => {
      const column = columnAt(event);
      if (column) this.actions.mark(column);
    };
    canvas.addEventListener("click", mark, { signal });
  }

  /**
   * Draw the squares. `patterns` is the pattern of the region that is shown, or null; `bends` says
   * for each layer which neurons have a boundary on the slice, or is null if that is not known yet;
   * `column` is the neuron to mark, or 0; `room` is the width in CSS pixels.
   */
  draw(layers, patterns, bends, column, room) {
    this.makeRows(layers, room);
    this.rows.forEach((row, k) => {
      const { canvas, width, first, size } = row;
      const [pattern, lines] = [patterns?.[k] ?? null, bends?.[k] ?? null];
      row.facts.textContent = layerFacts(width, pattern, lines);
      const active = pattern ? activeNeuronsText(pattern) || "none" : "no region is shown";
      canvas.setAttribute("aria-label", `active neurons: ${active}`);
      [canvas.width, canvas.height] = size.map((side) => CANVAS_DENSITY * side);
      [canvas.style.width, canvas.style.height] = size.map((side) => `${side}px`);
      const context = canvas.getContext("2d");
      context.scale(CANVAS_DENSITY, CANVAS_DENSITY);
      if (row.isBar) {
        context.strokeStyle = SILENT;
        context.strokeRect(0.5, 0.5, size[0] - 1, size[1] - 1);
        context.fillStyle = ACTIVE;
        const share = pattern ? pattern.filter(Boolean).length / width : 0;
        context.fillRect(0, 0, share * size[0], size[1]);
        return;
      }
      for (let n = 0; n < width; n++) {
        const [x, y] = [(n % row.most) * row.cell, Math.floor(n / row.most) * row.cell];
        const [isActive, bent] = [pattern?.[n] ?? false, lines?.[n] ?? true];
        drawSquare(context, x + 0.5, y + 0.5, row.cell, isActive, bent, column === first + n);
      }
    });
  }
}
