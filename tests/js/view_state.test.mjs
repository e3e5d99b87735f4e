// What a viewer has chosen, as an address and as a line of Python.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");
const traits = {
  steps: [0, 10, 100],
  index: 1,
  colorings: [{ name: "slope" }, { name: "my own & more" }],
  coloring: 1,
  compare: -1,
  show_boundary: true,
  show_points: true,
  viewport: [],
};
const getter = (changed = {}) => (name) => ({ ...traits, ...changed })[name];

test("a new player's state is its step and its color", () => {
  assert.deepEqual(js.stateOf(getter()), { step: 10, color: "my own & more" });
});

test("an address shows the same again", () => {
  for (const changed of [
    {},
    { compare: 2, show_points: false },
    { compare: -2, show_boundary: false, viewport: [-0.5, 0, 0.25, 1] },
  ]) {
    const address = `#${js.addressOf(js.stateOf(getter(changed)))}`;
    const { index, coloring, ...others } = js.traitsOfAddress(address, getter());
    assert.deepEqual([index, coloring], [1, 1]);
    assert.deepEqual(others, changed);
  }
});

test("what an address cannot mean is left out", () => {
  for (const address of ["", "#", "#step=7&color=none&compare=x&view=1,2,3&data=maybe", "#view=1,1,0,2", "#view=a,b,c,d", "#step=&compare="]) {
    assert.deepEqual(js.traitsOfAddress(address, getter()), {});
  }
});

test("the state as a line of Python", () => {
  const state = js.stateOf(getter({ show_points: false, viewport: [0, 0, 1, 0.5] }));
  assert.equal(
    js.pythonOf(state),
    'player.state = {"step": 10, "color": "my own & more", "data": False, "view": [0,0,1,0.5]}',
  );
});

test("a snapshot has room for the time bar", () => {
  const alone = js.snapshotLayout({ width: 400, height: 300 }, 0, 0);
  assert.deepEqual([alone.width, alone.height], [484, 380]);
  const both = js.snapshotLayout({ width: 400, height: 300 }, 900, 112);
  assert.deepEqual([both.width, both.height], [900, 388 + 112]);
});
