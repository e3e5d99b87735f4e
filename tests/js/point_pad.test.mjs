import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { describePad, isApart, isUndo, makeMap, moveCross } = await load("playground/point_pad.js");

test("pixels and coordinates are each other's inverse, and y points up", () => {
  const map = makeMap([-1, 0, 3, 2], 200, 100);
  assert.equal(map.toX(0), -1);
  assert.equal(map.toY(0), 2);
  assert.equal(map.toY(100), 0);
  assert.equal(map.fromX(map.toX(37)), 37);
  assert.equal(map.fromY(map.toY(37)), 37);
});

test("arrows move the cross and stop at the edge", () => {
  assert.deepEqual(moveCross("ArrowUp", [0.5, 0.5]), [0.5, 0.525]);
  assert.deepEqual(moveCross("ArrowLeft", [0, 0.5]), [0, 0.5]);
  assert.equal(moveCross("Enter", [0.5, 0.5]), null);
});

test("points along the way keep a distance", () => {
  assert.ok(isApart(null, [0, 0]));
  assert.ok(!isApart([0, 0], [3, 4]));
  assert.ok(isApart([0, 0], [6, 8]));
});

test("the pad says what it holds", () => {
  const text = describePad([0, 1, 1], ["in", "out"], 1, false);
  assert.equal(text, "pad with points: 1 of in, 2 of out; drawing out");
  assert.match(describePad([], [], 0, true), /erasing/);
});

test("Ctrl+Z and Cmd+Z undo", () => {
  const key = { key: "z", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  assert.ok(isUndo({ ...key, ctrlKey: true }));
  assert.ok(isUndo({ ...key, metaKey: true }));
  assert.ok(!isUndo(key));
  assert.ok(!isUndo({ ...key, ctrlKey: true, shiftKey: true }));
});
