// The viewport: the part of the slice that is shown, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel } from "./fakes.mjs";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

/** A plot area with a size, and the viewports it has shown. */
function plotAreaOf(traits = {}) {
  const model = new FakeModel({ bounds: [-1, -1, 1, 1], viewport: [], height: 0, ...traits });
  const viewports = [];
  const plotArea = new js.PlotArea(model, {}, () => viewports.push(plotArea.viewport));
  plotArea.layout = { width: 200, height: 200 };
  plotArea.setViewport(plotArea.viewport ?? plotArea.bounds);
  return { model, plotArea, viewports };
}

test("a zoom of which the kernel does not know yet is undone, and told", () => {
  const { model, plotArea } = plotAreaOf();
  plotArea.zoomAt(2, { x: 100, y: 100 });
  assert.deepEqual(model.get("viewport"), [-0.5, -0.5, 0.5, 0.5]);
  plotArea.showAll();
  assert.deepEqual(model.get("viewport"), []);
  assert.deepEqual(plotArea.viewport, [-1, -1, 1, 1]);
  assert.equal(model.unsaved.size, 0);
});

test("what the last slice was zoomed to does not stay in the model", () => {
  const { model, plotArea } = plotAreaOf();
  plotArea.zoomAt(2, { x: 100, y: 100 });
  model.set("bounds", [0, 0, 8, 8]);
  plotArea.reset();
  plotArea.layout = { width: 200, height: 200 };
  plotArea.setViewport(plotArea.bounds);
  plotArea.showAll();
  assert.deepEqual(model.get("viewport"), []);
  assert.deepEqual(plotArea.viewport, [0, 0, 8, 8]);
});

test("without a size nothing is enlarged, and nothing fails", () => {
  const { model, plotArea, viewports } = plotAreaOf({ viewport: [0, 0, 1, 1] });
  plotArea.layout = null;
  const before = viewports.length;
  plotArea.zoomAt(2, { x: 0, y: 0 });
  plotArea.moveBy(5, 5);
  plotArea.showViewport([0, 0, 0.5, 0.5]);
  assert.deepEqual(plotArea.viewport, [0, 0, 1, 1]);
  plotArea.showAll();
  assert.equal(viewports.length, before);
  assert.deepEqual(model.get("viewport"), []);
});

test("moving follows the mouse", () => {
  const { plotArea } = plotAreaOf({ viewport: [-0.5, -0.5, 0.5, 0.5] });
  plotArea.moveBy(20, -40);
  const wanted = [-0.6, -0.7, 0.4, 0.3];
  plotArea.viewport.forEach((value, k) => assert.ok(Math.abs(value - wanted[k]) < 1e-9));
});
