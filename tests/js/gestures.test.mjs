// Mouse and fingers on a plot that is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("player");

/** A plot at (100, 50) in the window, and what was done on it. */
function plotWithActs() {
  const plot = new EventTarget();
  plot.focus = () => {};
  plot.setPointerCapture = () => {};
  plot.getBoundingClientRect = () => ({ left: 100, top: 50 });
  const done = [];
  const names = ["point", "click", "move", "zoom", "showAll", "rest"];
  const note = (name) => (...values) => done.push([name, ...values]);
  const gestures = new js.Gestures(
    plot,
    Object.fromEntries(names.map((name) => [name, note(name)])),
    new AbortController().signal,
  );
  const send = (type, pointerId, x, y, more = {}) => {
    const at = { pointerId, clientX: 100 + x, clientY: 50 + y, button: 0, altKey: false, ...more };
    plot.dispatchEvent(Object.assign(new Event(type), at));
    return done.splice(0);
  };
  return { gestures, send };
}
const zooms = (actions) => actions.filter(([name]) => name === "zoom");
const moves = (actions) => actions.filter(([name]) => name === "move");

test("a click, that may tremble", () => {
  const { send } = plotWithActs();
  send("pointerdown", 1, 10, 10);
  assert.deepEqual(moves(send("pointermove", 1, 12, 11)), []);
  assert.deepEqual(send("pointerup", 1, 12, 11), [["click", { x: 12, y: 11 }, false]]);
});

test("moving the picture, and pointing at it", () => {
  const { gestures, send } = plotWithActs();
  assert.deepEqual(send("pointermove", 1, 5, 6), [["point", { x: 5, y: 6 }]]);
  send("pointerdown", 1, 10, 10);
  assert.ok(gestures.isPressed);
  assert.deepEqual(moves(send("pointermove", 1, 30, 5)), [["move", 20, -5]]);
  assert.deepEqual(send("pointerup", 1, 30, 5), [["rest"]]);
  assert.ok(!gestures.isPressed);
  assert.deepEqual(send("pointerleave", 1, 0, 0), [["point", null]]);
});

test("two fingers enlarge about their middle", () => {
  const { send } = plotWithActs();
  send("pointerdown", 1, 100, 100);
  send("pointerdown", 2, 200, 100);
  // The second goes to the right: twice as far apart, the middle 50 further.
  const actions = send("pointermove", 2, 300, 100);
  assert.deepEqual(actions, [
    ["move", 50, 0],
    ["zoom", 2, { x: 200, y: 100, spread: 200 }],
    ["point", null],
  ]);
  assert.equal(zooms(send("pointermove", 1, 200, 100))[0][1], 0.5);
});

test("a finger that stays when the other is lifted goes on without a jump", () => {
  const { gestures, send } = plotWithActs();
  send("pointerdown", 1, 100, 100);
  send("pointerdown", 2, 200, 100);
  assert.deepEqual(send("pointerup", 1, 100, 100), []);
  assert.ok(gestures.isPressed);
  const actions = send("pointermove", 2, 203, 104);
  assert.deepEqual(moves(actions), [["move", 3, 4]]);
  assert.deepEqual(zooms(actions), []);
  assert.deepEqual(send("pointerup", 2, 203, 104), [["rest"]]);
});

test("two fingers that tap are no click", () => {
  const { send } = plotWithActs();
  send("pointerdown", 1, 100, 100);
  send("pointerdown", 2, 200, 100);
  send("pointerup", 2, 200, 100);
  assert.deepEqual(send("pointerup", 1, 100, 100), [["rest"]]);
});

test("a third finger does nothing", () => {
  const { send } = plotWithActs();
  send("pointerdown", 1, 100, 100);
  send("pointerdown", 2, 200, 100);
  send("pointerdown", 3, 50, 50);
  assert.deepEqual(send("pointermove", 3, 90, 90), []);
  assert.deepEqual(send("pointerup", 3, 90, 90), []);
});

test("fingers that touch each other do not enlarge without end", () => {
  const { send } = plotWithActs();
  send("pointerdown", 1, 100, 100);
  send("pointerdown", 2, 100, 100);
  assert.equal(zooms(send("pointermove", 2, 105, 100))[0][1], 1);
});

test("a pointer that is lost lets go", () => {
  const { gestures, send } = plotWithActs();
  send("pointerdown", 1, 100, 100);
  assert.deepEqual(send("lostpointercapture", 1, 100, 100), [["rest"]]);
  assert.ok(!gestures.isPressed);
});

test("other buttons do nothing", () => {
  const { gestures, send } = plotWithActs();
  send("pointerdown", 1, 100, 100, { button: 2 });
  assert.ok(!gestures.isPressed);
  assert.deepEqual(send("pointerup", 1, 100, 100), []);
});

test("the wheel enlarges about where the mouse is, though it tells whole pixels only", () => {
  globalThis.document = { activeElement: null };
  const { send } = plotWithActs();
  const turn = (x, y, more) => send("wheel", 1, x, y, { deltaY: -30, ctrlKey: true, ...more });
  assert.deepEqual(turn(20, 30), [["zoom", Math.exp(0.1), { x: 20, y: 30 }]]);
  send("pointermove", 1, 20.5, 30.75);
  assert.deepEqual(turn(20, 30)[0][2], { x: 20.5, y: 30.75 });
  assert.deepEqual(turn(25, 30)[0][2], { x: 25, y: 30 });
  // Three lines of a mouse are about as far as 48 pixels.
  assert.equal(turn(25, 30, { deltaY: -3, deltaMode: 1 })[0][1], Math.exp(48 / 300));
  // Without ctrl, a picture that has no focus leaves the wheel to the page.
  assert.deepEqual(turn(25, 30, { ctrlKey: false }), []);
});
