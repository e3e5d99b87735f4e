// Frames that Python made, and what the front end makes of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("regions");

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

test("neighbours", () => {
  facts.neighbours.forEach((others, r) =>
    assert.deepEqual([...js.neighbours(frame, r)].sort((a, b) => a - b), others),
  );
});

test("the nearest edge, and the neuron behind it", () => {
  for (const { region, x, y, layer, neuron, distance } of facts.nearest) {
    const found = js.nearestEdge(frame, region, x, y);
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
  };
  assert.deepEqual(js.nearestEdge(square, 0, 0.4, 0.2), { column: 1, distance: 0.2 });
  assert.deepEqual(js.nearestEdge(square, 0, 0.4, 0.2, 10), { column: 4, distance: 0.4 });
});

/** The edges of a frame between regions in which a neuron is and is not active, as texts. */
function edgesByPattern(of, column) {
  const patterns = Array.from({ length: of.count }, (_, r) => js.patternOf(of, r).flat());
  const found = new Set();
  for (let region = 0; region < of.count; region++) {
    js.eachEdge(of, region, (corner, from, to) => {
      const other = of.twins[corner];
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
  assert.ok(selection.letGo());
  assert.ok(!selection.letGo());
  assert.equal(selection.regionIn(frame), null);
});

test("the boundaries of one layer part the regions by its pattern", () => {
  facts.layers.forEach((patterns, layer) => {
    const parts = js.partsOfLayer(frame, layer);
    assert.equal(parts[0], 0);
    for (let region = 0; region < frame.count; region++) {
      for (const other of js.neighbours(frame, region)) {
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
      for (const other of js.neighbours(coinciding, region)) {
        const same = String(patterns[region][layer]) === String(patterns[other][layer]);
        assert.equal(parts[region + 1] === parts[other + 1], same);
      }
    }
  }
});

test("what became of the regions", () => {
  const { born, vanished, count } = js.changes(later, frame);
  assert.deepEqual([...born], facts.born);
  assert.deepEqual([...vanished], facts.vanished);
  assert.equal(count.kept, later.count - facts.born.filter(Boolean).length);
});

test("a colouring of one's own may have the name of another", () => {
  assert.equal(coinciding.values.active[3], 1.5);
  assert.equal(coinciding.values.area.length, coinciding.count);
});

test("the numbers of active neurons, spoken", () => {
  assert.equal(js.spoken([true, false, true]), "0, 2");
  assert.match(js.spoken(Array(100).fill(true)), /^0, 1, .* 39 and 60 more$/);
});
