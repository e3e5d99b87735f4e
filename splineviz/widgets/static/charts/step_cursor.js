// Choose a training step, and the range of steps that plays, with the mouse on charts over steps.
// Everything here works without the kernel. The pure helpers are exported for the tests.

import { element } from "../common/dom.js";
import { suppressNotebookShortcuts } from "../common/notebook_shortcuts.js";
import { EDGE, nearest, positionAt } from "../common/step_axis.js";
import { rangesOf, rangeText, showTrack } from "../common/step_track.js";

const NEXT = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

/** The first and last position inside an interval; if there is none, the one nearest its middle. */
export function within(positions, [low, high]) {
  const inside = [...positions.keys()].filter(
    (index) => positions[index] >= low && positions[index] <= high,
  );
  if (inside.length) return [inside[0], inside[inside.length - 1]];
  const index = nearest(positions, Math.sqrt(low * high));
  return [index, index];
}

/** Move the start or the end of the range to a step; the other end stays if possible. */
export function rangeFrom(range, index, side, count) {
  const [first, last] = range.length ? range : [0, count - 1];
  return side === "start" ? [index, Math.max(index, last)] : [Math.min(first, index), index];
}

/** The models whose ids are in a trait. */
async function modelsOf(model, trait) {
  const manager = model.widget_manager;
  const ids = model.get(trait).map((id) => id.replace("IPY_MODEL_", ""));
  return Promise.all(ids.map((id) => manager.get_model(id)));
}

// ------------------------------------------------------------------ brushes, once a widget

function initialize({ model }) {
  let closed = false;
  let undo = [];
  const on = (target, name, handler) => {
    target.on(name, handler);
    undo.push(() => target.off(name, handler));
  };

  const connect = (figures, brushes) => {
    const brushing = () => brushes.some((brush) => brush.get("brushing"));
    const setMode = () => {
      figures.forEach((figure, number) =>
        figure.set("interaction", model.get("mode") === "range" ? brushes[number] : null),
      );
    };
    const select = (range) => {
      const positions = model.get("positions");
      const ends = range.length ? new Float64Array(range.map((index) => positions[index])) : null;
      for (const brush of brushes) {
        if (String(brush.get("selected") ?? "") === String(ends ?? "")) continue;
        brush.set("selected", ends);
        brush.save_changes(); // or the kernel's echo of the last place brings that back
      }
    };
    // A brush stands where it was left until its own event is over.
    const snap = () => setTimeout(() => !closed && !brushing() && select(model.get("play_range")));
    const take = (brush) => {
      if (!brush.get("brushing") || model.get("mode") !== "range") return;
      const selected = brush.get("selected");
      const range = selected?.length === 2 ? within(model.get("positions"), selected) : [];
      if (String(range) === String(model.get("play_range"))) return;
      model.set("play_range", range);
      model.save_changes();
    };
    for (const brush of brushes) {
      on(brush, "change:selected", () => take(brush));
      on(brush, "change:brushing", () => {
        if (brush.get("brushing")) return;
        // Its last place is only known after this event; a click without a move clears it.
        setTimeout(() => {
          if (closed) return;
          if (!brush.get("selected")?.length && model.get("play_range").length) {
            model.set("play_range", []);
            model.save_changes();
          }
          snap();
        });
      });
    }
    on(model, "change:play_range", snap);
    on(model, "change:positions", snap);
    on(model, "change:mode", setMode);
    setMode();
    snap();
  };

  const renew = () => {
    for (const unlink of undo) unlink();
    undo = [];
    Promise.all([modelsOf(model, "figures"), modelsOf(model, "brushes")]).then(
      ([figures, brushes]) => closed || connect(figures, brushes),
    );
  };
  renew();
  model.on("change:brushes", renew);

  return () => {
    closed = true;
    model.off("change:brushes", renew);
    for (const unlink of undo) unlink();
  };
}

// ------------------------------------------------------------------ buttons, and clicks on charts

function render({ model, el }) {
  const stop = new AbortController();
  const subscriptions = [];
  const listen = (target, type, handler) =>
    target.addEventListener(type, handler, { signal: stop.signal });
  const change = (name, value) => {
    if (String(model.get(name)) === String(value)) return;
    model.set(name, value);
    model.save_changes();
  };

  const root = element("div", "sv-cursor", el);
  suppressNotebookShortcuts();
  const choice = element("div", "sv-choice", root);
  choice.setAttribute("role", "group");
  choice.setAttribute("aria-label", "What the mouse does on the curves");
  const buttons = new Map();
  for (const [mode, text, title] of [
    ["step", "go to step", "Click or drag on the curves to go to a step"],
    ["range", "choose what plays", "Drag over the curves to choose the steps that play"],
  ]) {
    const button = element("button", "sv-choice-button", choice, text);
    button.type = "button";
    button.title = title;
    listen(button, "click", () => change("mode", mode));
    buttons.set(mode, button);
  }
  // The same as the brush, for the keyboard.
  const ends = element("div", "sv-choice", root);
  for (const side of ["start", "end"]) {
    const button = element("button", "sv-choice-button", ends, `${side} here`);
    button.type = "button";
    button.title = `Let the steps that play ${side} at the one that is shown`;
    listen(button, "click", () => {
      const [range, index, steps] = ["play_range", "index", "steps"].map((name) => model.get(name));
      change("play_range", rangeFrom(range, index, side, steps.length));
    });
  }
  const rail = model.get("slider") ? element("div", "sv-rail", root) : null;
  const slider = rail && element("input", "sv-step-slider", rail);
  const track = rail && element("div", "sv-track", rail);
  const readOut = element("output", "sv-told", root);
  const all = element("button", "sv-choice-button", root, "play all");
  all.type = "button";
  listen(all, "click", () => change("play_range", []));
  if (slider) {
    slider.type = "range";
    slider.min = 0;
    slider.setAttribute("aria-label", "Training step");
    listen(slider, "input", () => change("index", Number(slider.value)));
    // Some browsers move a slider by more than one on arrow keys.
    listen(slider, "keydown", (event) => {
      const next = model.get("index") + (NEXT[event.key] ?? 0);
      if (!(event.key in NEXT)) return;
      event.preventDefault();
      if (next >= 0 && next < model.get("steps").length) change("index", next);
    });
  }

  const show = () => {
    const [mode, range, steps] = ["mode", "play_range", "steps"].map((name) => model.get(name));
    const step = steps[model.get("index")]?.toLocaleString("en-US");
    for (const [name, button] of buttons) button.setAttribute("aria-pressed", name === mode);
    const at = slider && step !== undefined ? `step ${step}` : "";
    const texts = [at, rangeText(range, steps), model.get("note")];
    readOut.textContent = texts.filter(Boolean).join(" · ");
    all.hidden = range.length === 0;
    ends.hidden = mode !== "range";
    if (slider) {
      slider.max = Math.max(1, steps.length - 1);
      slider.disabled = steps.length < 2;
      slider.value = model.get("index");
      slider.setAttribute("aria-valuetext", `step ${step}`);
      const available = model.get("available");
      const isAvailable = new Set(available ?? steps.keys());
      showTrack(track, steps.length, rangesOf(steps.length, (k) => isAvailable.has(k)), range);
    }
    Object.assign(root.dataset, { index: model.get("index"), mode, range: range.join(" ") });
    el.closest(".splineviz-linked-charts")?.setAttribute("data-mode", mode);
  };

  const goTo = (plot, event) => {
    const box = plot.getBoundingClientRect();
    if (event.clientX < box.left - EDGE || event.clientX > box.right + EDGE) return;
    const share = (event.clientX - box.left) / box.width;
    const positions = model.get("positions");
    if (positions.length) {
      change("index", nearest(positions, positionAt(share, model.get("ends"))));
    }
  };

  // Figures may be attached at any time, so look for them at each click.
  let dragged = null;
  const press = (event) => {
    dragged = null;
    const figure = event.target.closest?.(".bqplot");
    const view = figure?.closest(".splineviz-linked-charts");
    if (event.button !== 0 || model.get("mode") !== "step" || !view?.contains(root)) return;
    dragged = figure.querySelector(".plotarea_background");
    if (dragged) goTo(dragged, event);
  };
  const move = (event) => {
    if (!dragged) return;
    if (event.buttons & 1) goTo(dragged, event);
    else dragged = null;
  };
  listen(document, "pointerdown", press);
  listen(document, "pointermove", move);
  listen(document, "pointerup", () => (dragged = null));

  for (const name of ["index", "play_range", "mode", "steps", "note", "available"]) {
    model.on(`change:${name}`, show);
    subscriptions.push([`change:${name}`, show]);
  }
  show();
  requestAnimationFrame(show); // attached by now

  return () => {
    stop.abort();
    for (const [name, handler] of subscriptions) model.off(name, handler);
    root.remove();
  };
}

export default { initialize, render };
