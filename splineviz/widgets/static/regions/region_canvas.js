// The picture of all linear regions of one checkpoint, and scrubbing through a run of them.
//
// Every polygon is filled row by row into runs of region numbers. Colours are looked up by region, a
// boundary is where neighbouring numbers differ, hovering is one look-up. Recolouring needs no
// geometry, and nothing here waits for the kernel: runs of coming frames are made ahead in a worker.

import { changeColors, CHANGE_COLORS, colorsOf, lineColors, pixelOf } from "./colors.js";
import { buildControls, NO_LAYER, THE_STEP_BEFORE } from "./controls.js";
import { drawDetails } from "./details.js";
import { element } from "./dom.js";
import { changeText, missingText, neuronText, regionFacts, tipPlace } from "./facts.js";
import { idAt, makeView } from "./fill.js";
import { nearestEdge, neighbours, partsOfLayer } from "./frame.js";
import { indexAfterKey, moveOfKey, nextPlayed, zoomOfKey } from "./keys.js";
import { drawBoundary, drawCrossHair, drawNeuron, drawOutline, drawPinned, drawPoints } from "./marks.js";
import { formatCoordinate, formatNumber } from "./numbers.js";
import { changes } from "./patterns.js";
import { paint, paintBorders } from "./paint.js";
import { Pictures, storeOf } from "./pictures.js";
import { buildScene, drawAxes, drawChangeHeader, drawHeader, drawLegend, tallestPlot } from "./scene.js";
import { moved, sameViewport, zoomed, zoomOf } from "./viewport.js";

const NEAR = 5; // CSS pixels from an edge
const CLICK = 4; // CSS pixels that a click may wander
const CROSS_HAIR_STEP = 10; // CSS pixels
const SYNC_MS = 250; // between two messages to the kernel while playing

/** A trait of float32 or uint16 numbers, which arrives as a DataView. */
function numbers(view, Type) {
  return new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

export async function render({ model, el }) {
  const stop = new AbortController(); // ends every DOM listener at clean-up
  const subscriptions = [];
  const on = (target, name, handler) => {
    target.on(name, handler);
    subscriptions.push([target, name, handler]);
  };
  const store = await storeOf(model);
  const scene = buildScene(el);
  const pictures = new Pictures(model, store);
  let viewport = null;
  let layout = null; // sizes and maps, once the widget has a size
  let drawn = null; // what is in the picture: {index, frame, runs}
  let pointer = null; // where the mouse or the cross-hair is, in CSS pixels of the plot
  let crossHair = false; // whether keys have put it there
  let drag = null;
  let pinned = null; // the hash of the pinned region's pattern
  let column = 0; // of the neuron whose boundary is shown, 0 for none
  let redraw = 0;
  let ticking = 0;

  const get = (name) => model.get(name);
  const change = (traits) => {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    model.save_changes();
  };
  // The model that a widget's code gets does not tell; its layout, made and lost with it, does.
  const isLive = () => store.get("layout")?.comm_live !== false;
  const coloring = () => get("colorings")[get("coloring")];
  const bounds = () => get("bounds");

  // ------------------------------------------------------------------ drawing

  const comparedIndex = () => {
    const compare = get("compare");
    const index = compare === THE_STEP_BEFORE ? get("index") - 1 : compare;
    return index >= 0 && index !== get("index") ? index : -1;
  };

  const limitsOf = (frame) =>
    get("frame_scale") ? (frame.limits[coloring().name] ?? null) : get("limits")[get("coloring")];

  const partsOf = (frame) => {
    const layer = get("layer");
    if (layer === NO_LAYER) return new Uint8Array(frame.count + 1).fill(1, 1);
    if (layer < 0 || layer >= frame.layers.length) return null;
    frame.parts ??= new Map();
    if (!frame.parts.has(layer)) frame.parts.set(layer, partsOfLayer(frame, layer));
    return frame.parts.get(layer);
  };

  /** The colours of the regions and of the lines round them, kept with the frame. */
  const colorsAt = (frame, changed) => {
    const active = coloring();
    const limits = limitsOf(frame);
    const key = JSON.stringify([active.name, limits, changed?.index]);
    if (frame.painted?.key !== key) {
      const fill = changed
        ? changeColors(changed.born)
        : colorsOf(frame.values[active.name], active, limits);
      frame.painted = { key, fill, line: lineColors(fill) };
    }
    return frame.painted;
  };

  const paintRegions = (frame, runs, changed) => {
    const { fill, line } = colorsAt(frame, changed);
    const { pixelWidth, pixelHeight, image, image32 } = layout;
    paint(runs, pixelWidth, pixelHeight, partsOf(frame), fill, line, image32);
    if (changed) {
      const [other, color] = [pictures.runsAt(changed.index), pixelOf(CHANGE_COLORS.vanished)];
      paintBorders(other, pixelWidth, pixelHeight, changed.vanished, color, image32);
    }
    scene.fill.getContext("2d").putImageData(image, 0, 0);
  };

  const changedSince = (frame) => {
    const index = comparedIndex();
    const other = index >= 0 ? pictures.frameAt(index) : null;
    return other && { index, step: other.step, ...changes(frame, other) };
  };

  const onLines = () => {
    const context = scene.lines.getContext("2d");
    context.setTransform(layout.ratio, 0, 0, layout.ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    return context;
  };

  const drawLines = () => {
    const context = onLines();
    if (!drawn) return;
    const { frame } = drawn;
    if (get("show_boundary")) drawBoundary(context, layout.view, frame);
    if (column) drawNeuron(context, layout.view, frame, column);
    const region = pinned === null ? -1 : (frame.regionOf.get(pinned) ?? -1);
    if (region >= 0) drawPinned(context, layout.view, frame, region, neighbours(frame, region));
    const under = regionUnder(pointer);
    if (under >= 0) drawOutline(context, layout.view, frame, under);
    if (crossHair && pointer) drawCrossHair(context, pointer);
    showTip(under);
  };

  const regionUnder = (place) => {
    if (!place || !drawn) return -1;
    const at = Math.floor((place.x / layout.width) * layout.pixelWidth);
    const row = Math.floor((place.y / layout.height) * layout.pixelHeight);
    const within = (value, size) => value >= 0 && value < size;
    if (!within(at, layout.pixelWidth) || !within(row, layout.pixelHeight)) return -1;
    return idAt(drawn.runs, at, row) - 1;
  };

  /** The neuron whose boundary is nearest to a place: its column, and how far in CSS pixels. */
  const neuronNear = (place, region) => {
    const { view } = layout;
    const [x, y] = [view.relativeX(place.x), view.relativeY(place.y)];
    const { column: found, distance } = nearestEdge(drawn.frame, region, x, y);
    return { column: found, distance: distance / view.pixelX };
  };

  const showTip = (region) => {
    const { tip } = scene;
    tip.hidden = region < 0 || drag !== null;
    scene.root.dataset.region = region;
    if (tip.hidden) return;
    const facts = regionFacts(drawn.frame, region, get("colorings"), get("class_names"));
    const near = neuronNear(pointer, region);
    if (near.column) facts.push(["nearest boundary", neuronText(drawn.frame, near.column)]);
    const { view } = layout;
    const x = formatCoordinate(view.inverseX(pointer.x), view.pixelX);
    const y = formatCoordinate(view.inverseY(pointer.y), view.pixelY);
    facts.push(["at", `(${x}, ${y})`]);
    tip.replaceChildren();
    for (const [title, text] of facts) {
      element("span", "sv-fact", tip, title);
      element("span", "", tip, text);
    }
    scene.plot.style.cursor = near.column && near.distance < NEAR ? "pointer" : "";
    const size = { width: tip.offsetWidth, height: tip.offsetHeight };
    const [left, top] = tipPlace(pointer, layout, size);
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
  };

  const showDetails = () => {
    const { frame } = drawn;
    const region = pinned === null ? null : (frame.regionOf.get(pinned) ?? -1);
    const about = region === null ? null : { region };
    if (region >= 0 && about) about.neighbours = neighbours(frame, region).size;
    drawDetails(scene.details, frame, about, column);
    Object.assign(scene.root.dataset, { pinned: region ?? "", neuron: column || "" });
  };

  const markBoundary = (frame) => {
    const none = frame?.boundary.length === 0;
    const entry = scene.legend.querySelector(".sv-boundary-entry");
    entry?.classList.toggle("sv-absent", none);
    if (entry) entry.lastChild.textContent = none ? "no decision boundary" : "decision boundary";
  };

  const showProgress = () => {
    const [ready, count] = [get("ready"), get("count")];
    scene.progress.hidden = ready >= count || !get("progress");
    scene.progress.max = Math.max(1, count);
    scene.progress.value = ready;
  };

  /** The old picture stays as a dim ground; nothing describes it any more. */
  const drawNothing = (index) => {
    drawn = null;
    if (layout) onLines();
    showTip(-1);
    const why = missingText(get("messages")[index], get("steps")[index], isLive());
    scene.message.textContent = why;
    const progress = get("progress");
    scene.status.textContent = progress;
    scene.plot.setAttribute("aria-label", [why, progress].filter(Boolean).join(" · "));
    for (const name of ["frame", "step", "regions"]) delete scene.root.dataset[name];
    if (isLive()) pictures.ask();
  };

  const draw = () => {
    redraw = 0;
    if (!layout) return;
    const started = performance.now();
    const index = get("index");
    const frame = pictures.frameAt(index);
    controls?.update(get);
    showProgress();
    scene.plot.classList.toggle("sv-waiting", !frame);
    if (!frame) {
      drawNothing(index);
      return;
    }
    scene.message.textContent = "";
    markBoundary(frame);
    const cached = pictures.isFilled(index);
    const runs = pictures.runsAt(index);
    drawn = { index, frame, runs };
    const changed = changedSince(frame);
    paintRegions(frame, runs, changed);
    drawLines();
    showDetails();
    decorate(changed);
    describe(frame, changed);
    Object.assign(scene.root.dataset, {
      frame: index,
      step: frame.step,
      regions: frame.count,
      cached,
      drawMs: (performance.now() - started).toFixed(2),
    });
    pictures.fillAhead();
  };

  const describe = (frame, changed) => {
    const unit = frame.count === 1 ? "linear region" : "linear regions";
    const facts = [`step ${formatNumber(frame.step)}`, `${formatNumber(frame.count)} ${unit}`];
    if (changed) facts.push(changeText(changed.count, changed.step));
    const zoom = zoomOf(viewport, bounds());
    if (zoom > 1.01) facts.push(`${formatNumber(zoom)} times enlarged`);
    const status = [...facts, get("progress")].filter(Boolean).join(" · ");
    scene.status.textContent = status;
    // While it plays, a screen reader could not keep up.
    scene.status.setAttribute("aria-live", get("playing") ? "off" : "polite");
    const colored = changed ? "change" : coloring().title;
    scene.plot.setAttribute("aria-label", `${status}, coloured by ${colored}`);
  };

  const requestDraw = () => {
    if (!redraw) redraw = requestAnimationFrame(draw);
  };

  let decoration = "";
  const decorate = (changed) => {
    const limits = drawn ? limitsOf(drawn.frame) : get("limits")[get("coloring")];
    const names = get("class_names");
    const since = changed && `change since step ${formatNumber(changed.step)}`;
    const now = JSON.stringify([since, get("coloring"), limits, names]);
    if (now === decoration) return;
    decoration = now;
    if (changed) drawChangeHeader(scene.header, since);
    else drawHeader(scene.header, coloring(), limits, names);
  };

  // ------------------------------------------------------------------ sizes and the viewport

  const place = () => {
    const room = scene.status.clientWidth;
    if (room < 80) return;
    const [xmin, ymin, xmax, ymax] = bounds();
    const aspect = (ymax - ymin) / (xmax - xmin);
    const tallest = get("height") || tallestPlot(window.innerHeight, scene.controls.offsetHeight);
    const height = Math.round(Math.min(room * aspect, tallest));
    const width = Math.round(Math.min(room, height / aspect));
    const ratio = window.devicePixelRatio || 1;
    const same = layout?.width === width && layout.height === height && layout.ratio === ratio;
    if (same) return;
    // On a coarse screen the buffer has twice its pixels; shrinking it smooths every edge.
    const dense = ratio >= 2 ? ratio : 2 * ratio;
    const pixelWidth = Math.round(width * dense);
    const pixelHeight = Math.round(height * dense);
    const image = new ImageData(pixelWidth, pixelHeight);
    const image32 = new Uint32Array(image.data.buffer);
    layout = { width, height, ratio, pixelWidth, pixelHeight, image, image32 };
    for (const part of [scene.header, scene.plot, scene.legend]) part.style.width = `${width}px`;
    scene.plot.style.height = `${height}px`;
    scene.fill.width = pixelWidth;
    scene.fill.height = pixelHeight;
    for (const canvas of [scene.lines, scene.points]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    look(viewport ?? bounds());
    draw();
  };

  /** See a part of the slice. */
  const look = (wanted) => {
    viewport = [...wanted];
    const { width, height } = layout;
    layout.view = makeView(bounds(), viewport, width, height);
    const [pixelsWide, pixelsHigh] = [layout.pixelWidth, layout.pixelHeight];
    pictures.resize({ bounds: bounds(), viewport, width: pixelsWide, height: pixelsHigh });
    drawAxes(scene.axes, layout.view, viewport, width, height, get("axis_labels"));
    controls?.setZoomed(!sameViewport(viewport, bounds()));
    drawSamples();
    scene.root.dataset.viewport = viewport.map((value) => value.toPrecision(6)).join(" ");
  };

  const lookAt = (wanted) => {
    if (!layout || sameViewport(wanted, viewport)) return;
    look(wanted);
    model.set("viewport", sameViewport(wanted, bounds()) ? [] : viewport);
    requestDraw();
  };

  const zoomAt = (factor, { x, y }) => {
    const { view } = layout;
    lookAt(zoomed(viewport, bounds(), factor, view.inverseX(x), view.inverseY(y)));
  };

  const everything = () => {
    lookAt([...bounds()]);
    model.save_changes();
  };

  const drawSamples = () => {
    if (!layout) return;
    const classes = numbers(get("point_classes"), Uint16Array);
    const anchors = numbers(get("anchors"), Float32Array);
    const colors = get("class_colors");
    const context = scene.points.getContext("2d");
    context.setTransform(layout.ratio, 0, 0, layout.ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    const points = numbers(get("points"), Float32Array);
    if (get("show_points")) drawPoints(context, layout.view, points, classes, colors, anchors);
    drawLegend(scene.legend, classes, get("class_names"), colors, anchors.length);
    markBoundary(drawn?.frame);
  };

  // ------------------------------------------------------------------ what users do

  const choose = (place) => {
    const region = regionUnder(place);
    if (region < 0) return;
    const near = neuronNear(place, region);
    if (near.column && near.distance < NEAR) showNeuron(near.column);
    else pin(region);
  };

  const showNeuron = (found) => {
    column = found === column ? 0 : found;
    drawLines();
    showDetails();
  };

  const pin = (region) => {
    const hash = drawn.frame.hashes[region];
    pinned = pinned === hash ? null : hash;
    drawLines();
    showDetails();
  };

  const letGo = () => {
    const held = pinned !== null || column !== 0 || crossHair;
    [pinned, column, crossHair] = [null, 0, false];
    if (!held || !drawn) return held;
    pointer = null;
    drawLines();
    showDetails();
    return true;
  };

  const moveCrossHair = ([dx, dy]) => {
    const { width, height } = layout;
    const from = pointer ?? { x: width / 2, y: height / 2 };
    const within = (value, size) => Math.min(size - 1, Math.max(0, value));
    const [x, y] = [from.x + CROSS_HAIR_STEP * dx, from.y + CROSS_HAIR_STEP * dy];
    pointer = { x: within(x, width), y: within(y, height) };
    crossHair = true;
    drawLines();
  };

  /** Keys that mean something on the picture only; whether this was one. */
  const onPictureKey = (event) => {
    const { key, shiftKey } = event;
    const zoom = zoomOfKey(key);
    if (shiftKey && moveOfKey(key) && layout) moveCrossHair(moveOfKey(key));
    else if (zoom === 0) everything();
    else if (zoom !== null && layout) {
      zoomAt(zoom, pointer ?? { x: layout.width / 2, y: layout.height / 2 });
      model.save_changes();
    } else if (key === "Enter" && drawn && pointer) {
      const region = regionUnder(pointer);
      if (region >= 0) pin(region);
    } else if (key.toLowerCase() === "n" && drawn && pointer) {
      const region = regionUnder(pointer);
      if (region >= 0) showNeuron(neuronNear(pointer, region).column);
    } else return key === "Escape" && letGo();
    return true;
  };

  const goTo = (index) => {
    if (index === get("index")) return;
    change({ index });
  };

  const onKey = (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const isSlider = target.classList.contains("sv-slider");
    const typing = /^(INPUT|TEXTAREA|SELECT|BUTTON|SUMMARY)$/.test(target.tagName) && !isSlider;
    if (target.isContentEditable || typing) return;
    if (key === " ") {
      if (get("count") < 2) return;
      change({ playing: !get("playing") });
    } else if (target === scene.plot && onPictureKey(event)) {
      event.preventDefault();
      return;
    } else if (scene.root.contains(target)) {
      const index = indexAfterKey(key, get("index"), get("count"));
      if (index === null) return;
      goTo(index);
    } else {
      return;
    }
    event.preventDefault();
  };

  const placeOf = (event) => {
    const box = scene.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const movePointer = (event) => {
    pointer = event.type === "pointerleave" ? null : placeOf(event);
    crossHair = false;
    if (drag && pointer) {
      const [dx, dy] = [drag.last.x - pointer.x, pointer.y - drag.last.y];
      drag.far ||= Math.hypot(pointer.x - drag.start.x, pointer.y - drag.start.y) > CLICK;
      drag.last = pointer;
      const { view } = layout;
      if (drag.far) lookAt(moved(viewport, bounds(), dx * view.pixelX, dy * view.pixelY));
    }
    if (drawn && !redraw) drawLines();
  };

  const startDrag = (event) => {
    scene.plot.focus({ preventScroll: true });
    if (event.button !== 0 || !layout) return;
    const start = placeOf(event);
    drag = { start, last: start, far: false };
    scene.plot.setPointerCapture(event.pointerId);
  };

  const endDrag = (event) => {
    if (!drag) return;
    const wasClick = !drag.far && event.type === "pointerup";
    drag = null;
    if (wasClick && drawn) choose(placeOf(event));
    else model.save_changes();
  };

  let wheeling = 0;
  const onWheel = (event) => {
    // An unfocused picture leaves the wheel to the page, which scrolls.
    if (!layout || (document.activeElement !== scene.plot && !event.ctrlKey)) return;
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY / 300), placeOf(event));
    clearTimeout(wheeling);
    wheeling = setTimeout(() => model.save_changes(), SYNC_MS);
  };

  // ------------------------------------------------------------------ playing

  let lastStep = 0;
  let lastSync = 0;
  const tick = (now) => {
    ticking = 0;
    if (!get("playing")) return;
    ticking = requestAnimationFrame(tick);
    if (now - lastStep < get("interval") - 4) return;
    lastStep = now;
    const range = get("play_range");
    const whole = [0, get("count") - 1];
    const next = nextPlayed(get("index"), range.length ? range : whole, get("loop"));
    if (next === null) {
      change({ playing: false });
      return;
    }
    pictures.direction = 1;
    model.set("index", next);
    cancelAnimationFrame(redraw);
    draw();
    if (now - lastSync > SYNC_MS) {
      lastSync = now;
      model.save_changes();
    }
  };
  const playOrPause = () => {
    // What borrows its frames is moved by what it is linked to.
    if (get("playing") && !ticking && store === model) ticking = requestAnimationFrame(tick);
    if (!get("playing")) model.save_changes();
    requestDraw();
  };

  // ------------------------------------------------------------------ putting it together

  const controls = get("controls")
    ? buildControls(scene.controls, change, everything, stop.signal)
    : null;

  // The keys work all over the player, which is the parent of this element only once it is attached.
  const attachKeys = () => {
    const player = el.closest(".splineviz-player") ?? scene.root;
    player.setAttribute("data-lm-suppress-shortcuts", "true"); // or the notebook takes the keys
    player.addEventListener("keydown", onKey, { signal: stop.signal });
  };

  let attached = false;
  const resizing = new ResizeObserver(() => {
    if (!attached && scene.root.isConnected) {
      attached = true;
      attachKeys();
    }
    place();
  });
  resizing.observe(scene.root);
  const listen = (target, type, handler, options = {}) =>
    target.addEventListener(type, handler, { signal: stop.signal, ...options });
  listen(window, "resize", place);
  for (const type of ["pointermove", "pointerleave"]) listen(scene.plot, type, movePointer);
  listen(scene.plot, "pointerdown", startDrag);
  for (const type of ["pointerup", "pointercancel"]) listen(scene.plot, type, endDrag);
  listen(scene.plot, "dblclick", everything);
  listen(scene.plot, "wheel", onWheel, { passive: false });

  let previous = get("index");
  on(model, "change:index", () => {
    const index = get("index");
    pictures.direction = Math.sign(index - previous) || pictures.direction;
    previous = index;
    requestDraw();
    if (isLive()) pictures.ask();
  });
  const names = ["coloring", "colorings", "frame_scale", "layer", "compare", "progress", "ready"];
  for (const name of [...names, "messages", "interval", "loop", "play_range", "layers", "limits"]) {
    on(model, `change:${name}`, requestDraw);
  }
  on(model, "change:playing", playOrPause);
  on(model, "change:show_boundary", requestDraw);
  for (const name of ["points", "point_classes", "anchors", "show_points", "class_names"]) {
    on(model, `change:${name}`, () => {
      drawSamples();
      requestDraw();
    });
  }
  on(model, "change:bounds", () => {
    viewport = null;
    layout = null;
    place();
  });
  on(model, "change:viewport", () => {
    const wanted = get("viewport");
    if (layout) lookAt(wanted.length ? wanted : bounds());
  });
  on(model, "comm_live_update", requestDraw);

  const listened = new Set();
  const forget = (index) => {
    pictures.forget(index);
    if (index === get("index") || index === comparedIndex()) requestDraw();
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
  on(model, "change:steps", requestDraw);
  on(store, "msg:custom", ({ frame, forget: gone }, buffers) => {
    for (const index of gone ?? []) {
      pictures.drop(index);
      forget(index);
    }
    if (frame === undefined) return;
    pictures.receive(frame, buffers[0]);
    forget(frame);
  });
  if (get("viewport").length) viewport = [...get("viewport")];
  scene.root.classList.toggle("sv-plain", !get("legend"));
  listenToFrames();
  decorate(null);
  playOrPause();

  return () => {
    stop.abort();
    resizing.disconnect();
    cancelAnimationFrame(redraw);
    cancelAnimationFrame(ticking);
    clearTimeout(wheeling);
    pictures.close();
    for (const [target, name, handler] of subscriptions) target.off(name, handler);
    scene.root.remove();
  };
}

export default { render };
