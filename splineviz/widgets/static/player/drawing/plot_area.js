// The size of the picture on the page, and the viewport: the part of the slice shown in it.

import { zoomOf } from "../toolbar/present.js";
import { makeView } from "../frames/rasterize.js";
import { panned, isSameViewport, zoomed, zoomFactor } from "./viewport.js";

const LEAST_ROOM = 80; // CSS pixels
const PLOT_HEIGHTS = [320, 620]; // CSS pixels
const LEAST_SIDE = 24; // CSS pixels of a plot
const AROUND_PLOT = 210; // CSS pixels a page needs above and below: its toolbars, the axis
const AROUND_PRESENTED = 60; // CSS pixels: the axis, and a margin
const SIDE_WIDTH = 260; // CSS pixels: the least width of what stands beside the plot
const SIDE_GAP = 20; // CSS pixels between them
const LEAST_BESIDE = 620; // CSS pixels: in a narrower widget it stands below

/** The largest height of a plot that leaves room for the controls and so on in the window. */
export function tallestPlot(windowHeight, othersHeight) {
  const [least, most] = PLOT_HEIGHTS;
  return Math.max(least, Math.min(most, windowHeight - AROUND_PLOT - othersHeight));
}

/** The height of a plot that is presented: all that the screen has. */
export function presentedPlot(windowHeight, othersHeight) {
  return Math.max(LEAST_ROOM, windowHeight - AROUND_PRESENTED - othersHeight);
}

/**
 * The size of a plot, in CSS pixels: it has the shape of the slice and fits into the available
 * width. `stretch` is the length of a unit of y, in units of x. A side that would be too thin to see
 * gets a minimum length.
 */
export function plotSize([xmin, ymin, xmax, ymax], room, tallest, stretch = 1) {
  const aspect = (stretch * (ymax - ymin)) / (xmax - xmin);
  const height = Math.min(room * aspect, tallest);
  const width = Math.min(room, height / aspect);
  return [width, height].map((side) => Math.round(Math.max(LEAST_SIDE, side)));
}

/** The width of an element, in CSS pixels, without its padding. */
function innerWidth(element) {
  const { paddingLeft, paddingRight } = getComputedStyle(element);
  return element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

export class PlotArea {
  /** `onChange` is called whenever the viewport or the size has changed. */
  constructor(model, scene, onChange) {
    this.model = model;
    this.scene = scene;
    this.onChange = onChange;
    this.layout = null; // sizes and coordinate maps; null until the widget has a size
    this.viewport = model.get("viewport").length ? [...model.get("viewport")] : null;
  }

  get bounds() {
    return this.model.get("bounds");
  }

  get showsAll() {
    return isSameViewport(this.viewport, this.bounds);
  }

  get zoom() {
    return zoomFactor(this.viewport, this.bounds);
  }

  /** Forget size and viewport: another slice is shown. */
  reset() {
    this.viewport = null;
    this.layout = null;
  }

  /** Fit the plot into the available room; returns whether its size has changed. */
  fit() {
    const { scene } = this;
    const inside = innerWidth(scene.root);
    if (inside < LEAST_ROOM) return false;
    const isBeside = this.model.get("controls") && inside >= LEAST_BESIDE;
    scene.root.classList.toggle("sv-beside", isBeside);
    const room = isBeside ? inside - SIDE_WIDTH - SIDE_GAP : inside;
    const fixedHeight = this.model.get("height");
    const zoom = zoomOf(scene.root);
    // In a presentation the menus stand above the side.
    const others = (zoom > 1 ? 0 : scene.controls.offsetHeight) + scene.timeBar.offsetHeight;
    const tallest =
      zoom > 1 ? presentedPlot(window.innerHeight / zoom, others) : fixedHeight || tallestPlot(window.innerHeight, others);
    const [width, height] = plotSize(this.bounds, room, tallest, this.model.get("stretch"));
    const ratio = (window.devicePixelRatio || 1) * zoom;
    const { layout } = this;
    if (layout?.width === width && layout.height === height && layout.ratio === ratio) return false;
    // On a coarse screen the buffer has twice the screen's resolution: scaling it down smooths edges.
    const dense = ratio >= 2 ? ratio : 2 * ratio;
    const pixelWidth = Math.round(width * dense);
    const pixelHeight = Math.round(height * dense);
    const image = new ImageData(pixelWidth, pixelHeight);
    const image32 = new Uint32Array(image.data.buffer);
    this.layout = { width, height, ratio, pixelWidth, pixelHeight, image, image32 };
    scene.plot.style.width = `${width}px`;
    scene.side.style.maxWidth = isBeside ? "" : `${width}px`;
    scene.plot.style.height = `${height}px`;
    scene.fill.width = pixelWidth;
    scene.fill.height = pixelHeight;
    for (const canvas of [scene.lines, scene.points]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.setViewport(this.viewport ?? this.bounds);
    return true;
  }

  /** Set the viewport without telling the model. */
  setViewport(viewport) {
    this.viewport = [...viewport];
    const { width, height } = this.layout;
    this.layout.view = makeView(this.bounds, this.viewport, width, height);
    this.layout.viewport = this.viewport;
    this.onChange();
  }

  /** Show a part of the slice. */
  showViewport(viewport) {
    if (!this.layout || isSameViewport(viewport, this.viewport)) return;
    this.setViewport(viewport);
    this.updateModel(this.showsAll ? [] : this.viewport);
  }

  /**
   * Set the model's viewport if it differs. Setting it always would be wrong: this may run inside
   * the model's own change event, and setting a trait there, even to the same value, makes
   * ipywidgets forget what it still has to send.
   */
  updateModel(viewport) {
    const current = this.model.get("viewport");
    const isSame = current.length === viewport.length && isSameViewport(current, viewport);
    if (!isSame) this.model.set("viewport", viewport);
  }

  /** Zoom in or out around a place, in CSS pixels of the plot. */
  zoomAt(factor, { x, y }) {
    if (!this.layout) return;
    const { view } = this.layout;
    const at = [view.inverseX(x), view.inverseY(y)];
    this.showViewport(zoomed(this.viewport, this.bounds, factor, ...at));
  }

  /** Move the picture, by CSS pixels. */
  moveBy(dx, dy) {
    if (!this.layout) return;
    const { view } = this.layout;
    this.showViewport(panned(this.viewport, this.bounds, -dx * view.pixelX, dy * view.pixelY));
  }

  /** Show the whole slice, and tell the kernel. */
  showAll() {
    if (this.layout) this.showViewport([...this.bounds]);
    else this.viewport = null;
    // The model may still hold the zoom of another slice, even if this view shows everything.
    this.updateModel([]);
    this.model.save_changes();
  }
}
