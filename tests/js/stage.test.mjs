// The part of the slice that is seen, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel } from "./fakes.mjs";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("regions");

/** A stage that has its size, and how often it was told to show something else. */
function stageOf(traits = {}) {
  const model = new FakeModel({ bounds: [-1, -1, 1, 1], viewport: [], height: 0, ...traits });
  const seen = [];
  const stage = new js.Stage(model, {}, () => seen.push(stage.viewport));
  stage.layout = { width: 200, height: 200 };
  stage.look(stage.viewport ?? stage.bounds);
  return { model, stage, seen };
}

test("a zoom of which the kernel does not know yet is undone, and told", () => {
  const { model, stage } = stageOf();
  stage.zoomAt(2, { x: 100, y: 100 });
  assert.deepEqual(model.get("viewport"), [-0.5, -0.5, 0.5, 0.5]);
  stage.everything();
  assert.deepEqual(model.get("viewport"), []);
  assert.deepEqual(stage.viewport, [-1, -1, 1, 1]);
  assert.equal(model.unsaved.size, 0);
});

test("what the last slice was zoomed to does not stay in the model", () => {
  const { model, stage } = stageOf();
  stage.zoomAt(2, { x: 100, y: 100 });
  model.set("bounds", [0, 0, 8, 8]);
  stage.reset();
  stage.layout = { width: 200, height: 200 };
  stage.look(stage.bounds);
  stage.everything();
  assert.deepEqual(model.get("viewport"), []);
  assert.deepEqual(stage.viewport, [0, 0, 8, 8]);
});

test("without a size nothing is enlarged, and nothing fails", () => {
  const { model, stage, seen } = stageOf({ viewport: [0, 0, 1, 1] });
  stage.layout = null;
  const before = seen.length;
  stage.zoomAt(2, { x: 0, y: 0 });
  stage.moveBy(5, 5);
  stage.lookAt([0, 0, 0.5, 0.5]);
  assert.deepEqual(stage.viewport, [0, 0, 1, 1]);
  stage.everything();
  assert.equal(seen.length, before);
  assert.deepEqual(model.get("viewport"), []);
});

test("moving follows the mouse", () => {
  const { stage } = stageOf({ viewport: [-0.5, -0.5, 0.5, 0.5] });
  stage.moveBy(20, -40);
  const wanted = [-0.6, -0.7, 0.4, 0.3];
  stage.viewport.forEach((value, k) => assert.ok(Math.abs(value - wanted[k]) < 1e-9));
});
