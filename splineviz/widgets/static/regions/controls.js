// The controls: they set traits of the model, and show what the traits are.

import { element } from "./dom.js";
import { ALL_LAYERS, NO_LAYER } from "./edges.js";
import { layerText } from "./facts.js";
import { KEY_HELP } from "./keys.js";
import { formatNumber } from "./numbers.js";
import { rangeText, showTrack } from "../track.js";

/** Milliseconds from one checkpoint to the next. */
export const SPEEDS = [
  ["0.5×", 400],
  ["1×", 200],
  ["2×", 100],
  ["4×", 50],
  ["fastest", 0],
];
const NO_COMPARISON = -1;
/** The comparison with whatever checkpoint comes before the one that is shown. */
export const THE_STEP_BEFORE = -2;
const THIS_STEP = -3;

function labelled(parent, text, control) {
  const label = element("label", "sv-control", parent);
  element("span", "", label, text);
  // The text of a label that holds a menu would have all its entries in it.
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
 * Make the controls. `change(traits)` sets traits of the model. Returns {update}: `update(get, there)`
 * shows the state that the getter gives, and the steps whose frames are there, as spans.
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
    const select = labelled(choices, text, element("select", "", null));
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
    // If the comparison is with that step already, nothing changes that would set the menu right.
    update(state);
  });

  let spans = [];
  const update = (get, there = spans) => {
    state = get;
    spans = there;
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
    showTrack(track, count, there, range);
    const told = rangeText(range, steps);
    wholeRun.hidden = !told;
    wholeRun.textContent = `${told} ✕`;
    wholeRun.setAttribute("aria-label", `${told}: let all steps play again`);
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
      ["step before", THE_STEP_BEFORE],
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
