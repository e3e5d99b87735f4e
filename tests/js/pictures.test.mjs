// Which frames and pictures are kept, without a browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("regions");

const packed = (path) => {
  const bytes = readFileSync(path);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};
const size = { bounds: [-1, -1, 1, 1], viewport: [-1, -1, 1, 1], width: 8, height: 8 };

/** Pictures of frames in a model that is an object of traits, and what their filler was told. */
function picturesOf(traits) {
  const model = { get: (name) => traits[name] };
  const pictures = new js.Pictures(model, model);
  const told = [];
  pictures.filler = { busy: false, start: (...order) => told.push(order), stop() {} };
  pictures.resize(size);
  return { pictures, told };
}

test("a picture that was made of a frame now gone is not kept", () => {
  const traits = { index: 0, count: 2, frame_0: new DataView(new ArrayBuffer(0)) };
  traits.frame_1 = packed(process.env.FRAME);
  const { pictures, told } = picturesOf(traits);
  pictures.fillAhead();
  const [key, view] = told[0];
  assert.equal(view, traits.frame_1);
  traits.frame_1 = packed(process.env.LATER_FRAME);
  pictures.forget(1);
  pictures.filled(key, { byteLength: 8 });
  assert.ok(!pictures.isFilled(1));
  assert.equal(told.length, 2);
  pictures.filled(told[1][0], { byteLength: 8 });
  assert.ok(pictures.isFilled(1));
});

test("a frame that was received can be let go of", () => {
  const { pictures } = picturesOf({ index: 0, count: 2 });
  pictures.receive(1, packed(process.env.FRAME));
  assert.ok(pictures.frameAt(1));
  pictures.drop(1);
  assert.equal(pictures.frameAt(1), null);
});
