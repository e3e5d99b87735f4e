// The frames of a canvas and their pictures: cached, rasterized ahead, requested from the kernel.

import { prefetchOrder } from "../playback/playback_order.js";
import { ByteCache } from "./byte_cache.js";
import { decodeFrame } from "./frame.js";
import { RasterWorker } from "./raster_worker.js";
import { rasterize } from "./rasterize.js";

const SPAN_BYTES = 32 * 2 ** 20;
const FRAME_BYTES = 64 * 2 ** 20; // of frames that are not in traits of the model
const DECODED_FRAMES = 16;
const FRAMES_REQUESTED = 4; // ahead of the one shown

/** The model that has the frames: the widget's own, or the one of the canvas it is linked to. */
export async function sourceModelOf(model) {
  const source = model.get("source");
  if (!source) return model;
  return model.widget_manager.get_model(source.replace("IPY_MODEL_", ""));
}

/** Frames by the number of their checkpoint, and their pictures as spans, in one size. */
export class FrameStore {
  constructor(model, source) {
    this.model = model;
    this.source = source;
    this.received = new ByteCache(FRAME_BYTES);
    this.decoded = new Map();
    this.spans = new ByteCache(SPAN_BYTES);
    this.size = null;
    this.direction = 1;
    this.inProgress = null; // the bytes of the frame in the worker
    this.failed = new WeakSet(); // bytes of frames that the worker could not rasterize
    this.rasterWorker = new RasterWorker((key, spans) => this.onRasterized(key, spans));
  }

  /** The packed bytes of a frame, or undefined if it has not arrived. */
  bytesAt(index) {
    const exists = index >= 0 && index < this.model.get("count");
    const inModel = exists ? this.source.get(`frame_${index}`) : null;
    return inModel?.byteLength ? inModel : this.received.get(index);
  }

  /** Whether a frame has arrived. */
  has(index) {
    return Boolean(this.source.get(`frame_${index}`)?.byteLength) || this.received.has(index);
  }

  frameAt(index) {
    let frame = this.decoded.get(index);
    if (!frame) {
      const bytes = this.bytesAt(index);
      if (!bytes) return null;
      frame = decodeFrame(bytes);
    }
    // Move it to the end: the least recently used frame is dropped first.
    this.decoded.delete(index);
    this.decoded.set(index, frame);
    if (this.decoded.size > DECODED_FRAMES) this.decoded.delete(this.decoded.keys().next().value);
    return frame;
  }

  /** Whether the spans of a frame are cached. */
  isRasterized(index) {
    return this.spans.has(index);
  }

  spansAt(index) {
    let spans = this.spans.get(index);
    if (!spans) {
      spans = rasterize(this.frameAt(index), this.size);
      this.spans.set(index, spans);
    }
    return spans;
  }

  /** Change the picture's size or viewport: {bounds, viewport, width, height}. */
  resize(size) {
    this.size = size;
    this.spans.clear();
    this.failed = new WeakSet();
  }

  /** Drop what was computed from a frame: it has changed. */
  forget(index) {
    this.decoded.delete(index);
    this.spans.delete(index);
  }

  /** Keep a frame that arrived in a message, not in a trait of the model. */
  receive(index, buffer) {
    this.received.set(index, buffer instanceof DataView ? buffer : new DataView(buffer));
    this.forget(index);
  }

  /** Drop a received frame: it shows another slice. */
  drop(index) {
    this.received.delete(index);
    this.forget(index);
  }

  /** Ask the kernel for a frame and the next ones, as far as they are not here. */
  request(index = this.model.get("index")) {
    const ahead = prefetchOrder(index, this.model.get("count"), this.direction).slice(0, FRAMES_REQUESTED);
    const messages = this.model.get("messages");
    const missing = [index, ...ahead].filter((k) => !this.bytesAt(k) && !messages[k]);
    if (missing.length) this.source.send?.({ want: missing });
  }

  /** The frames to rasterize ahead: as many as fit into the cache. */
  ahead() {
    const typical = this.spans.entries.size ? this.spans.bytes / this.spans.entries.size : 1;
    const room = Math.max(1, Math.floor(SPAN_BYTES / typical) - 1);
    const [index, count] = [this.model.get("index"), this.model.get("count")];
    return prefetchOrder(index, count, this.direction).slice(0, room);
  }

  /** Start to rasterize the next frame that is not cached. */
  rasterizeAhead() {
    if (!this.size || this.rasterWorker.busy) return;
    const next = this.ahead().find((index) => {
      const bytes = this.spans.has(index) ? null : this.bytesAt(index);
      return bytes && !this.failed.has(bytes);
    });
    if (next === undefined) return;
    this.inProgress = this.bytesAt(next);
    this.rasterWorker.start({ size: this.size, index: next }, this.inProgress, this.size);
  }

  onRasterized({ size, index }, spans) {
    // Discard a picture in an old size, or of a frame that has been replaced.
    const isSize = ["width", "height"].every((side) => size[side] === this.size[side]);
    const isViewport = size.viewport.every((value, k) => value === this.size.viewport[k]);
    if (!spans) this.failed.add(this.inProgress);
    else if (isSize && isViewport && this.bytesAt(index) === this.inProgress) {
      const keep = new Set([this.model.get("index"), ...this.ahead()]);
      for (const other of [...this.spans.entries.keys()]) {
        if (this.spans.hasRoom(spans.byteLength)) break;
        if (!keep.has(other)) this.spans.delete(other);
      }
      if (!this.spans.hasRoom(spans.byteLength)) return;
      this.spans.set(index, spans);
    }
    this.rasterizeAhead();
  }

  close() {
    this.rasterWorker.stop();
    this.spans.clear();
    this.received.clear();
    this.decoded.clear();
  }
}
