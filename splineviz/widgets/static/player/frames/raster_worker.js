// Rasterizes coming frames ahead of time: in a worker, or in idle time if there is none.

import { concatenate, decodeRings, offsets, unpack } from "./packing.js";
import { encodeSpans, fillIds, idType, makeView, rasterize } from "./rasterize.js";

/** The source text of the worker. */
export function workerSource() {
  const packing = [unpack, offsets, concatenate, decodeRings];
  const functions = [...packing, makeView, idType, fillIds, encodeSpans, rasterize];
  return [
    ...functions.map(String),
    `self.onmessage = ({ data: { key, bytes, size } }) => {
      try {
        const { arrays } = unpack(new DataView(bytes));
        const spans = rasterize(decodeRings(arrays), size);
        const { rows, ends, ids } = spans;
        self.postMessage({ key, spans }, [rows.buffer, ends.buffer, ids.buffer]);
      } catch {
        self.postMessage({ key, spans: null });
      }
    };`,
  ].join("\n");
}

/**
 * Rasterizes one frame at a time: after `start(key, view, size)`, with the bytes of a frame, it
 * calls `onDone(key, spans)`. The spans are null for a damaged frame. `busy` is true in between.
 */
export class RasterWorker {
  constructor(onDone) {
    this.onDone = onDone;
    this.job = null; // {key, view, size} of the frame in work
    this.idle = 0;
    this.worker = startWorker();
    if (!this.worker) return;
    this.worker.onmessage = ({ data: { key, spans } }) => this.finish(key, spans);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.dropWorker();
    };
  }

  get busy() {
    return this.job !== null;
  }

  start(key, view, size) {
    this.job = { key, view, size };
    if (this.worker) {
      const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
      this.worker.postMessage({ key, bytes, size }, [bytes]);
      return;
    }
    this.idle = whenIdle(() => this.finish(key, spansOrNull(view, size)));
  }

  /** Continue without the worker: some pages forbid workers only once they start. */
  dropWorker() {
    this.worker.terminate();
    this.worker = null;
    if (this.job) this.start(this.job.key, this.job.view, this.job.size);
  }

  finish(key, spans) {
    this.job = null;
    this.onDone(key, spans);
  }

  stop() {
    this.onDone = () => {};
    this.worker?.terminate();
    cancelIdle(this.idle);
  }
}

/** The spans of a packed frame, or null for a damaged one: drawing it shows the error. */
function spansOrNull(view, size) {
  try {
    return rasterize(decodeRings(unpack(view).arrays), size);
  } catch {
    return null;
  }
}

function startWorker() {
  try {
    const url = URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    return worker;
  } catch {
    return null;
  }
}

function whenIdle(task) {
  const later = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 30));
  return later(task, { timeout: 500 });
}

function cancelIdle(handle) {
  if (window.cancelIdleCallback) cancelIdleCallback(handle);
  else clearTimeout(handle);
}
