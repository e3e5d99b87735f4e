import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { focusAfterKey, toggleChoice } = await load("slice_picker/sample_gallery.js");

test("a click chooses, or puts back", () => {
  assert.deepEqual(toggleChoice([], 4), [4]);
  assert.deepEqual(toggleChoice([4], 7), [4, 7]);
  assert.deepEqual(toggleChoice([4, 7, 2], 7), [4, 2]);
});

test("a fourth sample takes the place of the third", () => {
  assert.deepEqual(toggleChoice([4, 7, 2], 9), [4, 7, 9]);
});

test("keys move the focus and stop at the ends", () => {
  assert.equal(focusAfterKey("ArrowRight", 0, 3), 1);
  assert.equal(focusAfterKey("ArrowRight", 2, 3), 2);
  assert.equal(focusAfterKey("ArrowLeft", 0, 3), 0);
  assert.equal(focusAfterKey("Home", 2, 3), 0);
  assert.equal(focusAfterKey("End", 0, 3), 2);
  assert.equal(focusAfterKey("Enter", 0, 3), null);
});
