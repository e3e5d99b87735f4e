// The frames of a canvas, and their pictures as runs: kept, made ahead, asked for.

import { ByteCache } from "./cache.js";
import { fillRuns } from "./fill.js";
import { Filler } from "./filler.js";
import { decodeFrame } from "./frame.js";
import { upcoming } from "./keys.js";

const RUN_BYTES = 32 * 2 ** 20;
const FRAME_BYTES = 64 * 2 ** 20; // frames that are not kept in the model
const DECODED_FRAMES = 16;
const FRAMES_ASKED = 4; // ahead of the one that is shown

/** The model that holds the frames: the widget's own, unless it borrows them from another. */
export async function storeOf(model) {
  const source = model.get("source");
  if (!source) return model;
  return model.widget_manager.get_model(source.replace("IPY_MODEL_", ""));
}

/** Frames by the number of their checkpoint, from a model, and their pictures in one size. */
export class Pictures {
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.received = new ByteCache(FRAME_BYTES);
    this.decoded = new Map();
    this.runs = new ByteCache(RUN_BYTES);
    this.size = null;
    this.direction = 1;
    this.filling = null; // the bytes of the frame whose picture is being made ahead
    this.unfillable = new WeakSet(); // bytes whose picture could not be made ahead
    this.filler = new Filler((key, runs) => this.filled(key, runs));
  }

  /** The packed bytes of a frame, or undefined while they are not here. */
  bytesAt(index) {
    const there = index >= 0 && index < this.model.get("count");
    const kept = there ? this.store.get(`frame_${index}`) : null;
    return kept?.byteLength ? kept : this.received.get(index);
  }

  /** Whether a frame is there. */
  has(index) {
    return Boolean(this.store.get(`frame_${index}`)?.byteLength) || this.received.has(index);
  }

  frameAt(index) {
    let frame = this.decoded.get(index);
    if (!frame) {
      const bytes = this.bytesAt(index);
      if (!bytes) return null;
      frame = decodeFrame(bytes);
    }
    // The one used last is the last to be forgotten.
    this.decoded.delete(index);
    this.decoded.set(index, frame);
    if (this.decoded.size > DECODED_FRAMES) this.decoded.delete(this.decoded.keys().next().value);
    return frame;
  }

  /** Whether the picture of a frame is there already. */
  isFilled(index) {
    return this.runs.has(index);
  }

  runsAt(index) {
    let runs = this.runs.get(index);
    if (!runs) {
      runs = fillRuns(this.frameAt(index), this.size);
      this.runs.set(index, runs);
    }
    return runs;
  }

  /** Show another part of the slice, or in another size: {bounds, viewport, width, height}. */
  resize(size) {
    this.size = size;
    this.runs.clear();
    this.unfillable = new WeakSet();
  }

  /** A frame has changed. */
  forget(index) {
    this.decoded.delete(index);
    this.runs.delete(index);
  }

  /** A frame has come that the model does not keep. */
  receive(index, buffer) {
    this.received.set(index, buffer instanceof DataView ? buffer : new DataView(buffer));
    this.forget(index);
  }

  /** A frame that has come is one of another slice. */
  drop(index) {
    this.received.delete(index);
    this.forget(index);
  }

  /** Frames that are not kept come when the kernel is asked for them. */
  ask(index = this.model.get("index")) {
    const ahead = upcoming(index, this.model.get("count"), this.direction).slice(0, FRAMES_ASKED);
    const messages = this.model.get("messages");
    const wanted = [index, ...ahead].filter((k) => !this.bytesAt(k) && !messages[k]);
    if (wanted.length) this.store.send?.({ want: wanted });
  }

  /** The frames whose pictures are worth having beside the one that is shown. */
  ahead() {
    const typical = this.runs.entries.size ? this.runs.bytes / this.runs.entries.size : 1;
    const room = Math.max(1, Math.floor(RUN_BYTES / typical) - 1);
    const [index, count] = [this.model.get("index"), this.model.get("count")];
    return upcoming(index, count, this.direction).slice(0, room);
  }

  fillAhead() {
    if (!this.size || this.filler.busy) return;
    const next = this.ahead().find((index) => {
      const bytes = this.runs.has(index) ? null : this.bytesAt(index);
      return bytes && !this.unfillable.has(bytes);
    });
    if (next === undefined) return;
    this.filling = this.bytesAt(next);
    this.filler.start({ size: this.size, index: next }, this.filling, this.size);
  }

  filled({ size, index }, runs) {
    // What was made for another size, or of a frame that is gone, is of no use.
    const current = ["width", "height"].every((side) => size[side] === this.size[side]);
    const seen = size.viewport.every((value, k) => value === this.size.viewport[k]);
    if (!runs) this.unfillable.add(this.filling);
    else if (current && seen && this.bytesAt(index) === this.filling) {
      const keep = new Set([this.model.get("index"), ...this.ahead()]);
      for (const other of [...this.runs.entries.keys()]) {
        if (this.runs.hasRoom(runs.byteLength)) break;
        if (!keep.has(other)) this.runs.delete(other);
      }
      if (!this.runs.hasRoom(runs.byteLength)) return;
      this.runs.set(index, runs);
    }
    this.fillAhead();
  }

  close() {
    this.filler.stop();
    this.runs.clear();
    this.received.clear();
    this.decoded.clear();
  }
}
