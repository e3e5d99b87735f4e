import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const js = await load("own_keys.js");

test("keys of the whole page stay the page's", () => {
  assert.ok(!js.isForAll({ key: "d" }));
  assert.ok(!js.isForAll({ key: "Enter" }));
  assert.ok(js.isForAll({ key: "Enter", shiftKey: true }));
  assert.ok(js.isForAll({ key: "s", ctrlKey: true }));
  assert.ok(!js.isForAll({ key: "z", ctrlKey: true })); // it would undo in the notebook
});

test("Escape leads out of a picture when it is pressed twice", () => {
  const picture = { getAttribute: () => "application" };
  const slider = { getAttribute: () => null };
  assert.ok(!js.leadsOut(picture, null));
  assert.ok(!js.leadsOut(picture, slider));
  assert.ok(js.leadsOut(picture, picture));
  assert.ok(js.leadsOut(slider, null));
});
