// The three canvases of the plot, one above the other: regions, lines, samples.

import { CHANGE_COLORS, OUTLINE, pixelOf } from "./colors.js";
import { neighbors } from "../frames/frame.js";
import { drawBoundary, drawCrossHair, drawNeuron, drawOutline, drawPinned } from "./marks.js";
import { paintSpans, paintBorders, paintSurface } from "./paint.js";

/** Paint the regions of a frame. `changed` is null, or a comparison with the other frame's spans. */
export function paintRegions(canvas, layout, appearance, frame, spans, changed) {
  const { pixelWidth, pixelHeight, image, image32 } = layout;
  const parts = appearance.partsOf(frame);
  if (appearance.isSurface(frame, changed)) {
    const painter = appearance.painterOf(frame, layout);
    paintSurface(spans, pixelWidth, pixelHeight, parts, painter, OUTLINE, image32);
  } else {
    const { fill, line } = appearance.colorsIn(frame, changed);
    paintSpans(spans, pixelWidth, pixelHeight, parts, fill, line, image32);
  }
  if (changed) {
    const color = pixelOf(changed.isLater ? CHANGE_COLORS.born : CHANGE_COLORS.vanished);
    const { spans: otherSpans, other, others } = changed;
    paintBorders(otherSpans, pixelWidth, pixelHeight, other.regionIds, others, color, image32);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Clear a canvas; returns its context, in CSS pixels of the plot. */
export function clearCanvas(canvas, { ratio, width, height }) {
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * Draw the lines over a frame. `hovered` is the region under the pointer, or -1. `colors` are the
 * colors of the lines of the decision boundary, if each line has its own.
 */
export function paintLines(context, view, frame, selection, hovered, withBoundary, colors) {
  const { pointer, crossHair } = selection;
  const column = selection.drawnColumnIn(frame);
  if (withBoundary) drawBoundary(context, view, frame, colors);
  if (column) drawNeuron(context, view, frame, column);
  const pinned = selection.regionIn(frame) ?? -1;
  if (pinned >= 0) drawPinned(context, view, frame, pinned, neighbors(frame, pinned));
  if (hovered >= 0) drawOutline(context, view, frame, hovered);
  if (crossHair && pointer) drawCrossHair(context, pointer);
}

/** The numbers of a trait, which arrives as a DataView; they are float32 or uint16. */
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
