// The time bar's numbers: places of steps, values at a step, captions, ranges.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

test("an axis of steps has a place for step 0", () => {
  assert.deepEqual(js.axisOf([0, 1, 50]), { first: 1, left: 0.5, right: 50 });
  assert.deepEqual(js.axisOf([7]), { first: 7, left: 7, right: 70 });
  assert.deepEqual(js.axisOf([0]), { first: 1, left: 0.5, right: 10 });
  assert.deepEqual(js.timeTicks(js.axisOf([0, 1, 50])), [0, 1, 2, 5, 10, 20, 50]);
  assert.deepEqual(js.timeTicks(js.axisOf([0, 1, 3000])), [0, 1, 10, 100, 1000]);
  assert.deepEqual([0, 100, 2000, 1e4, 1e6].map(js.shortStep), ["0", "100", "2k", "10k", "1M"]);
});

test("a place on the axis is the nearest checkpoint", () => {
  const steps = [0, 1, 10, 100];
  const scale = js.timeScale(js.axisOf(steps), steps, 40, 440);
  assert.deepEqual(steps.map((step) => scale.indexAt(scale.x(step))), [0, 1, 2, 3]);
  assert.deepEqual([scale.x(0), scale.x(100)].map(Math.round), [40, 440]);
  assert.deepEqual([-100, 0, 439, 1000].map(scale.indexAt), [0, 0, 3, 3]);
});

test("the value at a step is the last one that was logged", () => {
  const pieces = [[[0, 10], [0.5, 0.7]], [[20], [0.9]]];
  assert.deepEqual([0, 5, 10, 15, 20, 99].map((step) => js.valueAt(pieces, step)), [0.5, 0.5, 0.7, 0.7, 0.9, 0.9]);
  assert.equal(js.valueAt([[[5], [1]]], 4), null);
  assert.equal(js.valueAt([], 4), null);
});

test("the caption says what holds at a step", () => {
  const flags = [
    { index: 2, before: "not yet", after: "done" },
    { index: 4, before: "", after: "more" },
  ];
  assert.equal(js.captionAt(flags, 1), "not yet");
  assert.equal(js.captionAt(flags, 2), "done");
  assert.equal(js.captionAt(flags, 9), "done · more");
  assert.equal(js.captionAt([], 0), "");
});

test("an end of the range that plays stays on its side of the other", () => {
  assert.deepEqual(js.withEnd([], "first", 3, 10), [3, 9]);
  assert.deepEqual(js.withEnd([3, 9], "last", 5, 10), [3, 5]);
  assert.deepEqual(js.withEnd([3, 5], "first", 8, 10), [5, 5]);
  assert.deepEqual(js.withEnd([3, 5], "last", 0, 10), [3, 3]);
  assert.deepEqual(js.withEnd([3, 9], "first", 0, 10), []);
});

test("marks are in the order of their checkpoints", () => {
  const marks = js.marksOf({
    flags: [{ index: 4, name: "a" }],
    annotations: [{ index: 1, name: "b" }],
    bookmarks: [2],
  });
  assert.deepEqual(marks.map(({ index, kind }) => [index, kind]), [[1, "annotation"], [2, "bookmark"], [4, "flag"]]);
});

test("the most regions that are known", () => {
  assert.equal(js.mostRegions([null, 3, 7, null]), 7);
  assert.equal(js.mostRegions([]), 0);
});
