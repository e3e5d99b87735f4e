// Runs of coming frames are made ahead: in a worker, or where none can be had, in idle time.

import { encodeRuns, fillIds, fillRuns, idType, makeView } from "./fill.js";
import { decodeRings, joined, offsets, unpack } from "./packing.js";

/** The program of the worker. */
export function workerSource() {
  const packing = [unpack, offsets, joined, decodeRings];
  const functions = [...packing, makeView, idType, fillIds, encodeRuns, fillRuns];
  return [
    ...functions.map(String),
    `self.onmessage = ({ data: { key, bytes, size } }) => {
      try {
        const { arrays } = unpack(new DataView(bytes));
        const runs = fillRuns(decodeRings(arrays), size);
        const { rows, ends, ids } = runs;
        self.postMessage({ key, runs }, [rows.buffer, ends.buffer, ids.buffer]);
      } catch {
        self.postMessage({ key, runs: null });
      }
    };`,
  ].join("\n");
}

/**
 * Makes runs one by one: `start(key, view, size)` with the bytes of a frame; then `done(key, runs)`
 * is called, with null in place of runs that could not be made. One at a time; `busy` says so.
 */
export class Filler {
  constructor(done) {
    this.done = done;
    this.order = null; // what is being made
    this.idle = 0;
    this.worker = startWorker();
    if (!this.worker) return;
    this.worker.onmessage = ({ data: { key, runs } }) => this.finish(key, runs);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.dismiss();
    };
  }

  get busy() {
    return this.order !== null;
  }

  start(key, view, size) {
    this.order = { key, view, size };
    if (this.worker) {
      const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
      this.worker.postMessage({ key, bytes, size }, [bytes]);
      return;
    }
    this.idle = whenIdle(() => this.finish(key, runsOrNull(view, size)));
  }

  /** Go on without the worker: a page may forbid them in a way that shows only at work. */
  dismiss() {
    this.worker.terminate();
    this.worker = null;
    if (this.order) this.start(this.order.key, this.order.view, this.order.size);
  }

  finish(key, runs) {
    this.order = null;
    this.done(key, runs);
  }

  stop() {
    this.done = () => {};
    this.worker?.terminate();
    cancelIdle(this.idle);
  }
}

/** The runs of a packed frame, or null: what is wrong with it shows when it is to be drawn. */
function runsOrNull(view, size) {
  try {
    return fillRuns(decodeRings(unpack(view).arrays), size);
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
