// The row of controls: each sets a trait of the model and shows its value.

import { element } from "../../common/dom.js";
import { rangeText, showTrack } from "../../common/step_track.js";
import { NO_COMPARISON, PREVIOUS_STEP } from "../drawing/appearance.js";
import { ALL_LAYERS, NO_LAYER } from "../frames/drawn_edges.js";
import { layerText } from "../text/labels.js";
import { formatNumber } from "../text/numbers.js";
import { KEY_HELP } from "./keymap.js";

/** Milliseconds from one checkpoint to the next. */
export const SPEEDS = [
  ["0.5×", 400],
  ["1×", 200],
  ["2×", 100],
  ["4×", 50],
  ["fastest", 0],
];
const THIS_STEP = -3; // an entry of the menu only: it becomes the number of the step shown

function addLabel(parent, text, control) {
  const label = element("label", "sv-control", parent);
  element("span", "", label, text);
  // Without aria-label, the label's text would contain all entries of the menu.
  control.setAttribute("aria-label", text);
  label.append(control);
  return control;
}

function setOptions(select, options, value) {
  const same =
    select.options.length === options.length &&
    options.every(([text], k) => select.options[k].textContent === text);
  if (!same) {
    select.replaceChildren();
    for (const [text, key] of options) element("option", "", select, text).value = key;
  }
  select.value = value;
}

/**
 * Build the controls. `change(traits)` sets traits of the model. Returns {update}:
 * `update(get, available)` shows the traits that `get(name)` returns, and the ranges of steps whose
 * frames are available.
 */
export function buildControls(parent, change, signal) {
  const listen = (node, type, handler) => node.addEventListener(type, handler, { signal });
  const transport = element("div", "sv-control-row", parent);
  const play = element("button", "sv-button sv-play", transport);
  play.type = "button";
  const rail = element("div", "sv-rail", transport);
  const slider = element("input", "sv-slider", rail);
  const track = element("div", "sv-track", rail);
  Object.assign(slider, { type: "range", min: 0, step: 1 });
  slider.setAttribute("aria-label", "training step");
  const readOut = element("output", "sv-read-out", transport);
  const wholeRun = element("button", "sv-button sv-range", transport);
  wholeRun.type = "button";
  wholeRun.title = "Let all steps play again";

  const choices = element("div", "sv-control-row", parent);
  const menu = (text, trait, parse = Number) => {
    const select = addLabel(choices, text, element("select", "", null));
    if (trait) listen(select, "change", () => change({ [trait]: parse(select.value) }));
    return select;
  };
  const box = (text, trait) => {
    const input = element("input", "");
    input.type = "checkbox";
    const label = element("label", "sv-control", choices);
    label.append(input, element("span", "", null, text));
    input.setAttribute("aria-label", text);
    listen(input, "change", () => change({ [trait]: input.checked }));
    return input;
  };
  const color = menu("Color", "coloring");
  const scale = menu("Scale", "frame_scale", (value) => value === "true");
  const layer = menu("Lines", "layer");
  const compare = menu("Compare", null);
  const speed = menu("Speed", "interval");
  const loop = box("loop", "loop");
  const boundary = box("", "show_boundary");
  const points = box("data", "show_points");
  const help = element("details", "sv-keys", choices);
  element("summary", "", help, "keys");
  const keys = element("div", "sv-key-list", help);
  for (const [key, meaning] of KEY_HELP) {
    element("kbd", "", keys, key);
    element("span", "", keys, meaning);
  }

  let state = () => undefined;
  listen(play, "click", () => change({ playing: !state("playing") }));
  listen(slider, "input", () => change({ index: Number(slider.value) }));
  listen(wholeRun, "click", () => change({ play_range: [] }));
  listen(compare, "change", () => {
    const value = Number(compare.value);
    change({ compare: value === THIS_STEP ? state("index") : value });
    // If this step is compared with already, no trait changes: set the menu here.
    update(state);
  });

  let availableRanges = [];
  const update = (get, available = availableRanges) => {
    state = get;
    availableRanges = available;
    const lineName = get("line_name");
    boundary.setAttribute("aria-label", lineName);
    boundary.nextSibling.textContent = lineName;
    const [count, index, steps] = [get("count"), get("index"), get("steps")];
    const step = formatNumber(steps[index]);
    slider.max = Math.max(1, count - 1);
    slider.value = index;
    slider.disabled = play.disabled = count < 2;
    slider.setAttribute("aria-valuetext", `step ${step}`);
    readOut.textContent = `step ${step} (${index + 1} of ${count})`;
    const range = get("play_range");
    showTrack(track, count, available, range);
    const rangeLabel = rangeText(range, steps);
    wholeRun.hidden = !rangeLabel;
    wholeRun.textContent = `${rangeLabel} ✕`;
    wholeRun.setAttribute("aria-label", `${rangeLabel}: let all steps play again`);
    const playing = get("playing");
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "pause" : "play");
    setOptions(color, get("colorings").map(({ title }, k) => [title, k]), get("coloring"));
    const scales = [["whole run", false], ["this step", true]];
    setOptions(scale, scales, get("frame_scale"));
    const category = get("colorings")[get("coloring")].scale === "category";
    scale.disabled = category || get("compare") !== NO_COMPARISON;
    const layers = get("layers").map(([name], k) => [`${layerText(k, name)} only`, k]);
    setOptions(layer, [["all layers", ALL_LAYERS], ...layers, ["none", NO_LAYER]], get("layer"));
    const compared = get("compare");
    const fixed = compared >= 0 ? [[`step ${formatNumber(steps[compared])}`, compared]] : [];
    const options = [
      ["off", NO_COMPARISON],
      ["step before", PREVIOUS_STEP],
      ["this step", THIS_STEP],
      ...fixed,
    ];
    setOptions(compare, options, compared);
    const speeds = SPEEDS.some(([, ms]) => ms === get("interval"))
      ? SPEEDS
      : [...SPEEDS, [`${get("interval")} ms`, get("interval")]];
    setOptions(speed, speeds, get("interval"));
    loop.checked = get("loop");
    boundary.checked = get("show_boundary");
    boundary.setAttribute("aria-label", get("line_name"));
    boundary.nextSibling.textContent = get("line_name");
    points.checked = get("show_points");
    for (const control of [compare, speed, loop]) control.disabled = count < 2;
  };
  return { update };
}
