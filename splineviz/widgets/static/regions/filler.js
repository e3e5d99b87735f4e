// Runs of coming frames are made ahead: in a worker, or where none can be had, in idle time.

import { encodeRuns, fillIds, fillRuns, idType, makeView } from "./fill.js";
import { decodeRings, offsets, unpack } from "./packing.js";

/** The program of the worker. */
export function workerSource() {
  const functions = [unpack, offsets, decodeRings, makeView, idType, fillIds, encodeRuns, fillRuns];
  return [
    ...functions.map(String),
    `self.onmessage = ({ data: { key, bytes, size } }) => {
      const { arrays } = unpack(new DataView(bytes));
      const runs = fillRuns(decodeRings(arrays), size);
      const { rows, ends, ids } = runs;
      self.postMessage({ key, runs }, [rows.buffer, ends.buffer, ids.buffer]);
    };`,
  ].join("\n");
}

/**
 * Makes runs one by one: `start(key, view, size)` with the bytes of a frame; then `done(key, runs)`
 * is called. One at a time; `busy` says so.
 */
export class Filler {
  constructor(done) {
    this.done = done;
    this.busy = false;
    this.idle = 0;
    this.worker = startWorker();
    if (!this.worker) return;
    this.worker.onmessage = ({ data: { key, runs } }) => this.finish(key, runs);
    this.worker.onerror = (event) => {
      // A page may forbid workers in a way that shows only now.
      event.preventDefault();
      this.worker.terminate();
      this.worker = null;
      this.busy = false;
    };
  }

  start(key, view, size) {
    this.busy = true;
    if (this.worker) {
      const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
      this.worker.postMessage({ key, bytes, size }, [bytes]);
      return;
    }
    this.idle = whenIdle(() => {
      const { arrays } = unpack(view);
      this.finish(key, fillRuns(decodeRings(arrays), size));
    });
  }

  finish(key, runs) {
    this.busy = false;
    this.done(key, runs);
  }

  stop() {
    this.done = () => {};
    this.worker?.terminate();
    cancelIdle(this.idle);
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
