// The tip, and its place. It lies above the whole page, so that nothing cuts it off.

import { element } from "../../common/dom.js";
import { forEachEdge } from "../frames/frame.js";

const GAP = 14; // CSS pixels from the region, or from the pointer
const MARGIN_TO_WINDOW = 4; // CSS pixels
const FAR = 400; // CSS pixels: farther from the pointer, the tip is not put next to the region

/** The bounding box of the visible part of a region, in CSS pixels of the plot. */
export function boxOf(frame, region, { view, width, height }) {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  forEachEdge(frame, region, (_, from) => {
    const [x, y] = [view.x(frame.vertices[2 * from]), view.y(frame.vertices[2 * from + 1])];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  const within = (value, size) => Math.min(size, Math.max(0, value));
  return {
    left: within(left, width),
    right: within(right, width),
    top: within(top, height),
    bottom: within(bottom, height),
  };
}

/**
 * The place of a tip, as [left, top] in CSS pixels of the window, always inside it: next to the
 * region, on the side nearest to the pointer; or next to the pointer if that is too far away.
 */
export function tipPlace(pointer, region, tip, { width, height }) {
  const fitted = (at, size, room) => Math.max(MARGIN_TO_WINDOW, Math.min(at, room - MARGIN_TO_WINDOW - size));
  const fits = ([left, top]) =>
    left === fitted(left, tip.width, width) && top === fitted(top, tip.height, height);
  const across = fitted(pointer.x - tip.width / 2, tip.width, width);
  const along = fitted(pointer.y - tip.height / 2, tip.height, height);
  const away = ([left, top]) =>
    Math.hypot(
      Math.max(left - pointer.x, 0, pointer.x - left - tip.width),
      Math.max(top - pointer.y, 0, pointer.y - top - tip.height),
    );
  const beside = [
    [region.right + GAP, along],
    [region.left - GAP - tip.width, along],
    [across, region.bottom + GAP],
    [across, region.top - GAP - tip.height],
  ].filter((place) => fits(place) && away(place) <= FAR);
  if (beside.length) return beside.reduce((a, b) => (away(b) < away(a) ? b : a));
  const turned = (at, size, room) =>
    fitted(at > room / 2 ? at - GAP - size : at + GAP, size, room);
  return [turned(pointer.x, tip.width, width), turned(pointer.y, tip.height, height)];
}

/** Show [title, text] pairs. `pointer` and the box `region` are in CSS pixels of the plot. */
export function showTip(tip, facts, pointer, region, isSmall) {
  tip.replaceChildren();
  for (const [title, text] of facts) {
    element("span", "sv-fact", tip, title);
    element("span", "", tip, text);
  }
  tip.classList.toggle("sv-small", isSmall);
  tip.hidden = false;
  // In an old browser without popovers, the tip is cut off at the edge of the widget.
  if (tip.showPopover && tip.isConnected && !tip.matches(":popover-open")) tip.showPopover();
  const plot = tip.parentElement.getBoundingClientRect();
  const size = { width: tip.offsetWidth, height: tip.offsetHeight };
  const room = { width: window.innerWidth, height: window.innerHeight };
  const at = { x: plot.left + pointer.x, y: plot.top + pointer.y };
  const box = {
    left: plot.left + region.left,
    right: plot.left + region.right,
    top: plot.top + region.top,
    bottom: plot.top + region.bottom,
  };
  const [left, top] = tipPlace(at, box, size, room);
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}

export function hideTip(tip) {
  if (tip.showPopover && tip.matches(":popover-open")) tip.hidePopover();
  tip.hidden = true;
}
