// The picture of all linear regions of one checkpoint, and scrubbing through a run of them.
//
// Every polygon is filled row by row into runs of region numbers. Colors are looked up by region, a
// boundary is where neighboring numbers differ, hovering is one look-up. Recoloring needs no
// geometry, and nothing here waits for the kernel: runs of coming frames are made ahead in a worker.

import { emptied, paintLines, paintRegions, samplesOf } from "./canvases.js";
import { buildControls } from "./controls.js";
import { drawDetails } from "./details.js";
import { neighbors } from "./frame.js";
import { Gestures } from "./gestures.js";
import { press } from "./keyboard.js";
import { Look } from "./look.js";
import { drawPoints } from "./marks.js";
import { keepKeys } from "../own_keys.js";
import { Pictures, storeOf } from "./pictures.js";
import { Playing } from "./playing.js";
import { idUnder, pointedAt } from "./pointing.js";
import { buildScene, drawAxes, drawLegend } from "./scene.js";
import { Selection } from "./selection.js";
import { Stage } from "./stage.js";
import { Texts } from "./texts.js";
import { spansOf } from "../track.js";

export async function render({ model, el }) {
  const stop = new AbortController(); // ends every DOM listener at clean-up
  const subscriptions = [];
  const on = (target, names, handler) => {
    for (const name of names.split(" ")) {
      target.on(name, handler);
      subscriptions.push([target, name, handler]);
    }
  };
  const store = await storeOf(model);
  const scene = buildScene(el);
  const pictures = new Pictures(model, store);
  const look = new Look(model, pictures);
  const stage = new Stage(model, scene, () => showPart());
  const texts = new Texts(model, scene, look, stage);
  const selection = new Selection();
  let drawn = null; // what is in the picture: {index, frame, runs}
  let redraw = 0;

  const get = (name) => model.get(name);
  const change = (traits) => {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    model.save_changes();
  };
  // The model that a widget's code gets does not tell; its layout, made and lost with it, does.
  const isLive = () => store.get("layout")?.comm_live !== false;

  // ------------------------------------------------------------------ drawing

  const requestDraw = () => {
    if (!redraw) redraw = requestAnimationFrame(draw);
  };

  const draw = () => {
    cancelAnimationFrame(redraw);
    redraw = 0;
    if (!stage.layout) return;
    const started = performance.now();
    const index = get("index");
    const frame = pictures.frameAt(index);
    controls?.update(get, spansOf(get("count"), (k) => pictures.has(k)));
    texts.showProgress();
    texts.isStopped = get("goes_on") && !isLive();
    scene.plot.classList.toggle("sv-waiting", !frame || Boolean(texts.outdated));
    if (!frame) {
      drawNothing(index);
      return;
    }
    texts.explainBoundary(frame);
    const cached = pictures.isFilled(index);
    const runs = pictures.runsAt(index);
    drawn = { index, frame, runs };
    const changed = look.changedIn(frame);
    if (changed) changed.runs = pictures.runsAt(changed.index);
    paintRegions(scene.fill, stage.layout, look, frame, runs, changed);
    drawLines();
    showDetails();
    texts.explainColors(frame, changed);
    texts.describe(frame, changed);
    Object.assign(scene.root.dataset, {
      frame: index,
      step: frame.step,
      regions: frame.count,
      cached,
      drawMs: (performance.now() - started).toFixed(2),
    });
    pictures.fillAhead();
  };

  /** The old picture stays as a dim ground; nothing describes it any more. */
  const drawNothing = (index) => {
    drawn = null;
    drawLines();
    texts.excuse(index, isLive());
    for (const name of ["frame", "step", "regions"]) delete scene.root.dataset[name];
    if (isLive()) pictures.ask();
  };

  /** What is under the pointer: an id, and the number of the region or -1. */
  const idHere = () => (drawn ? idUnder(selection.pointer, drawn.runs, stage.layout) : 0);
  const regionHere = () => (drawn ? drawn.frame.regionIds[idHere()] - 1 : -1);

  const drawLines = () => {
    const context = emptied(scene.lines, stage.layout);
    const under = regionHere();
    if (drawn) {
      const { view } = stage.layout;
      const colors = get("line_names").map((_, k) => get("class_colors").at(k));
      const shown = get("show_boundary");
      paintLines(context, view, drawn.frame, selection, under, shown, colors);
    }
    scene.root.dataset.region = under;
    if (under >= 0 && !gestures.isHeld) showTip(under);
    else texts.hideTip();
  };

  const near = (region) => {
    const shown = { layer: get("layer"), withBoundary: get("show_boundary") };
    return pointedAt(selection.pointer, drawn.frame, region, stage.layout.view, shown);
  };

  const showTip = (region) => {
    const pointed = near(region);
    texts.showTip(drawn.frame, idHere(), selection.pointer, pointed);
    scene.plot.style.cursor = pointed.isNear ? "pointer" : "";
  };

  const showDetails = () => {
    const { frame } = drawn;
    const column = selection.columnIn(frame);
    const region = selection.regionIn(frame);
    const about = region === null ? null : { region };
    if (region >= 0 && about) about.neighbors = neighbors(frame, region).size;
    drawDetails(scene.details, frame, about, column);
    Object.assign(scene.root.dataset, { pinned: region ?? "", neuron: column || "" });
  };

  const drawSamples = () => {
    if (!stage.layout) return;
    const { points, classes, anchors } = samplesOf(model);
    const colors = get("class_colors");
    const context = emptied(scene.points, stage.layout);
    const shown = get("show_points");
    const { view, width, height } = stage.layout;
    if (shown) drawPoints(context, view, points, classes, colors, anchors, width, height);
    const [seen, stars] = shown ? [classes, anchors.length] : [[], 0];
    const lines = { name: get("line_name"), names: get("line_names") };
    drawLegend(scene.legend, lines, seen, get("class_names"), colors, stars);
    texts.explainBoundary(drawn?.frame);
  };

  const showAxes = () => {
    if (!stage.layout) return;
    const { view, width, height } = stage.layout;
    drawAxes(scene.axes, view, stage.viewport, width, height, get("axis_labels"));
  };

  /** Another part of the slice is seen, or in another size. */
  const showPart = () => {
    const { viewport, bounds, layout } = stage;
    const { pixelWidth, pixelHeight } = layout;
    pictures.resize({ bounds, viewport, width: pixelWidth, height: pixelHeight });
    showAxes();
    scene.whole.hidden = stage.isWhole;
    drawSamples();
    scene.root.dataset.viewport = viewport.map((value) => value.toPrecision(6)).join(" ");
    requestDraw();
  };

  const place = () => {
    if (stage.place()) draw();
  };

  // ------------------------------------------------------------------ what users do

  const select = () => {
    if (!drawn) return;
    drawLines();
    showDetails();
  };
  const pin = (region) => {
    selection.pin(drawn.frame.hashes[region]);
    select();
  };
  const mark = (column) => {
    selection.mark(column);
    select();
  };

  const gestures = new Gestures(
    scene.plot,
    {
      point: (at) => {
        selection.pointer = at;
        selection.crossHair = false;
        if (drawn && stage.layout && !redraw) drawLines();
      },
      click: (at) => {
        selection.pointer = at;
        const region = regionHere();
        if (region < 0) return;
        const { column, isNear } = near(region);
        if (isNear) mark(column);
        else pin(region);
      },
      move: (dx, dy) => stage.moveBy(dx, dy),
      zoom: (factor, at) => stage.zoomAt(factor, at),
      everything: () => stage.everything(),
      rest: () => model.save_changes(),
    },
    stop.signal,
  );

  const acts = {
    change,
    everything: () => stage.everything(),
    zoom: (factor) => {
      if (!stage.layout) return;
      const { width, height } = stage.layout;
      stage.zoomAt(factor, selection.pointer ?? { x: width / 2, y: height / 2 });
      model.save_changes();
    },
    moveCrossHair: (by) => {
      if (!stage.layout) return;
      selection.moveCrossHair(by, stage.layout);
      drawLines();
    },
    pin: () => {
      const region = regionHere();
      if (region >= 0) pin(region);
    },
    markNeuron: () => {
      const region = regionHere();
      const column = region < 0 ? 0 : near(region).column;
      if (column) mark(column);
    },
    letGo: () => {
      const held = selection.letGo();
      if (held) select();
      return held;
    },
  };

  // ------------------------------------------------------------------ putting it together

  const controls = get("controls")
    ? buildControls(scene.controls, change, stop.signal)
    : null;
  // What is pressed on the button is not pressed on the picture below it.
  for (const type of ["pointerdown", "dblclick"]) {
    scene.whole.addEventListener(type, (event) => event.stopPropagation(), { signal: stop.signal });
  }
  const showWhole = () => {
    stage.everything();
    scene.plot.focus({ preventScroll: true }); // the button goes, and what had the focus with it
  };
  scene.whole.addEventListener("click", showWhole, { signal: stop.signal });
  // What borrows its frames is moved by what it is linked to.
  const framesToPlay = {
    has: (index) => pictures.has(index),
    comes: (index) => isLive() && get("streams") && !get("messages")[index],
    ask: (index) => pictures.ask(index),
    // The scales stay while the frames run, so they are to span the run before.
    begin: () => get("settled") || !isLive(),
  };
  const playing = new Playing(model, draw, store === model, framesToPlay);

  // The keys work all over the player, which is the parent of this element only once it is attached.
  const attachKeys = () => {
    const player = el.closest(".splineviz-player") ?? scene.root;
    const onKey = (event) => press(event, model, scene, acts);
    player.addEventListener("keydown", onKey, { signal: stop.signal });
  };

  keepKeys();
  let attached = false;
  const resizing = new ResizeObserver(() => {
    if (!attached && scene.root.isConnected) {
      attached = true;
      attachKeys();
    }
    place();
  });
  resizing.observe(scene.root);
  window.addEventListener("resize", place, { signal: stop.signal });
  // Whatever scrolls, the picture goes with it, and the tip has to follow.
  const follow = () => {
    if (!scene.tip.hidden) drawLines();
  };
  document.addEventListener("scroll", follow, { capture: true, passive: true, signal: stop.signal });

  let previous = get("index");
  on(model, "change:index", () => {
    const index = get("index");
    pictures.direction = Math.sign(index - previous) || pictures.direction;
    previous = index;
    playing.stepped(performance.now());
    requestDraw();
    if (isLive()) pictures.ask();
  });
  on(model, "change:coloring change:colorings change:limits change:frame_scale", requestDraw);
  on(model, "change:layer change:compare change:show_boundary", requestDraw);
  on(model, "change:layers", () => {
    selection.column = 0; // it would be some neuron of another network
    requestDraw();
  });
  on(model, "change:steps change:progress change:ready change:messages", requestDraw);
  on(model, "change:interval change:loop change:play_range comm_live_update", requestDraw);
  on(model, "change:settled change:outdated change:goes_on", requestDraw);
  on(model, "change:playing", () => {
    playing.follow();
    requestDraw();
  });
  const samples = "change:points change:point_classes change:anchors change:show_points";
  on(model, `${samples} change:class_names change:class_colors`, () => {
    drawSamples();
    requestDraw();
  });
  on(model, "change:axis_labels", showAxes);
  on(model, "change:line_name change:line_names", () => {
    drawSamples();
    requestDraw();
  });
  on(model, "change:height", place);
  on(model, "change:bounds change:stretch", () => {
    stage.reset();
    place();
  });
  on(model, "change:viewport", () => {
    const wanted = get("viewport");
    stage.lookAt(wanted.length ? wanted : stage.bounds);
  });

  const listened = new Set();
  const forget = (index) => {
    pictures.forget(index);
    if (index === get("index") || index === look.comparedIndex) requestDraw();
    else pictures.fillAhead();
  };
  const listenToFrames = () => {
    for (let index = 0; index < get("count"); index++) {
      if (listened.has(index)) continue;
      listened.add(index);
      on(store, `change:frame_${index}`, () => forget(index));
    }
    requestDraw();
  };
  on(model, "change:count", listenToFrames);
  on(store, "msg:custom", ({ frame, forget: gone, everything }, buffers) => {
    // The kernel may know nothing of the zoom yet that it wants to be undone.
    if (everything) stage.everything();
    for (const index of gone ?? []) {
      pictures.drop(index);
      forget(index);
    }
    if (frame === undefined) return;
    pictures.receive(frame, buffers[0]);
    forget(frame);
  });
  // How many views there are tells the kernel whether anyone sees what it makes.
  const count = (views) => isLive() && store.send?.({ views });
  count(1);
  scene.root.classList.toggle("sv-plain", !get("legend"));
  listenToFrames();
  texts.explainColors(null, null);
  playing.follow();

  return () => {
    count(-1);
    stop.abort();
    resizing.disconnect();
    cancelAnimationFrame(redraw);
    gestures.stop();
    playing.stop();
    pictures.close();
    for (const [target, name, handler] of subscriptions) target.off(name, handler);
    scene.root.remove();
  };
}

export default { render };
