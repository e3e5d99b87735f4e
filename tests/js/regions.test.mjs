import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("regions");

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
  // Every pixel must belong to the triangle that holds its centre, whatever order they come in.
  const size = 101;
  const centre = [48.3, 51.7];
  const rim = [];
  for (let k = 0; k < 40; k++) {
    const angle = (2 * Math.PI * k) / 40 + 0.01;
    rim.push([centre[0] + 200 * Math.cos(angle), centre[1] + 200 * Math.sin(angle)]);
  }
  const triangles = rim.map((point, k) => [[centre, point, rim[(k + 1) % 40]]]);
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
const runsOf = (...texts) => {
  const ids = Uint16Array.from(texts.join(""), Number);
  return js.encodeRuns(ids, texts[0].length, texts.length);
};

test("a picture as runs", () => {
  const runs = runsOf("1122", "1111", "0121");
  assert.deepEqual([...runs.rows], [0, 2, 3, 7]);
  assert.deepEqual([...runs.ends], [2, 4, 4, 1, 2, 3, 4]);
  assert.deepEqual([...runs.ids], [1, 2, 1, 0, 1, 2, 1]);
  assert.equal(runs.byteLength, 16 + 14 + 14);
  const back = [0, 1, 2].map((y) => [0, 1, 2, 3].map((x) => js.idAt(runs, x, y)).join(""));
  assert.deepEqual(back, ["1122", "1111", "0121"]);
});

test("boundaries are painted where neighboring ids differ", () => {
  const out = js.paint(runsOf("112", "112", "111"), 3, 3, null, [0, 10, 20], [0, 11, 21], new Uint32Array(9));
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
    const runs = js.encodeRuns(ids, width, height);
    const out = new Uint32Array(ids.length);
    js.paint(runs, width, height, parts, fillColors, lineColors, out);
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
    const lines = js.paintBorders(runs, width, height, [0, 1, 2, 3], marked, 7, new Uint32Array(ids.length));
    assert.deepEqual([...lines], borders);
  }
});

test("the worker's program needs nothing but itself", () => {
  const polygons = [[box(0, 0, 4, 1)], [box(0, 1, 4, 3)]];
  const program = new Function("self", `${js.workerSource()}; return { fillRuns };`);
  const { fillRuns } = program({});
  const size = { bounds: [0, 0, 4, 3], viewport: [0, 0, 4, 3], width: 4, height: 3 };
  assert.deepEqual(fillRuns(frameOf(polygons), size), runsOf("2222", "2222", "1111"));
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
  assert.deepEqual(js.moved([0, 0, 1, 1], bounds, 5, -0.5), [0, -0.5, 1, 0.5]);
  const near = js.zoomed([0, 0, 1e-3, 1e-3], bounds, 1e9, 0, 0);
  assert.ok(js.zoomOf(near, bounds) <= 4000 * 1.001);
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

// ---------------------------------------------------------------- colors

test("a color as a pixel", () => {
  const bytes = new Uint8Array(new Uint32Array([js.pixelOf("#102030")]).buffer);
  assert.deepEqual([...bytes], [0x10, 0x20, 0x30, 0xff]);
});

test("darkening keeps the opacity", () => {
  assert.equal(js.darken(js.pixelOf("#806040"), 0.5), js.pixelOf("#403020"));
  assert.equal(js.darken(js.pixelOf("#806040"), 1), js.pixelOf("#000000"));
});

test("places on a scale", () => {
  assert.equal(js.position(1, "log", [0.01, 100]), 0.5);
  assert.equal(js.position(0, "log", [0.01, 100]), 0);
  assert.equal(js.position(1e9, "log", [0.01, 100]), 1);
  assert.equal(js.position(5, "linear", [0, 20]), 0.25);
  assert.ok(Number.isNaN(js.position(NaN, "linear", [0, 20])));
});

test("colors of the regions", () => {
  const colors = ["#000000", "#0000ff", "#00ff00"];
  const category = js.colorsOf([0, 1, 4], { scale: "category", colors }, null);
  assert.deepEqual([...category], [0, ...[0, 1, 1].map((k) => js.pixelOf(colors[k]))]);
  const linear = js.colorsOf([0, 10, 20, NaN], { scale: "linear", colors }, [0, 20]);
  assert.deepEqual([...linear.slice(1, 4)], colors.map(js.pixelOf));
  assert.equal(linear[4], 0xff9a9a9a);
});

// ---------------------------------------------------------------- ticks, numbers, keys

test("linear ticks", () => {
  assert.deepEqual(js.linearTicks(-1, 1, 5), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(js.linearTicks(0.13, 0.31, 4), [0.15, 0.2, 0.25, 0.3]);
});

test("linear ticks of a small domain far from the origin", () => {
  const ticks = js.linearTicks(1e6, 1e6 + 1e-6, 4);
  assert.equal(new Set(ticks).size, ticks.length);
  assert.ok(ticks.length > 2);
});

test("ticks have the decimals that their distance asks for", () => {
  const cases = [
    [[-1, -0.5, 0], ["-1.0", "-0.5", "0.0"], ""],
    [[0, 2000, 4000], ["0", "2,000", "4,000"], ""],
    [[1.2345, 1.235, 1.2355], ["1.2345", "1.2350", "1.2355"], ""],
    [[1e6 + 0.001, 1e6 + 0.002], ["0", "10⁻³"], " − 1,000,000.001"],
    [[-3.00002, -3.00001], ["0", "10⁻⁵"], " + 3.00002"],
    [[0, 2e-9, 4e-9], ["0", "2·10⁻⁹", "4·10⁻⁹"], ""],
    [[7], ["7"], ""],
  ];
  for (const [ticks, texts, base] of cases) assert.deepEqual(js.tickTexts(ticks), { texts, base });
});

test("a coordinate tells neighboring pixels apart", () => {
  const cases = [
    [0.5, 0.003, "0.5"], [-1.23456, 0.003, "-1.23"], [1.2345678, 1e-5, "1.23457"],
    [1e6 + 0.25, 0.01, "1,000,000.25"], [3.2e-8, 1e-10, "3.2·10⁻⁸"],
  ];
  for (const [value, pixel, text] of cases) {
    assert.equal(js.formatCoordinate(value, pixel), text);
  }
});

test("logarithmic ticks", () => {
  assert.deepEqual(js.logTicks(0.01, 50), [0.01, 0.1, 1, 10]);
  assert.deepEqual(js.logTicks(0.3, 6), [0.5, 1, 2, 5]);
  assert.deepEqual(js.logTicks(1.1, 1.9), [1.2, 1.4, 1.6, 1.8]);
});

test("numbers for people", () => {
  const cases = [
    [0, "0"], [12000, "12,000"], [0.5, "0.5"], [0.123456, "0.123"], [-0.5, "-0.5"],
    [1234.5, "1230"], [1e-4, "10⁻⁴"], [0.00032, "3.2·10⁻⁴"], [2.5e12, "2.5·10¹²"],
    [1.5e-20, "1.5·10⁻²⁰"], [NaN, "undefined"],
  ];
  for (const [value, text] of cases) assert.equal(js.formatNumber(value), text);
});

test("keys", () => {
  const cases = [
    ["ArrowRight", 3, 4], ["ArrowLeft", 3, 2], ["ArrowUp", 3, 4], ["ArrowDown", 0, 0],
    ["Home", 7, 0], ["End", 7, 49], ["PageUp", 3, 8], ["PageDown", 3, 0],
    ["ArrowRight", 49, 49], ["x", 3, null],
  ];
  for (const [key, index, wanted] of cases) assert.equal(js.indexAfterKey(key, index, 50), wanted);
});

test("keys that move the cross-hair, and that zoom", () => {
  assert.deepEqual(js.moveOfKey("ArrowUp"), [0, -1]);
  assert.equal(js.moveOfKey("Home"), null);
  assert.deepEqual(["+", "-", "0", "x"].map(js.zoomOfKey), [1.5, 1 / 1.5, 0, null]);
});

test("what is played next", () => {
  assert.equal(js.nextPlayed(3, [0, 9], true), 4);
  assert.equal(js.nextPlayed(9, [0, 9], true), 0);
  assert.equal(js.nextPlayed(9, [0, 9], false), null);
  assert.equal(js.nextPlayed(9, [2, 5], false), 2);
});

test("where playing begins", () => {
  assert.equal(js.startOfPlay(9, [0, 9], false), 0);
  assert.equal(js.startOfPlay(5, [2, 5], false), 2);
  assert.equal(js.startOfPlay(9, [0, 9], true), 9);
  assert.equal(js.startOfPlay(4, [0, 9], false), 4);
});

test("frames are prepared in the direction of travel", () => {
  assert.deepEqual(js.upcoming(2, 5, 1), [3, 4, 0, 1]);
  assert.deepEqual(js.upcoming(2, 5, -1), [1, 0, 4, 3]);
  assert.deepEqual(js.upcoming(0, 1, 1), []);
});

test("what is said in place of a frame", () => {
  assert.equal(js.missingText("no weights", 1000, true), "no weights");
  assert.equal(js.missingText(undefined, 1000, true), "Step 1,000 is not computed yet");
  assert.match(js.missingText(undefined, 3, false), /kernel has stopped: run the cell again$/);
});

test("what is known about a region", () => {
  const layers = [{ name: "relu", width: 3 }, { name: "relu2", width: 2 }];
  const counts = [[2, 3], [0, 1]];
  const regionIds = [0, 1, 2, 1];
  const pieces = { count: 2, regionIds, pieceClasses: [0] };
  const frame = { step: 1000, layers, counts, ...pieces, values: { slope: [0.25, 3], class: [1, 2], pattern: [9, 9] } };
  const colorings = [
    { name: "slope", title: "slope norm", scale: "log", labels: "" },
    { name: "class", title: "class", scale: "category", labels: "classes", by_class: true },
    { name: "pattern", title: "activation pattern", scale: "category", labels: "" },
    { name: "absent", title: "absent", scale: "log", labels: "" },
  ];
  assert.deepEqual(js.regionFacts(frame, 1, colorings, ["in", "<b>out</b>"]), [
    ["step", "1,000"],
    ["slope norm", "0.25"],
    ["class", "<b>out</b>"],
    ["active neurons", "2 of 3, 0 of 2"],
  ]);
  assert.deepEqual(js.regionFacts(frame, 2, colorings, [])[2], ["class", "2"]);
  assert.deepEqual(js.regionFacts(frame, 2, [], [], 1)[1], ["active neurons", "1 of 2"]);
  // In a piece another class wins; all else is the region's.
  const piece = js.regionFacts(frame, 3, colorings, ["in", "out"]);
  assert.deepEqual(piece.slice(1, 3), [["slope norm", "0.25"], ["class", "in"]]);
});

test("the color bar of a few colors shows each of them, as wide as it is in the picture", () => {
  assert.deepEqual(js.barStops(["#000000", "#ff0000", "#ffffff"]), [
    "#000000 0.00% 25.00%",
    "#ff0000 25.00% 75.00%",
    "#ffffff 75.00% 100.00%",
  ]);
  assert.deepEqual(js.barStops(["#000000"]), ["#000000 0%", "#000000 100%"]);
});

test("the color bar of many colors runs from the first to the last", () => {
  for (const count of [40, 100, 256]) {
    const colors = Array.from({ length: count }, (_, k) => `#${k.toString(16).padStart(6, "0")}`);
    const stops = js.barStops(colors);
    assert.deepEqual([stops[0], stops[stops.length - 1]], [colors[0], colors[count - 1]]);
    assert.ok(stops.length < 20);
  }
});

test("the size of a plot", () => {
  assert.deepEqual(js.plotSize([-1, -1, 1, 1], 600, 400), [400, 400]);
  assert.deepEqual(js.plotSize([0, 0, 4, 1], 600, 400), [600, 150]);
  assert.deepEqual(js.plotSize([0, 0, 4, 1], 600, 400, 2.4), [600, 360]);
  // Where a side would vanish it is stretched.
  assert.deepEqual(js.plotSize([0, 0, 1, 1e-4], 600, 400), [600, 24]);
  assert.deepEqual(js.plotSize([0, 0, 1e-4, 1], 600, 400), [24, 400]);
});

test("a plot leaves room for the slider", () => {
  const heights = [200, 768, 2000].map((window) => js.tallestPlot(window, 100));
  assert.deepEqual(heights, [320, 408, 620]);
});

test("a tip is inside the window, and beside the region that is pointed at", () => {
  const room = { width: 800, height: 600 };
  const tip = { width: 150, height: 60 };
  const box = (left, top, right, bottom) => ({ left, top, right, bottom });
  const place = (x, y, region) => js.tipPlace({ x, y }, region, tip, room);
  // The nearest side is taken, and another one where there is no room.
  assert.deepEqual(place(390, 300, box(300, 200, 400, 400)), [414, 270]);
  assert.deepEqual(place(310, 300, box(300, 200, 400, 400)), [136, 270]);
  assert.deepEqual(place(350, 390, box(300, 200, 400, 400)), [275, 414]);
  assert.deepEqual(place(790, 300, box(700, 200, 800, 400)), [536, 270]);
  assert.deepEqual(place(350, 590, box(300, 550, 400, 600))[1], 476);
  for (const [x, y] of [[0, 0], [799, 0], [0, 599], [799, 599], [400, 300], [790, 20]]) {
    for (const region of [box(0, 0, 800, 600), box(x - 5, y - 5, x + 5, y + 5), box(0, 0, x + 1, 600)]) {
      const [left, top] = place(x, y, region);
      assert.ok(left >= 4 && top >= 4 && left + 150 <= 796 && top + 60 <= 596);
      // It never lies under the pointer.
      assert.ok(x < left || x > left + 150 || y < top || y > top + 60);
    }
  }
});

test("a star on the border is drawn whole, one out of sight stays there", () => {
  assert.deepEqual(js.starPlace(0, 100, 200, 100), [9, 91]);
  assert.deepEqual(js.starPlace(200, 50, 200, 100), [191, 50]);
  assert.deepEqual(js.starPlace(60, 40, 200, 100), [60, 40]);
  assert.deepEqual(js.starPlace(-30, 40, 200, 100), [-30, 40]);
  assert.deepEqual(js.starPlace(60, 140, 200, 100), [60, 140]);
});

test("lines have colors of their own if there are as many", () => {
  const frame = { boundary: [0, 0, 1, 1, 0, 1, 1, 0], boundaryOffsets: [0, 2, 4] };
  const view = { x: (x) => x, y: (y) => y };
  const strokes = (colors) => {
    const used = [];
    const context = { beginPath() {}, moveTo() {}, lineTo() {} };
    context.stroke = () => used.push(context.strokeStyle);
    js.drawBoundary(context, view, frame, colors);
    return used;
  };
  assert.deepEqual(strokes(["#123456", "#abcdef"]), ["#ffffff", "#123456", "#ffffff", "#abcdef"]);
  assert.deepEqual(strokes(["#123456"]), ["#ffffff", "#e3001b"]);
  assert.deepEqual(strokes(undefined), ["#ffffff", "#e3001b"]);
});
