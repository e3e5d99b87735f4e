// The captions around the picture: legend, status line, facts, and the text for screen readers.

import { classesInFrame } from "../drawing/appearance.js";
import { drawChangeHeader, drawHeader, drawSurfaceHeader, surfaceLegend } from "../drawing/legends.js";
import { ALL_LAYERS } from "../frames/drawn_edges.js";
import {
  boundaryCountText,
  changeText,
  missingText,
  neuronText,
  regionFacts,
  shareText,
} from "./labels.js";
import { formatCoordinate, formatNumber } from "./numbers.js";

const SMALL = 320; // CSS pixels: a narrower picture has few facts

const STOPPED = "The kernel has stopped: run the cell again to go on";

export class Captions {
  constructor(model, scene, appearance, plotArea) {
    this.isStopped = false; // whether a computation cannot go on because the kernel has stopped
    this.model = model;
    this.scene = scene;
    this.appearance = appearance;
    this.plotArea = plotArea;
    this.headerKey = ""; // what the legend shows, so that it is drawn again only if that changes
    this.headerColoring = null; // the coloring that the legend explains
  }

  /** Why the picture is out of date; empty if it is not. */
  get outdated() {
    return this.model.get("outdated") || (this.isStopped ? STOPPED : "");
  }

  /** Describe the frame below the picture, and in its label for screen readers. */
  describe(frame, changed) {
    const { model, scene, plotArea } = this;
    const unit = frame.count === 1 ? "linear region" : "linear regions";
    const layer = model.get("layer");
    // A picture of one layer, next to a player, shows only the facts of its layer.
    const ofLayer = layer >= 0 && layer < frame.layers.length;
    const facts = ofLayer ? [boundaryCountText(frame, layer)] : [];
    if (!ofLayer || model.get("controls")) facts.unshift(`${formatNumber(frame.count)} ${unit}`);
    // The Playground shows the step of a live training elsewhere.
    if (model.get("count") > 1 || model.get("controls")) {
      facts.unshift(`step ${formatNumber(frame.step)}`);
    }
    if (changed) facts.push(changeText(changed));
    if (plotArea.zoom > 1.01) facts.push(`${formatNumber(plotArea.zoom)} times enlarged`);
    const status = [...facts, model.get("progress")].filter(Boolean).join(" · ");
    scene.message.textContent = this.outdated;
    scene.status.textContent = status;
    // A screen reader could not keep up while the frames play.
    scene.status.setAttribute("aria-live", model.get("playing") ? "off" : "polite");
    const colored = changed ? "change" : this.appearance.coloring.title;
    scene.plot.setAttribute("aria-label", `${status}, colored by ${colored}`);
  }

  /** Say why there is no picture. */
  explainMissing(index, live) {
    const { model, scene } = this;
    const why = missingText(model.get("messages")[index], model.get("steps")[index], live);
    const progress = model.get("progress");
    scene.message.textContent = why;
    scene.status.textContent = progress;
    scene.plot.setAttribute("aria-label", [why, progress].filter(Boolean).join(" · "));
  }

  /** Draw the legend of the colors; without a frame, for the whole run. */
  explainColors(frame, changed) {
    const { appearance, scene } = this;
    const limits = appearance.limitsOf(frame);
    const names = classesInFrame(frame, appearance.coloring, this.model.get("class_names"));
    const surface = frame && appearance.isSurface(frame, changed) ? surfaceLegend(frame, this.model) : null;
    const period = [changed?.from, changed?.to, changed?.isLater];
    const key = JSON.stringify([period, this.model.get("coloring"), limits, names, surface]);
    if (key === this.headerKey && appearance.coloring === this.headerColoring) return;
    this.headerKey = key;
    this.headerColoring = appearance.coloring;
    if (changed) drawChangeHeader(scene.header, changed);
    else if (surface) drawSurfaceHeader(scene.header, appearance.coloring, limits, surface);
    else drawHeader(scene.header, appearance.coloring, limits, names);
  }

  /** Show in the legend whether the frame has a decision boundary. */
  explainBoundary(frame) {
    const none = frame?.boundary.length === 0;
    const entry = this.scene.legend.querySelector(".sv-boundary-entry");
    entry?.classList.toggle("sv-absent", none);
    const name = this.model.get("line_name");
    if (entry) entry.lastChild.textContent = none ? `no ${name}` : name;
  }

  showProgress() {
    const { progress } = this.scene;
    const [ready, count] = [this.model.get("ready"), this.model.get("count")];
    progress.hidden = ready >= count || !this.model.get("progress");
    progress.max = Math.max(1, count);
    progress.value = ready;
  }

  /**
   * What the card says of the region at an id: facts as [title, text] pairs. `hit` says what is drawn
   * near the pointer; it is null for a region that is pinned.
   */
  factsOf(frame, id, pointer, hit) {
    const { model, plotArea, appearance } = this;
    const { layout } = plotArea;
    // A small picture has few facts: only the coloring and the layer that it shows.
    const isSmall = layout.width < SMALL;
    const colorings = isSmall ? [appearance.coloring] : model.get("colorings");
    const layer = isSmall ? model.get("layer") : ALL_LAYERS;
    const place = hit && [layout.view.relativeX(pointer.x), layout.view.relativeY(pointer.y)];
    const facts = regionFacts(frame, id, colorings, model.get("class_names"), layer, place);
    if (!isSmall) {
      const at = facts.findIndex(([title]) => title === "area");
      const share = ["share of the slice", shareText(frame, frame.regionIds[id] - 1)];
      facts.splice(at < 0 ? facts.length : at + 1, 0, share);
    }
    if (!hit) return facts;
    const { column, onBoundary } = hit;
    if (column) facts.push(["nearest boundary", neuronText(frame, column)]);
    if (onBoundary) facts.push(["here", model.get("line_name")]);
    const { view } = layout;
    const x = formatCoordinate(view.inverseX(pointer.x), view.pixelX);
    const y = formatCoordinate(view.inverseY(pointer.y), view.pixelY);
    facts.push(["at", `(${x}, ${y})`]);
    return facts;
  }
}
