// The time bar below the picture: play, the curves of the training, and the step that is shown.

import { element, svgElement } from "../../common/dom.js";
import { rangeText } from "../../common/step_track.js";
import { addLabel, setOptions } from "../input/controls.js";
import { formatNumber } from "../text/numbers.js";
import { captionAt, mostRegions, valueAt, withEnd } from "./run_values.js";
import { axisOf, timeScale } from "./time_axis.js";
import { bandsOf, drawTime, TIME_HEIGHTS } from "./time_drawing.js";

const TIME_MARGIN = { left: 40, right: 16 }; // CSS pixels

/** Milliseconds from one checkpoint to the next. */
export const SPEEDS = [
  ["0.5×", 400],
  ["1×", 200],
  ["2×", 100],
  ["4×", 50],
  ["fastest", 0],
];

/** Everything that is marked on the bar, by its checkpoint. */
export function marksOf({ flags, annotations, bookmarks }) {
  const named = (marks, kind) => marks.map((mark) => ({ ...mark, kind }));
  const own = bookmarks.map((index) => ({ index, name: "bookmark", kind: "bookmark" }));
  return [...named(flags, "flag"), ...named(annotations, "annotation"), ...own].sort(
    (a, b) => a.index - b.index,
  );
}

/**
 * The time bar. `change(traits)` sets traits of the model. `update(get, available)` shows the traits
 * that `get(name)` returns; `available` are the ranges of checkpoints whose frames are here.
 */
export class TimeBar {
  constructor(parent, change, signal) {
    this.change = change;
    this.signal = signal;
    this.shown = null; // what the drawing shows: it is drawn again only if this changes
    this.scale = null;
    this.width = 0;
    this.get = () => undefined;
    this.build(parent);
    const resizing = new ResizeObserver(([{ contentRect }]) => {
      this.width = Math.round(contentRect.width);
      if (this.get("steps")) this.update(this.get, this.available);
    });
    resizing.observe(this.svg);
    signal.addEventListener("abort", () => resizing.disconnect());
  }

  build(parent) {
    const row = element("div", "sv-time-row", parent);
    const button = (name, label) => {
      const node = element("button", `sv-button ${name}`, row);
      node.type = "button";
      node.setAttribute("aria-label", label);
      return node;
    };
    this.play = button("sv-play", "play");
    this.readOut = element("output", "sv-read-out", row);
    this.legend = element("div", "sv-time-legend", row);
    this.wholeRun = button("sv-range", "let all steps play again");
    this.speed = addLabel(row, "Speed", element("select", "", null));
    const loop = element("label", "sv-control", row);
    this.loop = element("input", "", loop);
    this.loop.type = "checkbox";
    this.loop.setAttribute("aria-label", "loop");
    element("span", "", loop, "loop");
    this.svg = svgElement("svg", { class: "sv-time", tabindex: 0 }, parent);
    this.svg.setAttribute("role", "slider");
    this.svg.setAttribute("aria-label", "training step");
    this.still = svgElement("g", {}, this.svg);
    this.cursor = svgElement("g", { class: "sv-time-cursor" }, this.svg);
    this.needle = svgElement("line", { y1: 4 }, this.cursor);
    this.knob = svgElement("circle", { r: 6 }, this.cursor);
    this.setHeight(TIME_HEIGHTS.usual);
    this.caption = element("div", "sv-caption", parent);
    this.caption.setAttribute("role", "status");
    const listen = (node, type, handler) =>
      node.addEventListener(type, handler, { signal: this.signal });
    listen(this.play, "click", () => this.change({ playing: !this.get("playing") }));
    listen(this.wholeRun, "click", () => this.change({ play_range: [] }));
    listen(this.speed, "change", () => this.change({ interval: Number(this.speed.value) }));
    listen(this.loop, "change", () => this.change({ loop: this.loop.checked }));
    listen(this.svg, "pointerdown", (event) => this.press(event));
    listen(this.svg, "pointermove", (event) => this.drag(event));
  }

  /** Make the bar as high as that, in CSS pixels. */
  setHeight(height) {
    if (this.height === height) return;
    this.height = height;
    const { track } = bandsOf(height);
    this.svg.setAttribute("height", height);
    this.needle.setAttribute("y2", track.top + track.height);
    this.knob.setAttribute("cy", track.top + track.height / 2);
    this.shown = null;
    if (this.get("steps")) this.update(this.get);
  }

  press(event) {
    if (event.button !== 0 || !this.scale) return;
    const flag = event.target.closest?.("[data-index]");
    this.end = event.target.closest?.("[data-end]")?.dataset.end ?? null;
    this.svg.focus({ preventScroll: true });
    if (flag) {
      this.change({ index: Number(flag.dataset.index) });
      return;
    }
    this.svg.setPointerCapture(event.pointerId);
    if (!this.end) this.drag(event);
  }

  drag(event) {
    if (!this.svg.hasPointerCapture(event.pointerId)) return;
    const box = this.svg.getBoundingClientRect();
    const index = this.scale.indexAt(((event.clientX - box.left) / box.width) * this.width);
    if (!this.end) {
      if (index !== this.get("index")) this.change({ index });
      return;
    }
    const [range, count] = [this.get("play_range"), this.get("count")];
    this.change({ play_range: withEnd(range, this.end, index, count) });
  }

  update(get, available = this.available ?? []) {
    this.get = get;
    this.available = available;
    const [steps, count, index] = [get("steps"), get("count"), get("index")];
    this.showStep(steps, count, index);
    const range = get("play_range");
    const text = rangeText(range, steps);
    this.wholeRun.hidden = !text;
    this.wholeRun.textContent = `${text} ✕`;
    const interval = get("interval");
    const isListed = SPEEDS.some(([, ms]) => ms === interval);
    setOptions(this.speed, isListed ? SPEEDS : [...SPEEDS, [`${interval} ms`, interval]], interval);
    this.loop.checked = get("loop");
    for (const control of [this.speed, this.loop]) control.disabled = count < 2;
    if (!this.width || !count) return;
    this.draw(available);
    this.cursor.setAttribute("transform", `translate(${this.scale.x(steps[index])} 0)`);
  }

  /** Draw what does not change from step to step, if it has changed. */
  draw(available) {
    const { get, width } = this;
    const names = ["steps", "curves", "region_counts", "flags", "annotations", "bookmarks", "play_range"];
    const facts = [width, JSON.stringify(available), ...names.map(get)];
    if (this.shown?.every((fact, k) => fact === facts[k])) return;
    this.shown = facts;
    const [steps, curves] = [get("steps"), get("curves")];
    const axis = curves.axis ?? axisOf(steps);
    this.scale = timeScale(axis, steps, TIME_MARGIN.left, width - TIME_MARGIN.right);
    const marks = marksOf({ flags: get("flags"), annotations: get("annotations"), bookmarks: get("bookmarks") });
    const counts = get("region_counts");
    drawTime(this.still, this.scale, bandsOf(this.height), { axis, curves, steps, counts, marks, available, range: get("play_range") });
    this.buildLegend(curves.lines ?? [], mostRegions(counts));
  }

  /** The names of the curves, each beside a sample of its line and its value at the step. */
  buildLegend(lines, most) {
    this.legend.replaceChildren();
    this.entries = lines.map((line) => {
      const entry = element("span", "sv-entry", this.legend);
      const sample = svgElement("svg", { width: 20, height: 8, "aria-hidden": "true" }, entry);
      const style = { stroke: line.color, "stroke-dasharray": line.dash, class: "sv-time-curve" };
      svgElement("line", { ...style, x1: 0, x2: 20, y1: 4, y2: 4 }, sample);
      element("span", "", entry, line.name);
      return { line, value: element("span", "sv-value", entry) };
    });
    this.counted = null;
    if (most) {
      const entry = element("span", "sv-entry", this.legend);
      element("span", "sv-time-swatch", entry);
      element("span", "", entry, "linear regions");
      this.counted = element("span", "sv-value", entry);
    }
    this.showValues();
  }

  showValues() {
    const [steps, index] = [this.get("steps"), this.get("index")];
    for (const { line, value } of this.entries ?? []) {
      const known = valueAt(line.pieces, steps[index]);
      value.textContent = known === null ? "–" : formatNumber(known);
    }
    const count = this.get("region_counts")[index];
    if (this.counted) this.counted.textContent = (count ?? null) === null ? "–" : formatNumber(count);
  }

  showStep(steps, count, index) {
    const { get } = this;
    const step = formatNumber(steps[index]);
    this.readOut.textContent = `step ${step} (${index + 1} of ${count})`;
    const playing = get("playing");
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", playing ? "pause" : "play");
    this.play.disabled = count < 2;
    this.svg.setAttribute("aria-disabled", String(count < 2));
    this.svg.setAttribute("aria-valuemin", 0);
    this.svg.setAttribute("aria-valuemax", Math.max(0, count - 1));
    this.svg.setAttribute("aria-valuenow", index);
    this.svg.setAttribute("aria-valuetext", `step ${step}`);
    const note = get("annotations").filter((mark) => mark.index === index).map((mark) => mark.name);
    this.caption.textContent = [...note, captionAt(get("flags"), index)].filter(Boolean).join(" · ");
    this.caption.setAttribute("aria-live", playing ? "off" : "polite");
    this.showValues();
  }
}
