// The card: what is known of the region under the pointer, or else of the pinned one.

import { element } from "../../common/dom.js";
import { boundaryNeurons, cellsOfRegions, patternOf } from "../frames/patterns.js";
import { neuronText } from "../text/labels.js";
import { affineText, numberText, outputsAt, shownOutputs } from "./affine_text.js";
import { NetworkStrip } from "./network_strip.js";
import { TERMS, termOf } from "./terms.js";

const CARD_REST_MS = 150; // without another frame, before neurons without a line are looked for
const FEW_BYTES = 64_000; // of patterns, which are looked at within a millisecond
const MISSING = "The pinned region does not exist at this step.";
const HINT = "Point at a region, or click to pin one. Shift and the arrow keys move a cross-hair.";

/**
 * The title of the card. `shown` is null, or the region: {isPinned, neighbors}; `isMissing` says that
 * another region is pinned, which does not exist at this step.
 */
export function cardTitle(shown, isMissing) {
  if (!shown) return isMissing ? MISSING : HINT;
  if (!shown.isPinned) return `Region under the pointer${isMissing ? `. ${MISSING}` : ""}`;
  return `Pinned region, with ${shown.neighbors} ${shown.neighbors === 1 ? "neighbor" : "neighbors"}`;
}

export class Card {
  /** `actions` are those of the strip; `redraw()` is called when more is known of the frame. */
  constructor(parent, actions, isSmall, signal, redraw) {
    this.isSmall = isSmall;
    this.signal = signal;
    this.redraw = redraw;
    this.root = parent;
    parent.classList.toggle("sv-card-small", isSmall);
    this.strip = new NetworkStrip(parent, actions, signal);
    this.neuron = element("div", "sv-detail", parent);
    this.title = element("div", "sv-card-title", parent);
    this.explained = null; // the term that is explained
    this.term = element("div", "sv-term", parent);
    this.term.hidden = true;
    this.map = element("div", "sv-map", parent);
    this.facts = element("div", "sv-facts", parent);
    this.frame = null;
    this.stripKey = "";
    this.restTimer = 0;
    this.room = 0; // CSS pixels; asking the page for it at each step would make it lay out each time
    this.resizing = new ResizeObserver(() => {
      if (parent.clientWidth === this.room) return;
      this.room = parent.clientWidth;
      redraw();
    });
    this.resizing.observe(parent);
  }

  /**
   * Show a region of a frame. `shown` is null, or {region, isPinned, neighbors, facts, place,
   * placeName, map, mapNote, outputNames}; `isMissing` says that the pinned region does not exist in the frame;
   * `column` is the marked neuron and `lit` the one to light up in the strip, or 0; `speaks` says
   * whether screen readers are told.
   */
  show(frame, shown, { isMissing, column, lit, speaks }) {
    this.facts.setAttribute("aria-live", speaks ? "polite" : "off");
    const title = cardTitle(shown, isMissing);
    if (this.title.textContent !== title) this.title.textContent = title;
    this.title.hidden = this.isSmall && !shown?.isPinned && !isMissing;
    this.showFacts(shown?.facts ?? []);
    this.showMap(shown);
    this.showNeuron(frame, column);
    this.showStrip(frame, shown, lit || column);
  }

  /** Say nothing: there is no frame. */
  clear() {
    clearTimeout(this.restTimer);
    this.frame = null;
    this.stripKey = "";
    this.title.textContent = "";
    for (const part of [this.facts, this.map, this.neuron]) part.replaceChildren();
    this.neuron.hidden = this.strip.element.hidden = true;
  }

  showFacts(facts) {
    // Rows are kept, so that a `?` that has the focus keeps it while the region changes.
    while (this.facts.children.length > facts.length) this.facts.lastChild.remove();
    facts.forEach(([name, text], k) => {
      const row = this.facts.children[k] ?? element("div", "sv-card-row", this.facts);
      if (row.dataset.title !== name) {
        row.replaceChildren();
        row.dataset.title = name;
        element("span", "sv-fact", row, name);
        const term = termOf(name);
        if (term && !this.isSmall) this.addHelp(row, term);
        element("span", "sv-fact-text", row);
      }
      row.lastChild.textContent = text;
    });
  }

  addHelp(parent, term) {
    const help = element("button", "sv-help", parent, "?");
    help.type = "button";
    help.title = `${term}: ${TERMS[term]}`;
    help.setAttribute("aria-label", `what is ${term}?`);
    const explain = () => {
      this.explained = this.explained === term ? null : term;
      this.term.hidden = this.explained === null;
      this.term.textContent = this.explained ? `${term}: ${TERMS[term]}` : "";
    };
    help.addEventListener("click", explain, { signal: this.signal });
  }

  showMap(shown) {
    this.map.hidden = this.isSmall || !shown;
    if (this.map.hidden) return;
    const { map, mapNote, place, placeName, outputNames } = shown;
    const outputs = map ? outputsAt(map, place) : [];
    const rows = shownOutputs(outputs);
    if (!this.map.firstChild) {
      const title = element("div", "sv-card-row", this.map);
      element("span", "sv-fact", title, "f(x) = Ax + b");
      this.addHelp(title, "affine map");
      element("span", "sv-fact-text", title);
      element("div", "sv-map-rows", this.map);
    }
    const [title, table] = this.map.children;
    const more = outputs.length - rows.length;
    title.lastChild.textContent = map ? [placeName, more && `the largest, ${more} more`].filter(Boolean).join("; ") : mapNote;
    table.replaceChildren();
    for (const k of rows) {
      element("span", "sv-fact", table, outputNames[k] ?? `output ${k}`);
      element("span", "", table, affineText(map.slope[k], map.offset[k]));
      element("span", "", table, `= ${numberText(outputs[k])}`);
    }
  }

  showNeuron(frame, column) {
    this.neuron.hidden = !column;
    const text = column ? `boundary of ${neuronText(frame, column)}` : "";
    if (this.neuron.textContent === text) return;
    this.neuron.replaceChildren();
    if (!column) return;
    element("span", "sv-neuron-line", this.neuron);
    element("span", "", this.neuron, text);
  }

  showStrip(frame, shown, column) {
    const { strip } = this;
    strip.element.hidden = this.room === 0 || frame.layers.length === 0 || (this.isSmall && !shown?.isPinned);
    if (strip.element.hidden) return;
    if (frame !== this.frame) {
      [this.frame, this.cells, this.bends, this.stripKey] = [frame, null, null, ""];
      this.findBends(frame);
    }
    const key = [shown?.region ?? -1, column, this.bends !== null, this.room].join();
    if (key === this.stripKey) return;
    this.stripKey = key;
    if (shown) this.cells ??= cellsOfRegions(frame);
    const patterns = shown ? patternOf(frame, shown.region, this.cells) : null;
    strip.draw(frame.layers, patterns, this.bends, column, this.room);
  }

  /** Find which neurons have a line on the slice: of many patterns only once the frame stays. */
  findBends(frame) {
    clearTimeout(this.restTimer);
    const find = () => {
      this.bends = frame.layers.map((_, k) => boundaryNeurons(frame, k));
    };
    const size = frame.layers.reduce((sum, { bits }) => sum + bits.length, 0);
    if (size <= FEW_BYTES) {
      find();
      return;
    }
    this.restTimer = setTimeout(() => {
      find();
      this.redraw();
    }, CARD_REST_MS);
  }

  stop() {
    this.resizing.disconnect();
    clearTimeout(this.restTimer);
  }
}
