// Key presses on the player and on its picture: from an event to a step, a zoom or a selection.

import { withEnd } from "../time_bar/run_values.js";
import { indexAfterKey, moveOfKey, zoomOfKey } from "./keymap.js";

const CROSS_HAIR_STEP = 10; // CSS pixels

/** Whether an element needs its keys itself, such as a menu or a button. */
function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT|BUTTON|SUMMARY)$/.test(target.tagName);
}

/**
 * Handle a key on the picture; returns whether the key does anything there. `actions` has
 * `zoom(factor)`, `showAll()`, `moveCrossHair([dx, dy])`, `pin()`, `markNeuron()` and `release()`,
 * which returns whether anything was selected.
 */
export function handlePlotKey({ key, shiftKey }, actions) {
  const [zoom, move] = [zoomOfKey(key), moveOfKey(key)];
  if (shiftKey && move) actions.moveCrossHair(move.map((steps) => CROSS_HAIR_STEP * steps));
  else if (zoom === 0) actions.showAll();
  else if (zoom !== null) actions.zoom(zoom);
  else if (key === "Enter") actions.pin();
  else if (key.toLowerCase() === "n") actions.markNeuron();
  else return key === "Escape" && actions.release();
  return true;
}

/** The numbers without one of them if it is among them, or else with it, in order. */
function toggled(numbers, number) {
  const others = numbers.filter((other) => other !== number);
  return others.length < numbers.length ? others : [...numbers, number].sort((a, b) => a - b);
}

/**
 * Handle a key that is pressed anywhere in the player: go to another step or play, with
 * `actions.change(traits)`, or act on the picture.
 */
export function handleKey(event, model, { root, plot }, actions) {
  const { key, target } = event;
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || isTyping(target)) return;
  const [index, count] = [model.get("index"), model.get("count")];
  if (key === " ") {
    if (count < 2) return;
    actions.change({ playing: !model.get("playing") });
  } else if (key.toLowerCase() === "b") {
    actions.change({ bookmarks: toggled(model.get("bookmarks"), index) });
  } else if (key === "[" || key === "]") {
    const end = key === "[" ? "first" : "last";
    actions.change({ play_range: withEnd(model.get("play_range"), end, index, count) });
  } else if (target !== plot || !handlePlotKey(event, actions)) {
    const next = root.contains(target) ? indexAfterKey(key, index, count) : null;
    if (next === null) return;
    if (next !== index) actions.change({ index: next });
  }
  event.preventDefault();
}
