// Colors, numbers, keys and texts of the player.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

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
  assert.equal(js.scalePosition(1, "log", [0.01, 100]), 0.5);
  assert.equal(js.scalePosition(0, "log", [0.01, 100]), 0);
  assert.equal(js.scalePosition(1e9, "log", [0.01, 100]), 1);
  assert.equal(js.scalePosition(5, "linear", [0, 20]), 0.25);
  assert.ok(Number.isNaN(js.scalePosition(NaN, "linear", [0, 20])));
});

test("colors of the regions", () => {
  const colors = ["#000000", "#0000ff", "#00ff00"];
  const category = js.regionColors([0, 1, 4], { scale: "category", colors }, null);
  assert.deepEqual([...category], [0, ...[0, 1, 1].map((k) => js.pixelOf(colors[k]))]);
  const linear = js.regionColors([0, 10, 20, NaN], { scale: "linear", colors }, [0, 20]);
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
  assert.equal(js.nextInRange(3, [0, 9], true), 4);
  assert.equal(js.nextInRange(9, [0, 9], true), 0);
  assert.equal(js.nextInRange(9, [0, 9], false), null);
  assert.equal(js.nextInRange(9, [2, 5], false), 2);
});

test("where playing begins", () => {
  assert.equal(js.playbackStart(9, [0, 9], false), 0);
  assert.equal(js.playbackStart(5, [2, 5], false), 2);
  assert.equal(js.playbackStart(9, [0, 9], true), 9);
  assert.equal(js.playbackStart(4, [0, 9], false), 4);
});

test("frames are prepared in the direction of travel", () => {
  assert.deepEqual(js.prefetchOrder(2, 5, 1), [3, 4, 0, 1]);
  assert.deepEqual(js.prefetchOrder(2, 5, -1), [1, 0, 4, 3]);
  assert.deepEqual(js.prefetchOrder(0, 1, 1), []);
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
  assert.deepEqual(heights, [320, 458, 620]);
});

test("every fact of a region that needs it has a term", () => {
  for (const title of ["slope norm", "margin at its middle", "share of the slice", "active neurons"]) {
    assert.ok(js.termOf(title) in js.TERMS, title);
  }
  for (const title of ["step", "at", "constructor", "areas of mine"]) assert.equal(js.termOf(title), null);
});

test("an affine map in numbers", () => {
  const map = { slope: [[1.2345, -2], [0, 0.5], [3, 0], [0, 0], [9, 9]], offset: [-1, 2, 0, 0, 1] };
  assert.equal(js.affineText(map.slope[0], map.offset[0]), "1.23 u − 2 v − 1");
  assert.equal(js.affineText(map.slope[1], map.offset[1]), "0 u + 0.5 v + 2");
  const outputs = js.outputsAt(map, [2, 1]);
  assert.deepEqual(outputs.map((value) => Number(value.toFixed(6))), [-0.531, 2.5, 6, 0, 28]);
  assert.deepEqual(js.shownOutputs(outputs), [4, 2, 1, 3]);
  assert.deepEqual(js.shownOutputs([1, 2]), [0, 1]);
});

test("the square at a place", () => {
  const row = { cell: 9, most: 8, width: 10 };
  assert.deepEqual([[0, 0], [71, 5], [72, 5], [10, 10], [20, 10], [-1, 0]].map(([x, y]) => js.squareAt(x, y, row)), [0, 7, -1, 9, -1, -1]);
});

test("what is said of a layer", () => {
  assert.equal(js.layerFacts(3, null, null), "3 neurons");
  assert.equal(js.layerFacts(3, null, [true, false, true]), "2 of 3 with a line here");
  assert.equal(js.layerFacts(3, [true, false, true], null), "2 of 3 active");
  assert.equal(js.layerFacts(3, [true, false, true], [true, true, false]), "2 of 3 active, 1 without a line");
  assert.equal(js.layerFacts(2, [true, false], [true, true]), "1 of 2 active");
});

test("the title of the card", () => {
  assert.match(js.cardTitle(null, false), /^Point at a region/);
  assert.equal(js.cardTitle({ isPinned: false }, false), "Region under the pointer");
  assert.equal(js.cardTitle({ isPinned: true, neighbors: 1 }, false), "Pinned region, with 1 neighbor");
  for (const shown of [null, { isPinned: false }]) {
    assert.match(js.cardTitle(shown, true), /The pinned region does not exist at this step\.$/);
  }
});

test("only the answer to the last request is kept", async () => {
  const sent = [];
  const maps = new js.RegionMaps(({ map }) => sent.push(map));
  const frame = { step: 0 };
  assert.equal(maps.of(frame, 3, 0), null);
  assert.equal(maps.of(frame, 4, 0), null);
  assert.equal(maps.of(frame, 4, 0), null);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual(sent.map(({ index, region }) => [index, region]), [[0, 4]]);
  assert.ok(!maps.receive({ id: "another", offset: [1] }));
  assert.ok(maps.receive({ id: sent[0].id, offset: [1] }));
  assert.deepEqual(maps.of(frame, 4, 0), { offset: [1] });
  maps.stop();
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
