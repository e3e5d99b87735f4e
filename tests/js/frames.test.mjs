// Frames that Python made, and what the front end makes of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

const decoded = (path) => {
  const bytes = readFileSync(path);
  return js.decodeFrame(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
};
const frame = decoded(process.env.FRAME);
const later = decoded(process.env.LATER_FRAME);
const coinciding = decoded(process.env.COINCIDING_FRAME);
const facts = JSON.parse(readFileSync(process.env.FRAME_FACTS));

test("what does not travel is what Python says", () => {
  assert.equal(frame.count, facts.areas.length);
  facts.areas.forEach((area, r) => assert.ok(Math.abs(frame.values.area[r] - area) < 1e-5));
  assert.deepEqual([...frame.hashes], facts.hashes);
  assert.deepEqual(frame.counts.map((counts) => [...counts]), facts.counts);
  assert.deepEqual([...frame.values.active], facts.active);
  assert.deepEqual([...frame.values.pattern], facts.pattern);
  assert.deepEqual([...frame.values.random], facts.random);
});

test("patterns", () => {
  facts.patterns.forEach((pattern, r) => assert.deepEqual(js.patternOf(frame, r).flat(), pattern));
});

test("neighbors", () => {
  facts.neighbors.forEach((others, r) =>
    assert.deepEqual([...js.neighbors(frame, r)].sort((a, b) => a - b), others),
  );
});

test("the nearest edge, and the neuron behind it", () => {
  for (const { region, x, y, layer, neuron, distance } of facts.nearest) {
    const found = js.nearestEdge(frame, js.edgesAround(frame, region, js.ALL_LAYERS), x, y);
    assert.ok(Math.abs(found.distance - distance) < 1e-5);
    assert.deepEqual(js.neuronOf(frame, found.column), { layer, neuron });
  }
});

test("in a picture that is stretched the nearest edge is the one that looks nearest", () => {
  const square = {
    vertices: new Float32Array([0, 0, 10, 0, 10, 1, 0, 1]),
    ringVertices: new Uint8Array([0, 1, 2, 3]),
    ringOffsets: [0, 4],
    regionOffsets: [0, 1],
    edgeColumns: [1, 2, 3, 4],
    layers: [],
  };
  const edges = js.edgesAround(square, 0, js.ALL_LAYERS);
  const near = js.nearestEdge(square, edges, 0.4, 0.25);
  assert.deepEqual(near, { column: 1, distance: 0.25, room: 1 });
  const stretched = js.nearestEdge(square, edges, 0.5, 0.25, 10);
  assert.deepEqual(stretched, { column: 4, distance: 0.5, room: 10 });
});

const patternsOf = (of) => Array.from({ length: of.count }, (_, r) => js.patternOf(of, r));

/** The middle of a region's corners, which is inside of it. */
function middle(of, region) {
  const corners = new Set();
  js.forEachEdge(of, region, (_, from) => corners.add(from));
  const mean = (k) => [...corners].reduce((sum, v) => sum + of.vertices[2 * v + k], 0) / corners.size;
  return [mean(0), mean(1)];
}

test("only what is drawn is picked", () => {
  for (const of of [frame, coinciding]) {
    const patterns = patternsOf(of);
    for (const layer of of.layers.keys()) {
      // All edges of that layer, whichever region they are next to.
      const drawn = [];
      for (let region = 0; region < of.count; region++) {
        js.forEachEdge(of, region, (corner, a, b) => {
          const other = of.acrossEdge[corner];
          if (other >= 0 && String(patterns[region][layer]) !== String(patterns[other][layer])) {
            drawn.push({ a, b, column: 1 });
          }
        });
      }
      for (let region = 0; region < of.count; region++) {
        const [x, y] = middle(of, region);
        const { column, distance } = js.nearestEdge(of, js.edgesAround(of, region, layer), x, y);
        assert.equal(js.neuronOf(of, column).layer, layer);
        assert.ok(Math.abs(distance - js.nearestEdge(of, drawn, x, y).distance) < 1e-6);
        // It runs there indeed.
        const own = [];
        const edges = js.neuronEdges(of, column);
        for (let k = 0; k < edges.length; k += 2) own.push({ a: edges[k], b: edges[k + 1], column });
        assert.ok(Math.abs(distance - js.nearestEdge(of, own, x, y).distance) < 1e-6);
      }
    }
    assert.deepEqual(js.edgesAround(of, 0, js.NO_LAYER), []);
  }
});

test("where nothing is drawn nothing is near", () => {
  const view = js.makeView([0, 0, 2, 2], [0, 0, 2, 2], 400, 400);
  for (let region = 0; region < frame.count; region++) {
    const [x, y] = middle(frame, region).map((value, k) => (k ? 400 - 200 * value : 200 * value));
    const shown = { layer: js.NO_LAYER, withBoundary: false };
    const nothing = { column: 0, isNear: false, onBoundary: false };
    assert.deepEqual(js.hitTest({ x, y }, frame, region, view, shown), nothing);
  }
});

test("a click in the middle of a region pins it, however thin it is", () => {
  const shown = { layer: js.ALL_LAYERS, withBoundary: false };
  // 1 to 400 pixels high.
  for (const height of [1, 2, 5, 9, 20, 400]) {
    const view = js.makeView([0, 0, 1, 1], [0, 0, 1, 1], 400, 400);
    const top = height / 400;
    const stripe = {
      vertices: new Float32Array([0, 0, 1, 0, 1, top, 0, top]),
      ringVertices: new Uint8Array([0, 1, 2, 3]),
      ringOffsets: [0, 4],
      regionOffsets: [0, 1],
      edgeColumns: [1, 0, 2, 0],
      layers: [],
    };
    const at = (share) => js.hitTest({ x: 200, y: 400 - share * height }, stripe, 0, view, shown);
    assert.ok(!at(0.5).isNear);
    assert.ok(!at(0.3).isNear);
    assert.deepEqual([at(0.004).isNear, at(0.004).column], [true, 1]);
    assert.deepEqual([at(0.996).isNear, at(0.996).column], [true, 2]);
  }
});

test("near the decision boundary it is named, and a click means the region", () => {
  const view = js.makeView([0, 0, 1, 1], [0, 0, 1, 1], 400, 400);
  const square = {
    vertices: new Float32Array([0, 0, 1, 0, 1, 1, 0, 1]),
    ringVertices: new Uint8Array([0, 1, 2, 3]),
    ringOffsets: [0, 4],
    regionOffsets: [0, 1],
    edgeColumns: [1, 2, 3, 4],
    layers: [],
    boundary: new Float32Array([0.5, 0, 0.5, 1]),
    boundaryOffsets: [0, 2],
  };
  const at = (x, y, withBoundary) =>
    js.hitTest({ x, y }, square, 0, view, { layer: js.ALL_LAYERS, withBoundary });
  assert.deepEqual(at(202, 200, true), { column: at(202, 200, true).column, isNear: false, onBoundary: true });
  assert.ok(!at(202, 200, false).onBoundary);
  assert.ok(!at(210, 200, true).onBoundary);
  assert.ok(at(203, 399, true).isNear);
  assert.ok(!at(201, 397, true).isNear);
});

/** The edges of a frame between regions in which a neuron is and is not active, as texts. */
function edgesByPattern(of, column) {
  const patterns = Array.from({ length: of.count }, (_, r) => js.patternOf(of, r).flat());
  const found = new Set();
  for (let region = 0; region < of.count; region++) {
    js.forEachEdge(of, region, (corner, from, to) => {
      const other = of.acrossEdge[corner];
      if (other < 0 || patterns[region][column - 1] === patterns[other][column - 1]) return;
      found.add([from, to].sort().join());
    });
  }
  return found;
}

test("the whole boundary of a neuron, also where it coincides with that of another", () => {
  for (const of of [frame, coinciding]) {
    const width = of.layers.reduce((sum, layer) => sum + layer.width, 0);
    let shared = 0;
    for (let column = 1; column <= width; column++) {
      const edges = js.neuronEdges(of, column);
      const found = [];
      for (let k = 0; k < edges.length; k += 2) found.push([edges[k], edges[k + 1]].sort().join());
      assert.equal(new Set(found).size, found.length);
      assert.deepEqual(new Set(found), edgesByPattern(of, column));
      shared += found.length - of.edgeColumns.filter((own) => own === column).length / 2;
      assert.equal(js.neuronEdges(of, column), edges);
    }
    assert.equal(shared > 0, of === coinciding);
  }
});

test("a selection in a frame of a narrower network", () => {
  const selection = new js.Selection();
  selection.mark(21);
  selection.pin(12345);
  assert.equal(selection.columnIn(frame), 21);
  assert.equal(selection.columnIn(coinciding), 0);
  assert.equal(selection.regionIn(coinciding), -1);
  assert.ok(selection.release());
  assert.ok(!selection.release());
  assert.equal(selection.regionIn(frame), null);
});

test("the boundaries of one layer part the regions by its pattern", () => {
  facts.layers.forEach((patterns, layer) => {
    const parts = js.partsOfLayer(frame, layer);
    assert.equal(parts[0], 0);
    for (let region = 0; region < frame.count; region++) {
      for (const other of js.neighbors(frame, region)) {
        const same = patterns[region] === patterns[other];
        assert.equal(parts[region + 1] === parts[other + 1], same);
      }
    }
  });
});

test("boundaries of several layers may coincide", () => {
  const patterns = [...Array(coinciding.count).keys()].map((r) => js.patternOf(coinciding, r));
  for (const layer of [0, 1]) {
    const parts = js.partsOfLayer(coinciding, layer);
    for (let region = 0; region < coinciding.count; region++) {
      for (const other of js.neighbors(coinciding, region)) {
        const same = String(patterns[region][layer]) === String(patterns[other][layer]);
        assert.equal(parts[region + 1] === parts[other + 1], same);
      }
    }
  }
});

test("how many neurons of a layer have a boundary, and what layers are called", () => {
  for (const [layer, patterns] of facts.layers.entries()) {
    const differ = [...patterns[0]].filter((bit, k) => patterns.some((row) => row[k] !== patterns[0][k]));
    assert.equal(js.countBoundaryNeurons(frame, layer), differ.length);
  }
  assert.equal(js.layerText(1, "3"), "layer 1 ('3')");
  assert.equal(js.neuronText(frame, 10), `layer 1 ('${frame.layers[1].name}'), neuron 0`);
});

test("the classes that a picture shows are named, no others", () => {
  const coloring = { name: "class", labels: "classes", by_class: true };
  const names = ["a", "b", "c", "d", "e"];
  const shown = [...new Set(facts.classes)].sort().map((k) => [k, names[k]]);
  assert.deepEqual(js.classesInFrame(frame, coloring, names), shown);
  assert.deepEqual(js.classesInFrame(null, coloring, ["a", "b"]), [[0, "a"], [1, "b"]]);
  assert.deepEqual(js.classesInFrame(frame, { name: "slope", labels: "" }, names), []);
});

test("squares of neurons stay within their room", () => {
  const counts = [5, 30, 60, 100, 240, 1000].map((room) => js.squaresInRow(room));
  assert.deepEqual(counts, [1, 3, 6, 8, 24, 64]);
});

test("every pixel has the class that is predicted there, and is of its region", () => {
  assert.ok(frame.owners.length > 5);
  const bounds = [-1, -1, 1, 1];
  const view = js.makeView(bounds, bounds, 60, 60);
  const ids = js.fillIds(frame, view, 60, 60);
  const classes = Array.from(ids, (id) => js.classAt(frame, id, frame.values.class));
  assert.deepEqual(classes, facts.classes);
  const regions = Array.from(ids, (id) => frame.regionIds[id]);
  assert.deepEqual(regions, [...js.fillIds({ ...frame, owners: [] }, view, 60, 60)]);
  // What is crossed by the decision boundary is no border of regions.
  const appearance = new js.Appearance({ get: () => js.ALL_LAYERS }, null);
  assert.equal(appearance.partsOf(frame), frame.regionIds);
  for (const layer of [0, 1]) {
    const parts = js.partsOfLayer(frame, layer);
    frame.owners.forEach((region, k) => assert.equal(parts[frame.count + 1 + k], parts[region + 1]));
  }
});

test("what became of the regions", () => {
  const { born, vanished, count } = js.compareFrames(later, frame);
  assert.deepEqual([...born], facts.born);
  assert.deepEqual([...vanished], facts.vanished);
  assert.equal(count.kept, later.count - facts.born.filter(Boolean).length);
});

test("a coloring of one's own may have the name of another", () => {
  assert.equal(coinciding.values.active[3], 1.5);
  assert.equal(coinciding.values.area.length, coinciding.count);
});

test("the numbers of active neurons, spoken", () => {
  assert.equal(js.activeNeuronsText([true, false, true]), "0, 2");
  assert.match(js.activeNeuronsText(Array(100).fill(true)), /^0, 1, .* 39 and 60 more$/);
});

/** How a frame looks beside another, of a model that shows the first of them. */
function appearanceOf(shown, other, traits = {}) {
  const frames = [shown, other];
  const values = { index: 0, compare: 1, coloring: 0, limits: [[0, 1]], ...traits };
  const model = { get: (name) => values[name] };
  return { appearance: new js.Appearance(model, { frameAt: (index) => frames[index] }), values };
}

test("changes are told from the earlier step to the later, whichever is shown", () => {
  const now = appearanceOf(later, frame).appearance.changedIn(later);
  const before = appearanceOf(frame, later).appearance.changedIn(frame);
  for (const changed of [now, before]) {
    assert.deepEqual([changed.from, changed.to], [100, 1000]);
    assert.deepEqual(changed.count, now.count);
  }
  assert.equal(now.isLater, false);
  assert.deepEqual([...now.fate], facts.born);
  assert.deepEqual([...now.others], facts.vanished);
  assert.equal(before.isLater, true);
  assert.deepEqual([...before.fate], facts.vanished);
  assert.deepEqual([...before.others], facts.born);
  assert.match(js.changeText(before), /^from step 100 to step 1,000: \d+ born, \d+ kept, \d+ vanished$/);
  assert.equal(js.changeText(now), js.changeText(before).replace(/from .*:/, "since step 100:"));
});

test("the scales stay while the frames run, once they span the run", () => {
  const { appearance, values } = appearanceOf(frame, later, { limits: [[0, 1], null], playing: true });
  assert.deepEqual(appearance.limits, [[0, 1], null]);
  values.limits = [[0, 2], [1, 5]];
  assert.deepEqual(appearance.limits, [[0, 2], [1, 5]]); // not settled yet
  values.settled = true;
  values.limits = [[0, 3], [1, 6]];
  assert.deepEqual(appearance.limits, [[0, 2], [1, 5]]);
  values.playing = false;
  assert.deepEqual(appearance.limits, [[0, 3], [1, 6]]);
  values.playing = true;
  values.limits = [null, null]; // another slice
  assert.deepEqual(appearance.limits, [null, null]);
});
