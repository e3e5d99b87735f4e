import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const js = { ...(await load("common/step_axis.js")), ...(await load("charts/step_cursor.js")) };
const positions = [0.5, 1, 10, 100, 1000];

test("positions on the axis", () => {
  assert.equal(js.positionAt(0, [0.5, 1000]), 0.5);
  assert.equal(js.positionAt(0.5, [1, 100]), 10);
  assert.equal(js.positionAt(1, [1, 100]), 100);
  assert.equal(js.positionAt(-0.1, [1, 100]), 1);
  assert.equal(js.positionAt(1.1, [1, 100]), 100);
});

test("the nearest checkpoint is nearest on the screen", () => {
  assert.equal(js.nearest(positions, 3), 1);
  assert.equal(js.nearest(positions, 3.3), 2);
  assert.equal(js.nearest(positions, 40), 3);
  assert.equal(js.nearest(positions, 1e9), 4);
  assert.equal(js.nearest([7], 1), 0);
});

test("what lies within an interval", () => {
  assert.deepEqual(js.within(positions, [0.6, 200]), [1, 3]);
  assert.deepEqual(js.within(positions, [1, 100]), [1, 3]);
  assert.deepEqual(js.within(positions, [12, 60]), [2, 2]);
  assert.deepEqual(js.within(positions, [20, 90]), [3, 3]);
});

test("a range from the step that is shown", () => {
  assert.deepEqual(js.rangeFrom([], 2, "start", 5), [2, 4]);
  assert.deepEqual(js.rangeFrom([], 2, "end", 5), [0, 2]);
  assert.deepEqual(js.rangeFrom([1, 3], 2, "end", 5), [1, 2]);
  assert.deepEqual(js.rangeFrom([1, 3], 4, "start", 5), [4, 4]);
  assert.deepEqual(js.rangeFrom([2, 3], 0, "end", 5), [0, 0]);
});

