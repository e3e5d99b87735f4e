import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel, linkModel, settled } from "./fakes.mjs";
import { load } from "./load.mjs";

const { default: link, lookUp } = await load("common/table_link.js");

test("a table has an answer inside its range only", () => {
  assert.equal(lookUp([5, 7], 1), 7);
  for (const index of [-1, 2, 0.5, null, undefined]) assert.equal(lookUp([5, 7], index), undefined);
});

function linked(traits = {}) {
  const models = { a: new FakeModel({ index: 0 }), b: new FakeModel({ x: null }) };
  const model = linkModel(models, {
    source: "IPY_MODEL_a",
    source_trait: "index",
    target: "IPY_MODEL_b",
    target_trait: "x",
    table: [[1, 1], [10, 10]],
    back: [],
    ...traits,
  });
  return { ...models, stop: link.initialize({ model }) };
}

test("the target follows the source from the start", async () => {
  const { a, b } = linked();
  await settled();
  assert.deepEqual(b.get("x"), [1, 1]);
  a.set("index", 1);
  assert.deepEqual(b.get("x"), [10, 10]);
  a.set("index", 2);
  assert.deepEqual(b.get("x"), [10, 10]);
});

test("clean-up leaves no listener", async () => {
  const { a, b, stop } = linked();
  await settled();
  assert.equal(a.listeners, 1);
  stop();
  assert.equal(a.listeners + b.listeners, 0);
});

test("clean-up before the models are found leaves no listener either", async () => {
  const { a, stop } = linked();
  stop();
  await settled();
  assert.equal(a.listeners, 0);
});

test("a way back is taken only when the target leaves its entry", async () => {
  const { a, b, stop } = linked({ table: [0, 0, 1, 1], back: [0, 2] });
  await settled();
  for (const index of [1, 3]) {
    a.set("index", index);
    assert.equal(a.get("index"), index);
  }
  assert.equal(a.saved, 0);
  b.set("x", 0);
  assert.equal(a.get("index"), 0);
  assert.equal(a.saved, 1);
  b.set("x", 1);
  assert.equal(a.get("index"), 2);
  stop();
  b.set("x", 0);
  assert.equal(a.get("index"), 2);
});
