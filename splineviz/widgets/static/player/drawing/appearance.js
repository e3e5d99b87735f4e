// The appearance of a frame: its colors and lines, as the menus say.

import { NO_LAYER, partsOf } from "../frames/drawn_edges.js";
import { concatenate } from "../frames/packing.js";
import { compareFrames } from "../frames/patterns.js";
import { makeView } from "../frames/rasterize.js";
import { changeColors, lineColors, regionColors } from "./colors.js";
import { surfacePainter } from "./surface.js";

/** Values of the trait `compare` that are no checkpoint's number. */
export const NO_COMPARISON = -1;
export const PREVIOUS_STEP = -2; // always the checkpoint before the one shown

/** The classes that occur in a frame, as [number, name]; without a frame, all named classes. */
export function classesInFrame(frame, { name, labels, by_class: byClass }, classNames) {
  if (labels !== "classes") return [];
  if (!frame) return [...classNames.entries()];
  const numbers = new Set(frame.values[name]);
  if (byClass) for (const number of frame.pieceClasses) numbers.add(number);
  return [...numbers].sort((a, b) => a - b).map((k) => [k, classNames[k] ?? String(k)]);
}

export class Appearance {
  constructor(model, frames) {
    this.model = model;
    this.frames = frames;
    this.heldLimits = []; // the ends of the color scales, fixed while frames play
  }

  /** The coloring that is chosen: a row of the table `colorings`. */
  get coloring() {
    return this.model.get("colorings")[this.model.get("coloring")];
  }

  /** The number of the checkpoint to compare with, or -1. */
  get comparedIndex() {
    const [compare, shown] = [this.model.get("compare"), this.model.get("index")];
    const index = compare === PREVIOUS_STEP ? shown - 1 : compare;
    return index >= 0 && index !== shown ? index : -1;
  }

  /**
   * Compare the frame with the chosen checkpoint; null without a comparison. Changes go from the
   * earlier step to the later one. `fate` flags the regions of this frame that were born, or that
   * will vanish; `others` flags the regions that exist only in the other frame.
   */
  changedIn(frame) {
    const index = this.comparedIndex;
    const other = index >= 0 ? this.frames.frameAt(index) : null;
    if (!other) return null;
    const isLater = other.step > frame.step;
    const [earlier, later] = isLater ? [frame, other] : [other, frame];
    const { born, vanished, count } = compareFrames(later, earlier);
    const [fate, others] = isLater ? [vanished, born] : [born, vanished];
    return { index, other, isLater, from: earlier.step, to: later.step, fate, others, count };
  }

  /** The ends of the color scale: of this frame or of the whole run; null without a scale. */
  limitsOf(frame) {
    const { model } = this;
    if (frame && model.get("frame_scale")) return frame.limits[this.coloring.name] ?? null;
    return this.limits[model.get("coloring")];
  }

  /** The ends of all scales. Once settled, they do not change while frames play. */
  get limits() {
    const { model } = this;
    const limits = model.get("limits");
    const keep = model.get("playing") && model.get("settled");
    this.heldLimits = limits.map((pair, k) => (keep && pair && this.heldLimits[k]) || pair);
    return this.heldLimits;
  }

  /** The part that each id belongs to; lines are drawn between parts. Null: each id is a part. */
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
      const classes = concatenate(frame.values[coloring.name], frame.pieceClasses);
      return regionColors(classes, coloring, limits);
    }
    const colors = changed
      ? changeColors(changed.fate, changed.isLater)
      : regionColors(frame.values[coloring.name], coloring, limits);
    return frame.owners.length ? frame.regionIds.map((id) => colors[id]) : colors;
  }

  /** Whether the color of a pixel is that of the decision there. */
  isSurface(frame, changed) {
    return !changed && this.coloring.surface && frame.planes.length > 0;
  }

  /** What paints the decision, cached with the frame. */
  painterOf(frame, { pixelWidth, pixelHeight, viewport }) {
    const bounds = this.model.get("bounds");
    const most = this.limitsOf(frame)?.[1] ?? 1;
    const colors = this.model.get("class_colors");
    const key = JSON.stringify([bounds, viewport, pixelWidth, pixelHeight, most, colors]);
    if (frame.painter?.key !== key) {
      const view = makeView(bounds, viewport, pixelWidth, pixelHeight);
      frame.painter = { key, ...surfacePainter(frame, view, most, colors) };
    }
    return frame.painter;
  }

  /** The colors of the regions and of the lines around them, cached with the frame. */
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
