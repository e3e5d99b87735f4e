// How a frame is to look: what the menus say, worked out for it.

import { changeColors, colorsOf, lineColors } from "./colors.js";
import { THE_STEP_BEFORE } from "./controls.js";
import { NO_LAYER, partsOf } from "./edges.js";
import { joined } from "./packing.js";
import { changes } from "./patterns.js";

/** The classes that a frame shows, as [number, name]; without a frame all that have a name. */
export function occurring(frame, { name, labels, by_class: byClass }, classNames) {
  if (labels !== "classes") return [];
  if (!frame) return [...classNames.entries()];
  const numbers = new Set(frame.values[name]);
  if (byClass) for (const number of frame.pieceClasses) numbers.add(number);
  return [...numbers].sort((a, b) => a - b).map((k) => [k, classNames[k] ?? String(k)]);
}

export class Look {
  constructor(model, pictures) {
    this.model = model;
    this.pictures = pictures;
    this.held = []; // the ends of the scales, as they stay while the frames run
  }

  /** The row of the table that colors the regions. */
  get coloring() {
    return this.model.get("colorings")[this.model.get("coloring")];
  }

  /** The checkpoint that changes are told against, or -1. */
  get comparedIndex() {
    const [compare, shown] = [this.model.get("compare"), this.model.get("index")];
    const index = compare === THE_STEP_BEFORE ? shown - 1 : compare;
    return index >= 0 && index !== shown ? index : -1;
  }

  /**
   * What became of the regions between the frame and the one to compare with, told from the earlier
   * to the later, or null: `fate` has a flag for each region of the frame that was born, or will
   * have vanished, and `others` for the regions that are only in the other one.
   */
  changedIn(frame) {
    const index = this.comparedIndex;
    const other = index >= 0 ? this.pictures.frameAt(index) : null;
    if (!other) return null;
    const isLater = other.step > frame.step;
    const [earlier, later] = isLater ? [frame, other] : [other, frame];
    const { born, vanished, count } = changes(later, earlier);
    const [fate, others] = isLater ? [vanished, born] : [born, vanished];
    return { index, other, isLater, from: earlier.step, to: later.step, fate, others, count };
  }

  /** The ends of the color scale; null without one, or without a frame those of the run. */
  limitsOf(frame) {
    const { model } = this;
    if (frame && model.get("frame_scale")) return frame.limits[this.coloring.name] ?? null;
    return this.limits[model.get("coloring")];
  }

  /** The ends of all scales; once they span the first and the last frame, not while frames run. */
  get limits() {
    const { model } = this;
    const now = model.get("limits");
    const stay = model.get("playing") && model.get("settled");
    this.held = now.map((pair, k) => (stay && pair && this.held[k]) || pair);
    return this.held;
  }

  /** The part of each id whose borders are drawn; null for every id being its own. */
  partsOf(frame) {
    const layer = this.model.get("layer");
    if (layer === NO_LAYER) return new Uint8Array(frame.regionIds.length).fill(1, 1);
    if (layer < 0 || layer >= frame.layers.length) {
      return frame.owners.length ? frame.regionIds : null;
    }
    return partsOf(frame, layer);
  }

  /** The color of each id. */
  fillIn(frame, limits, changed) {
    const { coloring } = this;
    if (!changed && coloring.by_class) {
      const classes = joined(frame.values[coloring.name], frame.pieceClasses);
      return colorsOf(classes, coloring, limits);
    }
    const colors = changed
      ? changeColors(changed.fate, changed.isLater)
      : colorsOf(frame.values[coloring.name], coloring, limits);
    return frame.owners.length ? frame.regionIds.map((id) => colors[id]) : colors;
  }

  /** The colors of the regions and of the lines round them, kept with the frame. */
  colorsIn(frame, changed) {
    const { coloring } = this;
    const limits = this.limitsOf(frame);
    const key = JSON.stringify([limits, changed?.index]);
    if (frame.painted?.key !== key || frame.painted.coloring !== coloring) {
      const fill = this.fillIn(frame, limits, changed);
      frame.painted = { key, coloring, fill, line: lineColors(fill) };
    }
    return frame.painted;
  }
}
