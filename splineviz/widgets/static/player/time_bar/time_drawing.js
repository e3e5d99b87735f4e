// The drawing in the time bar: curves, number of regions, what is here already, flags and handles.

import { svgElement } from "../../common/dom.js";
import { shortStep, timeTicks } from "./time_axis.js";
import { mostRegions, playedRange } from "./run_values.js";

/** The heights of the bar, in CSS pixels; it is lower where the picture needs the room. */
export const TIME_HEIGHTS = { usual: 112, low: 76 };

/** Where the parts of a bar stand: flags at the top, the curves, the track, the ticks. */
export function bandsOf(height) {
  return {
    curves: { top: 16, bottom: height - 32 },
    track: { top: height - 28, height: 8 },
    ticks: height - 4,
  };
}

const [TICKS_APART, LABEL_APART] = [34, 8]; // CSS pixels
const LETTER = 5.6; // CSS pixels: the mean width of a letter of a flag
const MARKS = { flag: "▾", annotation: "✎", bookmark: "★" };

/** Draw the axis: ticks of the steps below, of the values at the left. */
function drawTimeAxis(group, scale, bands, axis, values) {
  let free = -Infinity;
  for (const step of timeTicks(axis)) {
    const x = scale.x(step);
    const ends = { x1: x, x2: x, y1: bands.curves.bottom, y2: bands.ticks - 12 };
    svgElement("line", { ...ends, class: "sv-time-tick" }, group);
    if (x < free) continue;
    free = x + TICKS_APART;
    svgElement("text", { x, y: bands.ticks, "text-anchor": "middle" }, group, shortStep(step));
  }
  if (!values) return;
  const { ticks } = values;
  for (const value of [ticks[0], ticks[ticks.length - 1]]) {
    const y = heightOf(value, ticks, bands);
    const ends = { x1: scale.start, x2: scale.end, y1: y, y2: y };
    svgElement("line", { ...ends, class: "sv-time-level" }, group);
    const place = { x: scale.start - 6, y: y + 4, "text-anchor": "end" };
    svgElement("text", place, group, String(Number(value.toPrecision(3))));
  }
}

function heightOf(value, ticks, { curves }) {
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  return curves.bottom - ((value - low) / (high - low)) * (curves.bottom - curves.top);
}

/** Draw the number of regions as an area; checkpoints where it is unknown leave a gap. */
function drawCounts(group, scale, { curves }, steps, counts) {
  const most = mostRegions(counts);
  if (!most) return;
  const height = (count) => curves.bottom - (count / most) * (curves.bottom - curves.top);
  let points = [];
  const finish = () => {
    if (points.length) {
      const [first, last] = [points[0][0], points[points.length - 1][0]];
      const outline = [[first, curves.bottom], ...points, [last, curves.bottom]];
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

function drawLinesOf(group, scale, bands, { lines, values }) {
  for (const { color, dash, pieces } of lines) {
    const style = { stroke: color, "stroke-dasharray": dash, class: "sv-time-curve" };
    for (const [steps, heights] of pieces) {
      const at = steps.map((step, k) => [scale.x(step), heightOf(heights[k], values.ticks, bands)]);
      svgElement("polyline", { ...style, points: at.join(" ") }, group);
      // A line through one point cannot be seen.
      if (at.length > 1) continue;
      svgElement("circle", { cx: at[0][0], cy: at[0][1], r: 2.5, fill: color }, group);
    }
  }
}

/** Draw the track: which frames are here (ranges of checkpoints), and which of them play. */
function drawTrack(group, scale, { track }, { steps, available, range }) {
  const count = steps.length;
  const bar = (first, last, name) => {
    const x = first === 0 ? scale.start : (scale.x(steps[first]) + scale.x(steps[first - 1])) / 2;
    const end =
      last === count - 1 ? scale.end : (scale.x(steps[last]) + scale.x(steps[last + 1])) / 2;
    const box = { x, width: Math.max(1, end - x), y: track.top, height: track.height };
    svgElement("rect", { ...box, class: name }, group);
  };
  bar(0, count - 1, "sv-time-track");
  for (const [first, last] of available) bar(first, last, "sv-time-here");
  if (range.length) bar(...range, "sv-time-range");
  const [first, last] = playedRange(range, count);
  for (const [end, index] of [["first", first], ["last", last]]) {
    const x = scale.x(steps[index]) + (end === "first" ? -7 : 1);
    const box = { x, y: track.top - 3, width: 6, height: track.height + 6, rx: 2 };
    const handle = svgElement("rect", { ...box, class: "sv-time-handle", "data-end": end }, group);
    svgElement("title", {}, handle, `drag: the ${end} step that plays`);
  }
}

/** Draw flags, annotations and bookmarks: a line and a mark, and the name if there is room. */
function drawFlags(group, scale, { curves }, steps, marks) {
  marks.forEach(({ index, step, name, kind }, k) => {
    const x = scale.x(step ?? steps[index]);
    const flag = svgElement("g", { class: `sv-time-flag sv-${kind}`, "data-index": index }, group);
    svgElement("title", {}, flag, name);
    svgElement("line", { x1: x, x2: x, y1: 10, y2: curves.bottom }, flag);
    svgElement("text", { x, y: 10, "text-anchor": "middle" }, flag, MARKS[kind]);
    const next = marks[k + 1];
    const room = (next ? scale.x(next.step ?? steps[next.index]) : scale.end) - x - 2 * LABEL_APART;
    if (LETTER * name.length > room) return;
    svgElement("text", { x: x + LABEL_APART, y: 10, class: "sv-time-name" }, flag, name);
  });
}

/** Draw all that does not change from step to step, in a bar with these bands. */
export function drawTime(group, scale, bands, facts) {
  group.replaceChildren();
  const { axis, curves, steps, counts, marks } = facts;
  const hasLines = curves.lines?.length > 0;
  drawTimeAxis(group, scale, bands, axis, hasLines ? curves.values : null);
  drawCounts(group, scale, bands, steps, counts);
  if (hasLines) drawLinesOf(group, scale, bands, curves);
  drawTrack(group, scale, bands, facts);
  drawFlags(group, scale, bands, steps, marks);
}
