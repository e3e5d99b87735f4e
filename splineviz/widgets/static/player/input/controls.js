// The row of controls: each sets a trait of the model and shows its value.

import { element } from "../../common/dom.js";
import { NO_COMPARISON, PREVIOUS_STEP } from "../drawing/appearance.js";
import { ALL_LAYERS, NO_LAYER } from "../frames/drawn_edges.js";
import { layerText } from "../text/labels.js";
import { formatNumber } from "../text/numbers.js";
import { KEY_HELP } from "./keymap.js";

const THIS_STEP = -3; // an entry of the menu only: it becomes the number of the step shown

export function addLabel(parent, text, control) {
  const label = element("label", "sv-control", parent);
  element("span", "", label, text);
  // Without aria-label, the label's text would contain all entries of the menu.
  control.setAttribute("aria-label", text);
  label.append(control);
  return control;
}

export function setOptions(select, options, value) {
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
 * Build the row of menus. `change(traits)` sets traits of the model. Returns {update, row}:
 * `update(get)` shows the traits that `get(name)` returns; `row` is the element.
 */
export function buildControls(parent, change, signal) {
  const listen = (node, type, handler) => node.addEventListener(type, handler, { signal });
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
  listen(compare, "change", () => {
    const value = Number(compare.value);
    change({ compare: value === THIS_STEP ? state("index") : value });
    // If this step is compared with already, no trait changes: set the menu here.
    update(state);
  });

  const update = (get) => {
    state = get;
    const lineName = get("line_name");
    boundary.setAttribute("aria-label", lineName);
    boundary.nextSibling.textContent = lineName;
    const steps = get("steps");
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
    boundary.checked = get("show_boundary");
    boundary.setAttribute("aria-label", get("line_name"));
    boundary.nextSibling.textContent = get("line_name");
    points.checked = get("show_points");
    compare.disabled = get("count") < 2;
  };
  return { update, row: choices };
}
