import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel, linkModel, settled } from "./fakes.mjs";
import { load } from "./load.mjs";

const js = await load("common/play_link.js");
const range = { first: 0, last: 50 };

test("where all can be shown, each count is a step", () => {
  assert.deepEqual(js.advance(7, { index: 6, available: null, ...range }), { index: 7, count: 7 });
  assert.deepEqual(js.advance(0, { index: 50, available: null, ...range }), { index: 0, count: 0 });
});

test("a step stays until the next that can be shown, though not for long", () => {
  const available = [0, 3, 25, 50];
  const seen = [];
  for (let index = 0, count = 0, k = 0; k < 24; k++) {
    const next = js.advance(count === 50 ? 0 : count + 1, { index, available, ...range });
    ({ index, count } = next);
    seen.push(index);
  }
  assert.deepEqual([...new Set(seen)], available);
  assert.deepEqual(seen.slice(0, 8), [0, 0, 3, 3, 3, 3, 3, 25]);
});

test("nothing moves while there is nothing else to be seen", () => {
  const only = { index: 4, available: [4], ...range };
  assert.deepEqual(js.advance(5, only), { index: 4, count: 4 });
  assert.deepEqual(js.advance(5, { index: 4, available: [], ...range }), { index: 4, count: 4 });
  // What can be shown lies outside of what plays.
  assert.deepEqual(js.advance(5, { index: 4, available: [4, 9], first: 4, last: 8 }), {
    index: 4,
    count: 4,
  });
});

test("the cursor and the play button go together", async () => {
  const cursor = new FakeModel({ index: 2, available: [0, 2, 3] });
  const play = new FakeModel({ value: 0, min: 0, max: 5 });
  const model = linkModel({ c: cursor, p: play }, { source: "IPY_MODEL_c", target: "IPY_MODEL_p" });
  const stop = js.default.initialize({ model });
  await settled();
  assert.equal(play.get("value"), 2);
  play.set("value", 3);
  assert.equal(cursor.get("index"), 3);
  play.set("value", 4); // steps 4 and 5 cannot be shown
  assert.deepEqual([cursor.get("index"), play.get("value")], [3, 4]);
  cursor.set("index", 1); // a user may go anywhere
  assert.equal(play.get("value"), 1);
  stop();
  cursor.set("index", 5);
  assert.equal(play.get("value"), 1);
});
