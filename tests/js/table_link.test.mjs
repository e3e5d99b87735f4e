import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { default: link, lookUp } = await load("table_link.js");

test("a table has an answer inside its range only", () => {
  assert.equal(lookUp([5, 7], 1), 7);
  for (const index of [-1, 2, 0.5, null, undefined]) assert.equal(lookUp([5, 7], index), undefined);
});

class Model {
  constructor(values) {
    this.values = values;
    this.handlers = new Map();
  }
  get(name) {
    return this.values[name];
  }
  set(name, value) {
    this.values[name] = value;
    this.handlers.get(`change:${name}`)?.();
  }
  on(event, handler) {
    this.handlers.set(event, handler);
  }
  off(event) {
    this.handlers.delete(event);
  }
}

function linked() {
  const models = { a: new Model({ index: 0 }), b: new Model({ x: null }) };
  const model = new Model({
    source: "IPY_MODEL_a",
    source_trait: "index",
    target: "IPY_MODEL_b",
    target_trait: "x",
    table: [[1, 1], [10, 10]],
  });
  model.widget_manager = { get_model: async (id) => models[id] };
  return { ...models, stop: link.initialize({ model }) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

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
  const { a, stop } = linked();
  await settled();
  assert.equal(a.handlers.size, 1);
  stop();
  assert.equal(a.handlers.size, 0);
});

test("clean-up before the models are found leaves no listener either", async () => {
  const { a, stop } = linked();
  stop();
  await settled();
  assert.equal(a.handlers.size, 0);
});
