// Playback, with animation frames that the test hands out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel } from "./fakes.mjs";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

let waiting = [];
globalThis.requestAnimationFrame = (callback) => waiting.push(callback);

/** Let the page paint frames at some times, in milliseconds. */
function paintAt(...times) {
  for (const now of times) {
    const due = waiting;
    waiting = [];
    clock = now;
    for (const callback of due) callback(now);
  }
}
let clock = 0;

/** A model, and the views of it: what each has drawn. */
function viewsOf(traits, count) {
  waiting = [];
  clock = 1000;
  const model = new FakeModel({ count: 5, index: 0, interval: 100, loop: true, play_range: [], ...traits });
  const drawn = Array.from({ length: count }, () => []);
  const views = drawn.map((steps) => new js.Playback(model, () => steps.push(model.get("index"))));
  for (const view of views) {
    // As the drawing of other views in the same frame, this happens a little after its time.
    model.on("change:index", () => view.stepped(clock + 3));
    model.on("change:playing", () => view.follow());
  }
  return { model, drawn };
}

for (const count of [1, 2, 3]) {
  test(`${count} views of a model play at one speed`, () => {
    const { model } = viewsOf({}, count);
    model.set("playing", true);
    paintAt(1100);
    const seen = [];
    for (let now = 1116; now < 1710; now += 16) {
      paintAt(now);
      seen.push(model.get("index"));
    }
    assert.deepEqual([...new Set(seen)].sort(), [0, 1, 2, 3, 4]);
    // A step each six frames: 4 ms early counts as due.
    const steps = seen.filter((index, k) => k > 0 && index !== seen[k - 1]).length;
    assert.equal(steps, 6);
  });

  test(`${count} views of a model play one step a frame at the most`, () => {
    const { model } = viewsOf({ interval: 0 }, count);
    model.set("playing", true);
    const seen = [1016, 1032, 1048].map((now) => {
      paintAt(now);
      return model.get("index");
    });
    assert.deepEqual(seen, [1, 2, 3]);
  });
}

test("without loop it stops at the end, and the next time starts over", () => {
  const { model, drawn } = viewsOf({ index: 3, loop: false }, 2);
  model.set("playing", true);
  paintAt(1100, 1200, 1300);
  assert.equal(model.get("playing"), false);
  assert.equal(model.get("index"), 4);
  model.set("playing", true);
  assert.equal(model.get("index"), 0);
  paintAt(1310);
  assert.equal(model.get("index"), 0);
  paintAt(1420, 1530);
  assert.equal(model.get("index"), 2);
  assert.equal(model.get("playing"), true);
  assert.deepEqual(drawn[0], [4, 1, 2]);
});

test("a range without loop starts over at its first checkpoint", () => {
  const { model } = viewsOf({ index: 3, loop: false, play_range: [1, 3] }, 1);
  model.set("playing", true);
  assert.equal(model.get("index"), 1);
});

test("a range of one checkpoint is not drawn again and again", () => {
  const { model, drawn } = viewsOf({ index: 2, play_range: [2, 2] }, 1);
  model.set("playing", true);
  paintAt(1100, 1200, 1300);
  assert.deepEqual(drawn[0], []);
  assert.equal(model.get("playing"), true);
});

test("what is moved by another never takes a step", () => {
  waiting = [];
  const model = new FakeModel({ count: 5, index: 4, interval: 0, loop: false, play_range: [] });
  const view = new js.Playback(model, () => assert.fail("it drew"), false);
  model.on("change:playing", () => view.follow());
  model.set("playing", true);
  paintAt(1100, 1200);
  assert.equal(model.get("index"), 4);
  assert.equal(model.get("playing"), true);
});

/** A model and what it shows while it plays, of frames that are there or come. */
function playOf(traits, frames) {
  waiting = [];
  const model = new FakeModel({ count: 20, index: 0, interval: 100, loop: true, play_range: [], ...traits });
  const all = { has: () => true, comes: () => false, request: () => {}, canStart: () => true, ...frames };
  const view = new js.Playback(model, () => {}, true, all);
  model.on("change:playing", () => view.follow());
  model.set("playing", true);
  const from = (start, end) => {
    const seen = [];
    for (let now = start; now <= end; now += 20) {
      paintAt(now);
      seen.push(model.get("index"));
    }
    return seen;
  };
  return { model, view, from };
}

test("what is there plays, in its time, and what is not is passed over", () => {
  const there = new Set([0, 2, 19]);
  const { view, from } = playOf({}, { has: (index) => there.has(index) });
  view.stepped(1000);
  const seen = from(1000, 2000);
  assert.deepEqual([...new Set(seen)], [0, 2, 19]);
  // Two steps' time for the one, no more than five for the seventeen, then it starts over.
  const changes = seen.map((index, k) => (k && index !== seen[k - 1] ? 1000 + 20 * k : 0));
  assert.deepEqual(changes.filter(Boolean), [1200, 1700, 1800, 2000]);
});

test("it waits for others while one frame is there, and goes on when they come", () => {
  const there = new Set([3]);
  const { model, from } = playOf({ index: 3, loop: false }, { has: (index) => there.has(index) });
  assert.deepEqual([...new Set(from(1000, 1600))], [3]);
  assert.equal(model.get("playing"), false); // no loop, and nothing behind it
  model.set("loop", true);
  model.set("playing", true);
  assert.deepEqual([...new Set(from(1700, 2300))], [3]);
  assert.equal(model.get("playing"), true);
  there.add(4);
  assert.deepEqual([...new Set(from(2320, 2340))], [4]);
});

test("a frame that comes when it is asked for is waited for", () => {
  const there = new Set([0]);
  const asked = [];
  const frames = {
    has: (index) => there.has(index),
    comes: (index) => index < 3,
    request: (index) => asked.push(index),
  };
  const { from } = playOf({}, frames);
  assert.deepEqual([...new Set(from(2000, 2900))], [0]);
  assert.deepEqual(asked, [1]);
  there.add(1);
  from(2920, 3000);
  assert.deepEqual([...new Set(from(3020, 3400))], [1]);
  assert.deepEqual(asked, [1, 2]);
});

test("it begins when there is enough to keep the scales", () => {
  let settled = false;
  const { from } = playOf({}, { canStart: () => settled });
  assert.deepEqual([...new Set(from(1000, 2000))], [0]);
  settled = true;
  assert.deepEqual([...new Set(from(2020, 2100))], [1, 2].slice(0, 1));
});
