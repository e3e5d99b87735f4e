// How a frame is to look: what the menus say, worked out for it.

import { changeColors, colorsOf, lineColors } from "./colors.js";
import { THE_STEP_BEFORE } from "./controls.js";
import { NO_LAYER, partsOf } from "./edges.js";
import { joined } from "./packing.js";
import { changes } from "./patterns.js";

export class Look {
  constructor(model, pictures) {
    this.model = model;
    this.pictures = pictures;
  }

  /** The row of the table that colours the regions. */
  get coloring() {
    return this.model.get("colorings")[this.model.get("coloring")];
  }

  /** The checkpoint that changes are told against, or -1. */
  get comparedIndex() {
    const [compare, shown] = [this.model.get("compare"), this.model.get("index")];
    const index = compare === THE_STEP_BEFORE ? shown - 1 : compare;
    return index >= 0 && index !== shown ? index : -1;
  }

  /** What became of the regions since the checkpoint to compare with, or null. */
  changedSince(frame) {
    const index = this.comparedIndex;
    const other = index >= 0 ? this.pictures.frameAt(index) : null;
    return other && { index, other, step: other.step, ...changes(frame, other) };
  }

  /** The ends of the colour scale; null without one, or without a frame those of the run. */
  limitsOf(frame) {
    const { model } = this;
    if (frame && model.get("frame_scale")) return frame.limits[this.coloring.name] ?? null;
    return model.get("limits")[model.get("coloring")];
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

  /** The colour of each id. */
  fillIn(frame, limits, changed) {
    const { coloring } = this;
    if (!changed && coloring.by_class) {
      const classes = joined(frame.values[coloring.name], frame.pieceClasses);
      return colorsOf(classes, coloring, limits);
    }
    const colors = changed
      ? changeColors(changed.born)
      : colorsOf(frame.values[coloring.name], coloring, limits);
    return frame.owners.length ? frame.regionIds.map((id) => colors[id]) : colors;
  }

  /** The colours of the regions and of the lines round them, kept with the frame. */
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
