// What is said round the picture: above, below and over it, and to those who do not see it.

import { ALL_LAYERS } from "./edges.js";
import { bendingText, changeText, missingText, neuronText, regionFacts } from "./facts.js";
import { occurring } from "./look.js";
import { formatCoordinate, formatNumber } from "./numbers.js";
import { drawChangeHeader, drawHeader } from "./scene.js";
import { boxOf, hideTip, showTip } from "./tip.js";

const SMALL = 320; // CSS pixels: a picture that is narrower has a short tip

const STOPPED = "The kernel has stopped: run the cell again to go on";

export class Texts {
  constructor(model, scene, look, stage) {
    this.isStopped = false; // whether it goes on no more, but would with a kernel
    this.model = model;
    this.scene = scene;
    this.look = look;
    this.stage = stage;
    this.header = ""; // what the header says, so that it is made again only for something else
    this.explained = null; // the coloring that it explains
  }

  /** Why what is shown is not what there is now; empty where it is. */
  get outdated() {
    return this.model.get("outdated") || (this.isStopped ? STOPPED : "");
  }

  /** What is seen, under the picture and as its label. */
  describe(frame, changed) {
    const { model, scene, stage } = this;
    const unit = frame.count === 1 ? "linear region" : "linear regions";
    const layer = model.get("layer");
    // A picture of one layer beside a player says what is its own.
    const ofLayer = layer >= 0 && layer < frame.layers.length;
    const facts = ofLayer ? [bendingText(frame, layer)] : [];
    if (!ofLayer || model.get("controls")) facts.unshift(`${formatNumber(frame.count)} ${unit}`);
    // Of a training that is shown live, others tell how far it is.
    if (model.get("count") > 1 || model.get("controls")) {
      facts.unshift(`step ${formatNumber(frame.step)}`);
    }
    if (changed) facts.push(changeText(changed));
    if (stage.zoom > 1.01) facts.push(`${formatNumber(stage.zoom)} times enlarged`);
    const status = [...facts, model.get("progress")].filter(Boolean).join(" · ");
    scene.message.textContent = this.outdated;
    scene.status.textContent = status;
    // While it plays, a screen reader could not keep up.
    scene.status.setAttribute("aria-live", model.get("playing") ? "off" : "polite");
    const colored = changed ? "change" : this.look.coloring.title;
    scene.plot.setAttribute("aria-label", `${status}, colored by ${colored}`);
  }

  /** Why there is nothing to see. */
  excuse(index, live) {
    const { model, scene } = this;
    const why = missingText(model.get("messages")[index], model.get("steps")[index], live);
    const progress = model.get("progress");
    scene.message.textContent = why;
    scene.status.textContent = progress;
    scene.plot.setAttribute("aria-label", [why, progress].filter(Boolean).join(" · "));
  }

  /** What the colors mean; without a frame, over the whole run. */
  explainColors(frame, changed) {
    const { look, scene } = this;
    const limits = look.limitsOf(frame);
    const names = occurring(frame, look.coloring, this.model.get("class_names"));
    const now = JSON.stringify([changed?.from, changed?.to, changed?.isLater, this.model.get("coloring"), limits, names]);
    if (now === this.header && look.coloring === this.explained) return;
    this.header = now;
    this.explained = look.coloring;
    if (changed) drawChangeHeader(scene.header, changed);
    else drawHeader(scene.header, look.coloring, limits, names);
  }

  /** Whether there is a decision boundary in the frame, in the legend. */
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

  /** What is known of the id at a place, and of what is drawn near it, beside it. */
  showTip(frame, id, pointer, { column, onBoundary }) {
    const { model, scene, stage, look } = this;
    const { layout } = stage;
    // There is less room for words beside a small picture: of what it shows alone.
    const isSmall = layout.width < SMALL;
    const colorings = isSmall ? [look.coloring] : model.get("colorings");
    const layer = isSmall ? model.get("layer") : ALL_LAYERS;
    const facts = regionFacts(frame, id, colorings, model.get("class_names"), layer);
    if (column) facts.push(["nearest boundary", neuronText(frame, column)]);
    if (onBoundary) facts.push(["here", model.get("line_name")]);
    const { view } = layout;
    const x = formatCoordinate(view.inverseX(pointer.x), view.pixelX);
    const y = formatCoordinate(view.inverseY(pointer.y), view.pixelY);
    facts.push(["at", `(${x}, ${y})`]);
    const box = boxOf(frame, frame.regionIds[id] - 1, layout);
    showTip(scene.tip, facts, pointer, box, isSmall);
  }

  hideTip() {
    hideTip(this.scene.tip);
  }
}
