import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const js = await load("common/notebook_shortcuts.js");

test("keys of the whole page stay the page's", () => {
  assert.ok(!js.isPageShortcut({ key: "d" }));
  assert.ok(!js.isPageShortcut({ key: "Enter" }));
  assert.ok(js.isPageShortcut({ key: "Enter", shiftKey: true }));
  assert.ok(js.isPageShortcut({ key: "s", ctrlKey: true }));
  assert.ok(!js.isPageShortcut({ key: "z", ctrlKey: true })); // it would undo in the notebook
});

test("Escape leads out of a picture when it is pressed twice", () => {
  const picture = { getAttribute: () => "application" };
  const slider = { getAttribute: () => null };
  assert.ok(!js.leavesWidget(picture, null));
  assert.ok(!js.leavesWidget(picture, slider));
  assert.ok(js.leavesWidget(picture, picture));
  assert.ok(js.leavesWidget(slider, null));
});
