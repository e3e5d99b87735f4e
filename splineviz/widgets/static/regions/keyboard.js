// Keys on the player and on its picture.

import { indexAfterKey, moveOfKey, zoomOfKey } from "./keys.js";

const CROSS_HAIR_STEP = 10; // CSS pixels

/** Whether keys that are pressed there belong to the control itself. */
function isTyping(target) {
  if (target.classList.contains("sv-slider")) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT|BUTTON|SUMMARY)$/.test(target.tagName);
}

/**
 * Let a key act on the picture; returns whether it means anything there. `acts` has what it may do:
 * `zoom(factor)`, `everything()`, `moveCrossHair([dx, dy])`, `pin()`, `markNeuron()` and `letGo()`,
 * which returns whether there was anything to let go of.
 */
export function pressOnPicture({ key, shiftKey }, acts) {
  const [zoom, move] = [zoomOfKey(key), moveOfKey(key)];
  if (shiftKey && move) acts.moveCrossHair(move.map((steps) => CROSS_HAIR_STEP * steps));
  else if (zoom === 0) acts.everything();
  else if (zoom !== null) acts.zoom(zoom);
  else if (key === "Enter") acts.pin();
  else if (key.toLowerCase() === "n") acts.markNeuron();
  else return key === "Escape" && acts.letGo();
  return true;
}

/**
 * Let a key that is pressed somewhere in the player act on the traits, with `acts.change(traits)`,
 * or on the picture.
 */
export function press(event, model, { root, plot }, acts) {
  const { key, target } = event;
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || isTyping(target)) return;
  const [index, count] = [model.get("index"), model.get("count")];
  if (key === " ") {
    if (count < 2) return;
    acts.change({ playing: !model.get("playing") });
  } else if (target !== plot || !pressOnPicture(event, acts)) {
    const next = root.contains(target) ? indexAfterKey(key, index, count) : null;
    if (next === null) return;
    if (next !== index) acts.change({ index: next });
  }
  event.preventDefault();
}
