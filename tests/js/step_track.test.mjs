import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const js = await load("common/step_track.js");

test("spans of what holds", () => {
  const odd = (k) => k % 2 === 1;
  assert.deepEqual(js.rangesOf(4, odd), [[1, 1], [3, 3]]);
  assert.deepEqual(js.rangesOf(6, (k) => k !== 2), [[0, 1], [3, 5]]);
  assert.deepEqual(js.rangesOf(3, () => false), []);
  assert.deepEqual(js.rangesOf(0, () => true), []);
});

test("a span lies where the slider has its steps", () => {
  assert.deepEqual(js.placeOf([0, 4], 5), [0, 100]);
  assert.deepEqual(js.placeOf([1, 1], 5), [12.5, 25]);
  assert.deepEqual(js.placeOf([4, 4], 5), [87.5, 12.5]);
  assert.deepEqual(js.placeOf([0, 0], 1), [0, 50]);
});

test("what plays, in words", () => {
  const steps = [0, 1, 10, 100, 1000];
  assert.equal(js.rangeText([], steps), "");
  assert.equal(js.rangeText([1, 4], steps), "steps 1 to 1,000 play");
  assert.equal(js.rangeText([0, 0], steps), "only step 0 plays");
});
