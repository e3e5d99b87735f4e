// From packed frames to pixels.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

// ---------------------------------------------------------------- packed frames

const block = readFileSync(process.env.PACKED_BLOCK);

function viewAt(shift) {
  const moved = new Uint8Array(block.length + shift);
  moved.set(block, shift);
  return new DataView(moved.buffer, shift, block.length);
}

for (const shift of [0, 1, 2, 4]) {
  test(`a block that Python packed, ${shift} bytes into its message`, () => {
    const { arrays, meta } = js.unpack(viewAt(shift));
    assert.deepEqual(meta, { step: 12, name: "é" });
    assert.deepEqual(arrays.small, new Uint8Array([1, 2, 3, 4, 5, 6]));
    assert.deepEqual(arrays.wide, new Uint32Array([70000]));
    assert.deepEqual(arrays.real, new Float32Array([0.5, -2]));
  });
}

test("an aligned block is not copied", () => {
  const view = viewAt(4);
  assert.equal(js.unpack(view).arrays.small.buffer, view.buffer);
});

test("other bytes are refused", () => {
  assert.throws(() => js.unpack(new DataView(new ArrayBuffer(16))), /not a packed frame/);
});

test("offsets", () => {
  assert.deepEqual(js.offsets([3, 0, 2]), new Uint32Array([0, 3, 3, 5]));
});

// ---------------------------------------------------------------- the id buffer

/** A frame of polygons, each a list of rings, each a list of points; equal points are shared. */
function frameOf(polygons) {
  const vertices = [];
  const numbers = new Map();
  const ringVertices = [];
  const ringSizes = [];
  const regionSizes = [];
  for (const rings of polygons) {
    regionSizes.push(rings.length);
    for (const ring of rings) {
      ringSizes.push(ring.length);
      for (const point of ring) {
        const key = point.join();
        if (!numbers.has(key)) {
          numbers.set(key, numbers.size);
          vertices.push(...point);
        }
        ringVertices.push(numbers.get(key));
      }
    }
  }
  return {
    count: polygons.length,
    vertices: new Float32Array(vertices),
    ringVertices: new Uint16Array(ringVertices),
    ringOffsets: js.offsets(ringSizes),
    regionOffsets: js.offsets(regionSizes),
    owners: [],
  };
}

const box = (x0, y0, x1, y1) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
const fill = (polygons, width, height, bounds = [0, 0, width, height]) =>
  js.fillIds(frameOf(polygons), js.makeView(bounds, bounds, width, height), width, height);
const rows = (ids, width) =>
  Array.from({ length: ids.length / width }, (_, row) =>
    ids.slice(row * width, (row + 1) * width).join(""),
  );

test("the slice's y axis points up", () => {
  const ids = fill([[box(0, 0, 4, 1)], [box(0, 1, 4, 3)]], 4, 3);
  assert.deepEqual(rows(ids, 4), ["2222", "2222", "1111"]);
});

test("pixels outside every region have the id 0", () => {
  assert.deepEqual(rows(fill([[box(1, 1, 3, 2)]], 4, 3), 4), ["0000", "0110", "0000"]);
});

test("a hole is left out, an island in it is not", () => {
  const ids = fill([[box(0, 0, 7, 7), box(1, 1, 6, 6).reverse()], [box(3, 3, 4, 4)]], 7, 7);
  const empty = "1000001";
  assert.deepEqual(rows(ids, 7), ["1111111", empty, empty, "1002001", empty, empty, "1111111"]);
});

test("a region that is not convex", () => {
  const u = [[0, 0], [5, 0], [5, 3], [4, 3], [4, 1], [1, 1], [1, 3], [0, 3]];
  assert.deepEqual(rows(fill([[u]], 5, 3), 5), ["10001", "10001", "11111"]);
});

test("a piece is part of its region alone, and leaves the others theirs", () => {
  const frame = frameOf([[box(0, 0, 2, 3)], [box(2, 0, 4, 3)], [box(1, 1, 4, 2)]]);
  const whole = [0, 0, 4, 3];
  const cut = { ...frame, count: 2, owners: [0] };
  const ids = js.fillIds(cut, js.makeView(whole, whole, 4, 3), 4, 3);
  assert.deepEqual(rows(ids, 4), ["1122", "1322", "1122"]);
});

test("regions beyond the window are cut off", () => {
  const ids = fill([[box(-9, -9, 2, 9)], [box(2, -9, 9, 9)]], 4, 2);
  assert.deepEqual(rows(ids, 4), ["1122", "1122"]);
});

test("triangles round a point leave no gap and do not overlap", () => {
  // Every pixel must belong to the triangle that holds its center, whatever order they come in.
  const size = 101;
  const center = [48.3, 51.7];
  const rim = [];
  for (let k = 0; k < 40; k++) {
    const angle = (2 * Math.PI * k) / 40 + 0.01;
    rim.push([center[0] + 200 * Math.cos(angle), center[1] + 200 * Math.sin(angle)]);
  }
  const triangles = rim.map((point, k) => [[center, point, rim[(k + 1) % 40]]]);
  const ids = fill(triangles, size, size);
  assert.ok(ids.every((id) => id > 0));
  const reversed = fill([...triangles].reverse(), size, size);
  assert.ok(reversed.every((id, p) => 41 - id === ids[p]));
});

test("ids of many regions need 32 bits", () => {
  assert.equal(fill([[box(0, 0, 1, 1)]], 1, 1).BYTES_PER_ELEMENT, 2);
  const frame = { ...frameOf([]), count: 65535, regionOffsets: new Uint32Array(65536) };
  const ids = js.fillIds(frame, js.makeView([0, 0, 1, 1], [0, 0, 1, 1], 1, 1), 1, 1);
  assert.equal(ids.BYTES_PER_ELEMENT, 4);
});

/** Runs of a picture whose rows are texts of one-digit ids. */
const spansOf = (...texts) => {
  const ids = Uint16Array.from(texts.join(""), Number);
  return js.encodeSpans(ids, texts[0].length, texts.length);
};

test("a picture as runs", () => {
  const spans = spansOf("1122", "1111", "0121");
  assert.deepEqual([...spans.rows], [0, 2, 3, 7]);
  assert.deepEqual([...spans.ends], [2, 4, 4, 1, 2, 3, 4]);
  assert.deepEqual([...spans.ids], [1, 2, 1, 0, 1, 2, 1]);
  assert.equal(spans.byteLength, 16 + 14 + 14);
  const back = [0, 1, 2].map((y) => [0, 1, 2, 3].map((x) => js.idAt(spans, x, y)).join(""));
  assert.deepEqual(back, ["1122", "1111", "0121"]);
});

test("boundaries are painted where neighboring ids differ", () => {
  const out = js.paintSpans(spansOf("112", "112", "111"), 3, 3, null, [0, 10, 20], [0, 11, 21], new Uint32Array(9));
  assert.deepEqual([...out], [10, 11, 20, 10, 11, 21, 10, 10, 10]);
});

test("painting is what the definition says", () => {
  let state = 1;
  const random = (n) => (state = (state * 48271) % 2147483647) % n;
  for (let round = 0; round < 30; round++) {
    const [width, height] = [1 + random(9), 1 + random(9)];
    const ids = Uint16Array.from({ length: width * height }, () => random(4));
    const parts = round % 2 ? Uint32Array.from([0, 1, 1, 2]) : null;
    const part = (p) => (parts ? parts[ids[p]] : ids[p]);
    const wanted = Array.from(ids, (id, p) => {
      const right = (p + 1) % width ? part(p + 1) : part(p);
      const below = p + width < ids.length ? part(p + width) : part(p);
      return (right === part(p) && below === part(p) ? 10 : 20) + id;
    });
    const [fillColors, lineColors] = [[10, 11, 12, 13], [20, 21, 22, 23]];
    const spans = js.encodeSpans(ids, width, height);
    const out = new Uint32Array(ids.length);
    js.paintSpans(spans, width, height, parts, fillColors, lineColors, out);
    assert.deepEqual([...out], wanted);
    const marked = [0, 1, 0];
    const isMarked = (p) => ids[p] === 2;
    const borders = Array.from(ids, (_, p) =>
      [(p + 1) % width ? p + 1 : p, p + width < ids.length ? p + width : p].some(
        (q) => ids[q] !== ids[p] && (isMarked(p) || isMarked(q)),
      )
        ? 7
        : 0,
    );
    const lines = js.paintBorders(spans, width, height, [0, 1, 2, 3], marked, 7, new Uint32Array(ids.length));
    assert.deepEqual([...lines], borders);
  }
});

test("the worker's program needs nothing but itself", () => {
  const polygons = [[box(0, 0, 4, 1)], [box(0, 1, 4, 3)]];
  const program = new Function("self", `${js.workerSource()}; return { rasterize };`);
  const { rasterize } = program({});
  const size = { bounds: [0, 0, 4, 3], viewport: [0, 0, 4, 3], width: 4, height: 3 };
  assert.deepEqual(rasterize(frameOf(polygons), size), spansOf("2222", "2222", "1111"));
});

test("a part of the slice", () => {
  const frame = frameOf([[box(0, 0, 4, 1)], [box(0, 1, 4, 3)]]);
  const view = js.makeView([0, 0, 4, 3], [1, 0.5, 3, 1.5], 4, 2);
  assert.deepEqual(rows(js.fillIds(frame, view, 4, 2), 4), ["2222", "1111"]);
  assert.deepEqual([view.relativeX(4), view.relativeY(0)], [3, 1.5]);
});

test("zooming keeps the place, and stays in the slice", () => {
  const bounds = [-1, -1, 1, 1];
  assert.deepEqual(js.zoomed(bounds, bounds, 2, 0, 0), [-0.5, -0.5, 0.5, 0.5]);
  assert.deepEqual(js.zoomed(bounds, bounds, 2, 1, 1), [0, 0, 1, 1]);
  assert.deepEqual(js.zoomed([0, 0, 1, 1], bounds, 0.1, 0, 0), bounds);
  assert.deepEqual(js.panned([0, 0, 1, 1], bounds, 5, -0.5), [0, -0.5, 1, 0.5]);
  const near = js.zoomed([0, 0, 1e-3, 1e-3], bounds, 1e9, 0, 0);
  assert.ok(js.zoomFactor(near, bounds) <= 4000 * 1.001);
});

test("far from the origin the picture is the same", () => {
  const triangle = [[[[0, 0], [4, 0], [0, 4]]]];
  const near = fill(triangle, 8, 8, [0, 0, 4, 4]);
  assert.deepEqual(fill(triangle, 8, 8, [3e6, -2e6, 3e6 + 4, 4 - 2e6]), near);
});

test("the view and its inverse", () => {
  const view = js.makeView([-1, -2, 3, 2], [-1, -2, 3, 2], 200, 100);
  assert.equal(view.absoluteX(1), 100);
  assert.equal(view.absoluteY(2), 0);
  assert.equal(view.x(2), 100);
  assert.equal(view.y(4), 0);
  assert.equal(view.inverseX(view.absoluteX(0.7)), 0.7);
  assert.equal(view.inverseY(view.absoluteY(-1.5)), -1.5);
});

test("a cache forgets what was used longest ago", () => {
  const cache = new js.ByteCache(30);
  for (const key of ["a", "b", "c"]) cache.set(key, new Uint8Array(10));
  cache.get("a");
  assert.ok(!cache.hasRoom(1));
  cache.set("d", new Uint8Array(10));
  assert.deepEqual(["a", "b", "c", "d"].map((key) => cache.has(key)), [true, false, true, true]);
  cache.set("a", new Uint8Array(5));
  assert.equal(cache.bytes, 25);
  cache.delete("a");
  assert.equal(cache.bytes, 20);
  cache.set("huge", new Uint8Array(100));
  assert.deepEqual([...cache.entries.keys()], ["huge"]);
});
