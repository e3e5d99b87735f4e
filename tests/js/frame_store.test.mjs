// Which frames and spans are cached, without a browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

const packed = (path) => {
  const bytes = readFileSync(path);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};
const size = { bounds: [-1, -1, 1, 1], viewport: [-1, -1, 1, 1], width: 8, height: 8 };

/** A store of frames in a model that is an object of traits, and the jobs of its worker. */
function framesOf(traits) {
  const model = { get: (name) => traits[name] };
  const frames = new js.FrameStore(model, model);
  const jobs = [];
  frames.rasterWorker = { busy: false, start: (...job) => jobs.push(job), stop() {} };
  frames.resize(size);
  return { frames, jobs };
}

test("a picture that was made of a frame now gone is not kept", () => {
  const traits = { index: 0, count: 2, frame_0: new DataView(new ArrayBuffer(0)) };
  traits.frame_1 = packed(process.env.FRAME);
  const { frames, jobs } = framesOf(traits);
  frames.rasterizeAhead();
  const [key, view] = jobs[0];
  assert.equal(view, traits.frame_1);
  traits.frame_1 = packed(process.env.LATER_FRAME);
  frames.forget(1);
  frames.onRasterized(key, { byteLength: 8 });
  assert.ok(!frames.isRasterized(1));
  assert.equal(jobs.length, 2);
  frames.onRasterized(jobs[1][0], { byteLength: 8 });
  assert.ok(frames.isRasterized(1));
});

test("a frame that was received can be let go of", () => {
  const { frames } = framesOf({ index: 0, count: 2 });
  frames.receive(1, packed(process.env.FRAME));
  assert.ok(frames.frameAt(1));
  frames.drop(1);
  assert.equal(frames.frameAt(1), null);
});
