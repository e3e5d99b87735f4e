// The decision as the color of each pixel.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");
const COLORS = ["#0072b2", "#e69f00", "#009e73"];

/** A frame whose region fills the square from 0 to 1, and whose piece its right half. */
function frameOf({ outputs, planes, pieceClasses = [1] }) {
  return {
    signed: outputs <= 2,
    outputs,
    count: 1,
    planes: Float32Array.from(planes),
    regionIds: Uint32Array.from([0, 1, 1]),
    pieceClasses,
    values: { class: Uint8Array.from([0]) },
  };
}

test("shades go from pale to the color of a class", () => {
  const shades = js.classShades("#0072b2");
  assert.deepEqual([shades.length, shades[0], shades[255]], [256, js.PALE, "#0072b2"]);
  const both = js.surfaceShades(COLORS, true);
  assert.deepEqual([both.length, both[0], both[255], both[510]], [511, "#0072b2", js.PALE, "#e69f00"]);
  assert.equal(js.surfaceShades(COLORS, false).length, 768);
});

test("the value at a place is that of its region, or of its piece", () => {
  const signed = frameOf({ outputs: 2, planes: [1, 2, 3] });
  assert.equal(js.surfaceAt(signed, 1, 0.5, 1), 5);
  assert.equal(js.surfaceAt(signed, 2, 0.5, 1), 5);
  const margin = frameOf({ outputs: 3, planes: [1, 2, 3, 0, 0, 7] });
  assert.deepEqual([1, 2].map((id) => js.surfaceAt(margin, id, 0, 1)), [4, 7]);
  assert.ok(Number.isNaN(js.surfaceAt(signed, 0, 0, 0)));
  assert.ok(Number.isNaN(js.surfaceAt({ ...signed, planes: new Float32Array(0) }, 1, 0, 0)));
});

test("each pixel has the shade of the value at its middle", () => {
  const [width, height] = [8, 4];
  const view = js.makeView([0, 0, 1, 1], [0, 0, 1, 1], width, height);
  const frame = frameOf({ outputs: 2, planes: [-1, 2, 0.5] });
  const painter = js.surfacePainter(frame, view, 2, COLORS);
  const ids = new Uint16Array(width * height).fill(1);
  const spans = js.encodeSpans(ids, width, height);
  const out = js.paintSurface(spans, width, height, null, painter, 0, new Uint32Array(width * height));
  const shades = js.surfaceShades(COLORS, true).map(js.pixelOf);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [(column + 0.5) / width, 1 - (row + 0.5) / height];
      const place = Math.round(255 + (255 * (-1 + 2 * x + 0.5 * y)) / 2);
      assert.equal(out[row * width + column], shades[place]);
    }
  }
});

test("a value beyond the scale has the full color of its class", () => {
  const view = js.makeView([0, 0, 1, 1], [0, 0, 1, 1], 4, 1);
  const frame = frameOf({ outputs: 3, planes: [99, 0, 0, 99, 0, 0], pieceClasses: [2] });
  const painter = js.surfacePainter(frame, view, 1, COLORS);
  const spans = js.encodeSpans(Uint16Array.from([0, 1, 1, 2]), 4, 1);
  const parts = Uint8Array.from([0, 1, 1]); // the piece is no part of its own
  const out = js.paintSurface(spans, 4, 1, parts, painter, 7, new Uint32Array(4));
  // A line stands left of where the part changes: here around the slice.
  assert.deepEqual([...out], [7, js.pixelOf(COLORS[0]), js.pixelOf(COLORS[0]), js.pixelOf(COLORS[2])]);
});

test("a plane beyond what a frame can hold is gray, with or without a sign", () => {
  const view = js.makeView([0, 0, 1, 1], [0, 0, 1, 1], 4, 1);
  for (const outputs of [2, 3]) {
    for (const planes of [[NaN, 0, 0], [1e39, -1e39, 0], [1, 0, -1e39]]) {
      const painter = js.surfacePainter(frameOf({ outputs, planes, pieceClasses: [] }), view, 1, COLORS);
      const spans = js.encodeSpans(Uint16Array.from([1, 1, 1, 1]), 4, 1);
      const out = js.paintSurface(spans, 4, 1, null, painter, 7, new Uint32Array(4));
      assert.deepEqual([...out], new Array(4).fill(js.NO_VALUE));
    }
  }
});
