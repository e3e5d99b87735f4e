// The picture of all linear regions of one checkpoint, and stepping through the checkpoints of a run.
//
// Every polygon is filled row by row into spans of region numbers. Colors are looked up by region,
// lines are drawn where neighboring numbers differ, and hovering is one look-up. So a new coloring
// needs no geometry, and nothing here waits for the kernel. A worker rasterizes coming frames.
//
// This file connects the parts: frames/ (bytes to spans of pixels), drawing/, input/ (mouse, keys
// and controls), playback/ and text/. The state is in the traits of the model.

import { suppressNotebookShortcuts } from "../common/notebook_shortcuts.js";
import { rangesOf } from "../common/step_track.js";
import { Card } from "./card/card.js";
import { RegionMaps } from "./card/region_maps.js";
import { Appearance } from "./drawing/appearance.js";
import { drawAxes } from "./drawing/axes.js";
import { clearCanvas, paintLines, paintRegions, samplesOf } from "./drawing/canvases.js";
import { drawLegend } from "./drawing/legends.js";
import { drawPoints } from "./drawing/marks.js";
import { PlotArea } from "./drawing/plot_area.js";
import { buildScene } from "./drawing/scene.js";
import { drawThumbnails } from "./drawing/thumbnails.js";
import { cornersMean, neighbors } from "./frames/frame.js";
import { FrameStore, sourceModelOf } from "./frames/frame_store.js";
import { buildControls } from "./input/controls.js";
import { Gestures } from "./input/gestures.js";
import { hitTest, idAtPointer } from "./input/hit_test.js";
import { handleKey } from "./input/keyboard.js";
import { Selection } from "./input/selection.js";
import { Playback } from "./playback/playback.js";
import { Captions } from "./text/captions.js";
import { TimeBar } from "./time_bar/time_bar.js";
import { TIME_HEIGHTS } from "./time_bar/time_drawing.js";
import { Presentation } from "./toolbar/present.js";
import { buildToolbar } from "./toolbar/toolbar.js";
import { Tools } from "./toolbar/tools.js";

const WAIT_MS = 50; // between two looks for a frame that is on its way

export async function render({ model, el }) {
  const stop = new AbortController(); // removes every DOM listener at clean-up
  const subscriptions = [];
  const on = (target, names, handler) => {
    for (const name of names.split(" ")) {
      target.on(name, handler);
      subscriptions.push([target, name, handler]);
    }
  };
  const source = await sourceModelOf(model);
  const scene = buildScene(el);
  const frames = new FrameStore(model, source);
  const appearance = new Appearance(model, frames);
  const plotArea = new PlotArea(model, scene, () => showViewport());
  const captions = new Captions(model, scene, appearance, plotArea);
  const selection = new Selection();
  let drawn = null; // what is in the picture: {index, frame, runs}
  let redrawRequest = 0;

  const get = (name) => model.get(name);
  const change = (traits) => {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    model.save_changes();
  };
  // Whether there is a kernel: anywidget's model does not say, but its layout's model does.
  const isLive = () => source.get("layout")?.comm_live !== false;

  // ------------------------------------------------------------------ drawing

  const requestDraw = () => {
    if (!redrawRequest) redrawRequest = requestAnimationFrame(draw);
  };

  const draw = () => {
    cancelAnimationFrame(redrawRequest);
    redrawRequest = 0;
    if (!plotArea.layout) return;
    const started = performance.now();
    const index = get("index");
    const frame = frames.frameAt(index);
    controls?.update(get);
    timeBar?.update(get, rangesOf(get("count"), (k) => frames.has(k)));
    captions.showProgress();
    captions.isStopped = get("goes_on") && !isLive();
    scene.plot.classList.toggle("sv-waiting", !frame || Boolean(captions.outdated));
    if (!frame) {
      drawMissing(index);
      return;
    }
    captions.explainBoundary(frame);
    const cached = frames.isRasterized(index);
    const spans = frames.spansAt(index);
    drawn = { index, frame, spans };
    const changed = appearance.changedIn(frame);
    if (changed) changed.spans = frames.spansAt(changed.index);
    paintRegions(scene.fill, plotArea.layout, appearance, frame, spans, changed);
    drawLines();
    captions.explainColors(frame, changed);
    captions.describe(frame, changed);
    Object.assign(scene.root.dataset, {
      frame: index,
      step: frame.step,
      regions: frame.count,
      cached,
      drawMs: (performance.now() - started).toFixed(2),
    });
    frames.rasterizeAhead();
  };

  /** Show why the frame is missing; the old picture stays, dimmed. */
  const drawMissing = (index) => {
    drawn = null;
    drawLines();
    captions.explainMissing(index, isLive());
    for (const name of ["frame", "step", "regions"]) delete scene.root.dataset[name];
    if (isLive()) frames.request();
  };

    /** The id under the pointer, and the number of the region there or -1. */
  const hoveredId = () => (drawn ? idAtPointer(selection.pointer, drawn.spans, plotArea.layout) : 0);
  const hoveredRegion = () => (drawn ? drawn.frame.regionIds[hoveredId()] - 1 : -1);

  const drawLines = () => {
    const context = clearCanvas(scene.lines, plotArea.layout);
    const hovered = hoveredRegion();
    if (drawn) {
      const { view } = plotArea.layout;
      const colors = get("line_names").map((_, k) => get("class_colors").at(k));
      const shown = get("show_boundary");
      paintLines(context, view, drawn.frame, selection, hovered, shown, colors);
    }
    scene.root.dataset.region = hovered;
    showCard(hovered);
  };

  const hitIn = (region) => {
    const shown = { layer: get("layer"), withBoundary: get("show_boundary") };
    return hitTest(selection.pointer, drawn.frame, region, plotArea.layout.view, shown);
  };

  /** Show in the card the region under the pointer, or else the pinned one. */
  const showCard = (hovered) => {
    if (!drawn) return card.clear();
    const { frame, index } = drawn;
    const column = selection.columnIn(frame);
    const pinned = selection.regionIn(frame);
    const hit = hovered >= 0 ? hitIn(hovered) : null;
    const region = hovered >= 0 ? hovered : (pinned ?? -1);
    scene.plot.style.cursor = hit?.isNear ? "pointer" : "";
    const isPinned = region >= 0 && region === pinned;
    const shown = region < 0 ? null : { region, isPinned };
    if (shown) {
      const id = hit ? hoveredId() : region + 1;
      shown.facts = captions.factsOf(frame, id, selection.pointer, hit);
      shown.placeName = hit ? "" : "= at its middle";
      shown.place = hit ? placeInSlice(selection.pointer) : middleOf(frame, region);
      Object.assign(shown, mapOf(frame, region, index));
      if (isPinned) shown.neighbors = neighbors(frame, region).size;
    }
    card.show(frame, shown, {
      isMissing: pinned === -1,
      column,
      lit: selection.pointedColumn || (hit?.isNear ? hit.column : 0),
      speaks: selection.crossHair && !get("playing"),
    });
    Object.assign(scene.root.dataset, { pinned: pinned ?? "", neuron: column || "" });
  };

  /** The coordinates of a place in the picture. */
  const placeInSlice = ({ x, y }) => {
    const { view } = plotArea.layout;
    return [view.inverseX(x), view.inverseY(y)];
  };
  const middleOf = (frame, region) => {
    const [left, low] = get("bounds");
    const [x, y] = cornersMean(frame, region);
    return [left + x, low + y];
  };

  /** A region's affine map, as the card shows it: {map, mapNote, outputNames}. */
  const mapOf = (frame, region, index) => {
    const names = get("class_names");
    if (card.isSmall) return { map: null, mapNote: "", outputNames: names };
    const answer = maps.of(frame, region, index);
    if (answer?.offset) return { map: answer, mapNote: "", outputNames: names };
    const mapNote = answer?.problem ?? (isLive() ? "asking the kernel …" : "needs a running kernel");
    return { map: null, mapNote, outputNames: names };
  };

  const drawSamples = () => {
    if (!plotArea.layout) return;
    const { points, classes, anchors } = samplesOf(model);
    const colors = get("class_colors");
    const context = clearCanvas(scene.points, plotArea.layout);
    const shown = get("show_points");
    const { view, width, height } = plotArea.layout;
    if (shown) drawPoints(context, view, points, classes, colors, anchors, width, height);
    const [shownClasses, starCount] = shown ? [classes, anchors.length] : [[], 0];
    const lines = { name: get("line_name"), names: get("line_names") };
    drawLegend(scene.legend, lines, shownClasses, get("class_names"), colors, starCount);
    captions.explainBoundary(drawn?.frame);
  };

  const showAxes = () => {
    if (!plotArea.layout) return;
    const { view, width, height } = plotArea.layout;
    drawAxes(scene.axes, view, plotArea.viewport, width, height, get("axis_labels"));
  };

  /** Show another viewport, or another size. */
  const showViewport = () => {
    const { viewport, bounds, layout } = plotArea;
    const { pixelWidth, pixelHeight } = layout;
    frames.resize({ bounds, viewport, width: pixelWidth, height: pixelHeight });
    showAxes();
    scene.showAll.hidden = plotArea.showsAll || Boolean(toolbar);
    updateToolbar();
    drawSamples();
    scene.root.dataset.viewport = viewport.map((value) => value.toPrecision(6)).join(" ");
    requestDraw();
  };

  const fit = () => {
    updateToolbar();
    if (plotArea.fit()) draw();
  };

  // ------------------------------------------------------------------ actions of users

  const showSelection = () => {
    if (!drawn) return;
    drawLines();
  };
  const pin = (region) => {
    selection.pin(drawn.frame.hashes[region]);
    showSelection();
  };
  const mark = (column) => {
    selection.mark(column);
    showSelection();
  };

  const maps = new RegionMaps((request) => isLive() && source.send?.(request));
  const squares = {
    point: (column) => {
      if (column === selection.pointedColumn) return;
      selection.pointedColumn = column;
      showSelection();
    },
    mark,
  };
  const card = new Card(scene.card, squares, !get("controls"), stop.signal, showSelection);

  const gestures = new Gestures(
    scene.plot,
    {
      point: (at) => {
        selection.pointer = at;
        selection.crossHair = false;
        if (drawn && plotArea.layout && !redrawRequest) drawLines();
      },
      click: (at, isAlt) => {
        selection.pointer = at;
        const region = hoveredRegion();
        if (region < 0) return;
        const { column, isNear } = hitIn(region);
        if (isNear || (isAlt && column)) mark(column);
        else pin(region);
      },
      move: (dx, dy) => plotArea.moveBy(dx, dy),
      zoom: (factor, at) => plotArea.zoomAt(factor, at),
      showAll: () => plotArea.showAll(),
      rest: () => model.save_changes(),
    },
    stop.signal,
  );

  const actions = {
    change,
    showAll: () => plotArea.showAll(),
    zoom: (factor) => {
      if (!plotArea.layout) return;
      const { width, height } = plotArea.layout;
      plotArea.zoomAt(factor, selection.pointer ?? { x: width / 2, y: height / 2 });
      model.save_changes();
    },
    moveCrossHair: (by) => {
      if (!plotArea.layout) return;
      selection.moveCrossHair(by, plotArea.layout);
      drawLines();
    },
    pin: () => {
      const region = hoveredRegion();
      if (region >= 0) pin(region);
    },
    markNeuron: () => {
      const region = hoveredRegion();
      const column = region < 0 ? 0 : hitIn(region).column;
      if (column) mark(column);
    },
    release: () => {
      const hadSelection = selection.release();
      if (hadSelection) showSelection();
      return hadSelection;
    },
  };

  // ------------------------------------------------------------------ connections

  const controls = get("controls")
    ? buildControls(scene.controls, change, stop.signal)
    : null;
  const timeBar = get("controls") ? new TimeBar(scene.timeBar, change, stop.signal) : null;

  /** Draw a checkpoint as soon as its frame is here; resolves to whether there is one. */
  const show = async (index) => {
    change({ index });
    while (!frames.has(index) && playableFrames.comes(index) && !stop.signal.aborted) {
      frames.request(index);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
    draw();
    return drawn?.index === index;
  };
  const text = () => scene.plot.getAttribute("aria-label").replace(/, colored by /, " · ");
  const viewed = { get, change, show, text, isLive, layout: () => plotArea.layout };
  const tools = new Tools(scene, viewed, () => updateToolbar());
  const presentation = new Presentation(
    scene.root,
    () => {
      timeBar?.setHeight(presentation.isOn ? TIME_HEIGHTS.low : TIME_HEIGHTS.usual);
      fit();
    },
    stop.signal,
  );
  const toolbar = controls
    ? buildToolbar(
        controls.row,
        {
          reset: () => plotArea.showAll(),
          present: () => presentation.toggle(),
          picture: () => tools.picture(),
          film: tools.canFilm ? () => tools.film() : null,
          copy: () => tools.copy(),
        },
        stop.signal,
      )
    : null;
  const updateToolbar = () => {
    const isChanged = Boolean(plotArea.layout) && !plotArea.showsAll;
    toolbar?.update({ isChanged, isPresented: presentation.isOn, isFilming: tools.isFilming });
  };
  // A click on the button is not a click on the picture below it.
  for (const type of ["pointerdown", "dblclick"]) {
    scene.showAll.addEventListener(type, (event) => event.stopPropagation(), { signal: stop.signal });
  }
  const showAll = () => {
    plotArea.showAll();
    scene.plot.focus({ preventScroll: true }); // the button that had the focus disappears
  };
  scene.showAll.addEventListener("click", showAll, { signal: stop.signal });
    const playableFrames = {
    has: (index) => frames.has(index),
    // As a video player does, playing waits for what will come.
    comes: (index) => isLive() && !get("messages")[index],
    request: (index) => frames.request(index),
    // Color scales are fixed while frames play, so they must span the run before that.
    canStart: () => get("settled") || !isLive(),
  };
  // A linked canvas does not step by itself: its source does.
  const playback = new Playback(model, draw, source === model, playableFrames);

  // Keys work everywhere in the player, which contains this element only once it is attached.
  const attachKeys = () => {
    const player = el.closest(".splineviz-player") ?? scene.root;
    const onKey = (event) => handleKey(event, model, scene, actions);
    player.addEventListener("keydown", onKey, { signal: stop.signal });
  };

  suppressNotebookShortcuts();
  let attached = false;
  const resizing = new ResizeObserver(() => {
    if (!attached && scene.root.isConnected) {
      attached = true;
      attachKeys();
    }
    fit();
  });
  resizing.observe(scene.root);
  window.addEventListener("resize", fit, { signal: stop.signal });

  let previous = get("index");
  on(model, "change:index", () => {
    const index = get("index");
    frames.direction = Math.sign(index - previous) || frames.direction;
    previous = index;
    playback.stepped(performance.now());
    requestDraw();
    if (isLive()) frames.request();
  });
  on(model, "change:coloring change:colorings change:limits change:frame_scale", requestDraw);
  on(model, "change:layer change:compare change:show_boundary", requestDraw);
  on(model, "change:layers", () => {
    selection.column = 0; // its number means another neuron in another network
    requestDraw();
  });
  on(model, "change:steps change:progress change:ready change:messages", requestDraw);
  on(model, "change:interval change:loop change:play_range comm_live_update", requestDraw);
  on(model, "change:settled change:outdated change:goes_on", requestDraw);
  on(model, "change:curves change:region_counts change:flags", requestDraw);
  on(model, "change:thumbnails", () => drawThumbnails(scene.thumbnails, get("thumbnails")));
  on(model, "change:annotations change:bookmarks", requestDraw);
  on(model, "change:playing", () => {
    playback.follow();
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
  on(model, "change:height", fit);
  on(model, "change:bounds change:stretch", () => {
    plotArea.reset();
    fit();
  });
  on(model, "change:viewport", () => {
    const viewport = get("viewport");
    plotArea.showViewport(viewport.length ? viewport : plotArea.bounds);
  });

  const listened = new Set();
  const forget = (index) => {
    frames.forget(index);
    if (index === get("index") || index === appearance.comparedIndex) requestDraw();
    else frames.rasterizeAhead();
  };
  const listenToFrames = () => {
    for (let index = 0; index < get("count"); index++) {
      if (listened.has(index)) continue;
      listened.add(index);
      on(source, `change:frame_${index}`, () => forget(index));
    }
    requestDraw();
  };
  on(model, "change:count", listenToFrames);
  on(source, "msg:custom", ({ frame, forget: outdated, everything, map }, buffers) => {
    if (map && maps.receive(map)) requestDraw();
    // A message, not a trait: the kernel may not know of the zoom yet that is to be undone.
    if (everything) plotArea.showAll();
    for (const index of outdated ?? []) {
      frames.drop(index);
      forget(index);
    }
    if (frame === undefined) return;
    frames.receive(frame, buffers[0]);
    forget(frame);
  });
  // The kernel counts views, and computes frames only if somebody sees them.
  const countViews = (views) => isLive() && source.send?.({ views });
  countViews(1);
  scene.root.classList.toggle("sv-plain", !get("legend"));
  listenToFrames();
  drawThumbnails(scene.thumbnails, get("thumbnails"));
  captions.explainColors(null, null);
  playback.follow();

  return () => {
    countViews(-1);
    stop.abort();
    resizing.disconnect();
    cancelAnimationFrame(redrawRequest);
    gestures.stop();
    card.stop();
    maps.stop();
    playback.stop();
    frames.close();
    presentation.set(false);
    for (const [target, name, handler] of subscriptions) target.off(name, handler);
    scene.root.remove();
  };
}

export default { render };
