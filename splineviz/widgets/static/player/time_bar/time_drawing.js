// The drawing in the time bar: curves, number of regions, what is here already, flags and handles.

import { svgElement } from "../../common/dom.js";
import { shortStep, timeTicks } from "./time_axis.js";
import { mostRegions, playedRange } from "./run_values.js";

/** CSS pixels: flags stand at the top, then the curves, the track with its handles, the ticks. */
export const TIME_HEIGHT = 112;
export const TRACK = { top: 84, height: 8 };
const CURVES = { top: 16, bottom: 80 };
const TICK_TEXT = 108;
const [TICKS_APART, LABEL_APART] = [34, 8]; // CSS pixels
const LETTER = 5.6; // CSS pixels: the mean width of a letter of a flag
const MARKS = { flag: "▾", annotation: "✎", bookmark: "★" };

/** Draw the axis: ticks of the steps below, of the values at the left. */
function drawTimeAxis(group, scale, axis, values) {
  let free = -Infinity;
  for (const step of timeTicks(axis)) {
    const x = scale.x(step);
    svgElement("line", { x1: x, x2: x, y1: CURVES.bottom, y2: TRACK.top + TRACK.height + 3, class: "sv-time-tick" }, group);
    if (x < free) continue;
    free = x + TICKS_APART;
    svgElement("text", { x, y: TICK_TEXT, "text-anchor": "middle" }, group, shortStep(step));
  }
  if (!values) return;
  const { ticks } = values;
  for (const value of [ticks[0], ticks[ticks.length - 1]]) {
    const y = heightOf(value, ticks);
    const ends = { x1: scale.start, x2: scale.end, y1: y, y2: y };
    svgElement("line", { ...ends, class: "sv-time-level" }, group);
    const place = { x: scale.start - 6, y: y + 4, "text-anchor": "end" };
    svgElement("text", place, group, String(Number(value.toPrecision(3))));
  }
}

function heightOf(value, ticks) {
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  return CURVES.bottom - ((value - low) / (high - low)) * (CURVES.bottom - CURVES.top);
}

/** Draw the number of regions as an area; checkpoints where it is unknown leave a gap. */
function drawCounts(group, scale, steps, counts) {
  const most = mostRegions(counts);
  if (!most) return;
  const height = (count) => CURVES.bottom - (count / most) * (CURVES.bottom - CURVES.top);
  let points = [];
  const finish = () => {
    if (points.length) {
      const [first, last] = [points[0][0], points[points.length - 1][0]];
      const outline = [[first, CURVES.bottom], ...points, [last, CURVES.bottom]];
      svgElement("polygon", { points: outline.join(" "), class: "sv-time-counts" }, group);
    }
    points = [];
  };
  steps.forEach((step, index) => {
    const count = counts[index];
    if (count === null || count === undefined) finish();
    else points.push([scale.x(step), height(count)]);
  });
  finish();
}

function drawLinesOf(group, scale, { lines, values }) {
  for (const { color, dash, pieces } of lines) {
    const style = { stroke: color, "stroke-dasharray": dash, class: "sv-time-curve" };
    for (const [steps, heights] of pieces) {
      const at = steps.map((step, k) => [scale.x(step), heightOf(heights[k], values.ticks)]);
      svgElement("polyline", { ...style, points: at.join(" ") }, group);
      // A line through one point cannot be seen.
      if (at.length > 1) continue;
      svgElement("circle", { cx: at[0][0], cy: at[0][1], r: 2.5, fill: color }, group);
    }
  }
}

/** Draw the track: which frames are here (ranges of checkpoints), and which of them play. */
function drawTrack(group, scale, { steps, available, range }) {
  const count = steps.length;
  const bar = (first, last, name) => {
    const x = first === 0 ? scale.start : (scale.x(steps[first]) + scale.x(steps[first - 1])) / 2;
    const end =
      last === count - 1 ? scale.end : (scale.x(steps[last]) + scale.x(steps[last + 1])) / 2;
    const box = { x, width: Math.max(1, end - x), y: TRACK.top, height: TRACK.height };
    svgElement("rect", { ...box, class: name }, group);
  };
  bar(0, count - 1, "sv-time-track");
  for (const [first, last] of available) bar(first, last, "sv-time-here");
  if (range.length) bar(...range, "sv-time-range");
  const [first, last] = playedRange(range, count);
  for (const [end, index] of [["first", first], ["last", last]]) {
    const x = scale.x(steps[index]) + (end === "first" ? -7 : 1);
    const box = { x, y: TRACK.top - 3, width: 6, height: TRACK.height + 6, rx: 2 };
    const handle = svgElement("rect", { ...box, class: "sv-time-handle", "data-end": end }, group);
    svgElement("title", {}, handle, `drag: the ${end} step that plays`);
  }
}

/** Draw flags, annotations and bookmarks: a line and a mark, and the name if there is room. */
function drawFlags(group, scale, steps, marks) {
  marks.forEach(({ index, step, name, kind }, k) => {
    const x = scale.x(step ?? steps[index]);
    const flag = svgElement("g", { class: `sv-time-flag sv-${kind}`, "data-index": index }, group);
    svgElement("title", {}, flag, name);
    svgElement("line", { x1: x, x2: x, y1: 10, y2: CURVES.bottom }, flag);
    svgElement("text", { x, y: 10, "text-anchor": "middle" }, flag, MARKS[kind]);
    const next = marks[k + 1];
    const room = (next ? scale.x(next.step ?? steps[next.index]) : scale.end) - x - 2 * LABEL_APART;
    if (LETTER * name.length > room) return;
    svgElement("text", { x: x + LABEL_APART, y: 10, class: "sv-time-name" }, flag, name);
  });
}

/** Draw all that does not change from step to step. */
export function drawTime(group, scale, facts) {
  group.replaceChildren();
  const { axis, curves, steps, counts, marks } = facts;
  const hasLines = curves.lines?.length > 0;
  drawTimeAxis(group, scale, axis, hasLines ? curves.values : null);
  drawCounts(group, scale, steps, counts);
  if (hasLines) drawLinesOf(group, scale, curves);
  drawTrack(group, scale, facts);
  drawFlags(group, scale, steps, marks);
}
