import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel, linkModel, settled } from "./fakes.mjs";
import { load } from "./load.mjs";

const { default: mirror } = await load("common/mirror.js");

test("a mirror tells the kernel nothing of its target", async () => {
  const source = new FakeModel({ index: 3, viewport: [], limits: [1] });
  const target = new FakeModel({ index: 0, viewport: [0], limits: [] });
  const model = linkModel({ a: source, b: target }, {
    source: "IPY_MODEL_a",
    target: "IPY_MODEL_b",
    names: ["index", "viewport", "limits"],
    back: ["index", "viewport"],
  });
  const undo = mirror.initialize({ model });
  await settled();
  assert.deepEqual(target.values, { index: 3, viewport: [], limits: [1] });
  source.set("limits", [2]);
  assert.deepEqual(target.get("limits"), [2]);
  assert.equal(target.unsaved.size, 0);
  assert.equal(source.saved, 0);
  target.set("viewport", [1, 2]);
  assert.deepEqual(source.get("viewport"), [1, 2]);
  assert.equal(source.saved, 1);
  target.set("limits", [5]);
  assert.deepEqual(source.get("limits"), [2]);
  undo();
  source.set("index", 7);
  target.set("viewport", []);
  assert.equal(target.get("index"), 3);
  assert.deepEqual(source.get("viewport"), [1, 2]);
});

test("a mirror that is closed before its ends are found does nothing", async () => {
  const [source, target] = [new FakeModel({ index: 1 }), new FakeModel({ index: 0 })];
  const model = linkModel({ a: source, b: target }, {
    source: "IPY_MODEL_a", target: "IPY_MODEL_b", names: ["index"], back: [],
  });
  mirror.initialize({ model })();
  await settled();
  assert.equal(target.get("index"), 0);
});
