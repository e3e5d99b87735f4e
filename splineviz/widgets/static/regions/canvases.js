// The canvases of the plot, one over the other: regions, lines, samples.

import { CHANGE_COLORS, pixelOf } from "./colors.js";
import { neighbors } from "./frame.js";
import { drawBoundary, drawCrossHair, drawNeuron, drawOutline, drawPinned } from "./marks.js";
import { paint, paintBorders } from "./paint.js";

/** Paint the regions of a frame. What changed has the runs of the other frame with it, or is null. */
export function paintRegions(canvas, layout, look, frame, runs, changed) {
  const { fill, line } = look.colorsIn(frame, changed);
  const { pixelWidth, pixelHeight, image, image32 } = layout;
  paint(runs, pixelWidth, pixelHeight, look.partsOf(frame), fill, line, image32);
  if (changed) {
    const color = pixelOf(changed.isLater ? CHANGE_COLORS.born : CHANGE_COLORS.vanished);
    const { runs: before, other, others } = changed;
    paintBorders(before, pixelWidth, pixelHeight, other.regionIds, others, color, image32);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A context in CSS pixels of the plot, with nothing drawn yet. */
export function emptied(canvas, { ratio, width, height }) {
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * Draw the lines over a frame; `under` is the region under the pointer, or -1, and `colors` are
 * those of the lines of the boundary, if each has its own.
 */
export function paintLines(context, view, frame, selection, under, withBoundary, colors) {
  const { pointer, crossHair } = selection;
  const column = selection.columnIn(frame);
  if (withBoundary) drawBoundary(context, view, frame, colors);
  if (column) drawNeuron(context, view, frame, column);
  const pinned = selection.regionIn(frame) ?? -1;
  if (pinned >= 0) drawPinned(context, view, frame, pinned, neighbors(frame, pinned));
  if (under >= 0) drawOutline(context, view, frame, under);
  if (crossHair && pointer) drawCrossHair(context, pointer);
}

/** A trait of float32 or uint16 numbers, which arrives as a DataView. */
function numbersOf(view, Type) {
  return new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** The samples of a model: {points, classes, anchors}. */
export function samplesOf(model) {
  return {
    points: numbersOf(model.get("points"), Float32Array),
    classes: numbersOf(model.get("point_classes"), Uint16Array),
    anchors: numbersOf(model.get("anchors"), Float32Array),
  };
}
