// Rasterizing ahead, with workers that fail and pages that have none.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

const bytes = readFileSync(process.env.FRAME);
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const damaged = new DataView(new ArrayBuffer(16));
const size = { bounds: [-1, -1, 1, 1], viewport: [-1, -1, 1, 1], width: 8, height: 8 };
const idle = [];
globalThis.window = { requestIdleCallback: (task) => idle.push(task) };
afterEach(() => {
  delete globalThis.Worker;
  idle.length = 0;
});

/** A worker that does what the test makes it do. */
class FakeWorker {
  constructor() {
    FakeWorker.last = this;
    this.sent = [];
  }
  postMessage(message) {
    this.sent.push(message);
  }
  terminate() {
    this.ended = true;
  }
}

test("after an error of the worker the picture is rasterized in idle time, and the next ones too", () => {
  globalThis.Worker = FakeWorker;
  const done = [];
  const rasterWorker = new js.RasterWorker((key, spans) => done.push([key, spans?.rows.length]));
  rasterWorker.start("first", view, size);
  assert.ok(rasterWorker.busy);
  FakeWorker.last.onerror({ preventDefault() {} });
  assert.ok(FakeWorker.last.ended);
  idle.shift()();
  assert.deepEqual(done, [["first", 9]]);
  assert.ok(!rasterWorker.busy);
  rasterWorker.start("second", view, size);
  idle.shift()();
  assert.equal(done.length, 2);
});

test("a worker that fails at rest is replaced as well", () => {
  globalThis.Worker = FakeWorker;
  const rasterWorker = new js.RasterWorker(() => {});
  FakeWorker.last.onerror({ preventDefault() {} });
  assert.ok(!rasterWorker.busy);
  assert.equal(idle.length, 0);
});

test("a frame that cannot be rasterized does not keep the worker busy", () => {
  const done = [];
  const rasterWorker = new js.RasterWorker((key, spans) => done.push([key, spans]));
  rasterWorker.start("damaged", damaged, size);
  idle.shift()();
  assert.deepEqual(done, [["damaged", null]]);
  assert.ok(!rasterWorker.busy);
});

test("the worker says which frame it cannot rasterize", () => {
  const said = [];
  const self = { postMessage: (message) => said.push(message) };
  new Function("self", js.workerSource())(self);
  self.onmessage({ data: { key: "damaged", bytes: damaged.buffer, size } });
  assert.deepEqual(said, [{ key: "damaged", spans: null }]);
  const copy = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  self.onmessage({ data: { key: "whole", bytes: copy, size } });
  assert.equal(said[1].spans.rows.length, 9);
});

test("a damaged frame is left out, the others are rasterized", () => {
  const traits = { index: 0, count: 3, frame_1: damaged, frame_2: view };
  const model = { get: (name) => traits[name] };
  const frames = new js.FrameStore(model, model);
  frames.resize(size);
  frames.rasterizeAhead();
  idle.shift()();
  idle.shift()();
  assert.ok(frames.isRasterized(2));
  assert.ok(!frames.isRasterized(1));
  assert.equal(idle.length, 0);
  // In another size it may succeed.
  frames.resize({ ...size });
  frames.rasterizeAhead();
  assert.equal(idle.length, 1);
});

test("what is closed keeps nothing and takes nothing more", () => {
  const traits = { index: 0, count: 2, frame_0: view, frame_1: view };
  const model = { get: (name) => traits[name] };
  const frames = new js.FrameStore(model, model);
  frames.resize(size);
  frames.spansAt(0);
  frames.receive(1, view);
  frames.frameAt(1);
  frames.rasterizeAhead();
  frames.close();
  idle.shift()();
  assert.deepEqual([frames.spans.bytes, frames.received.bytes, frames.decoded.size], [0, 0, 0]);
  assert.equal(idle.length, 0);
});
