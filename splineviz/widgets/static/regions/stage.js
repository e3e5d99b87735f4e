// The picture's size on the page, and the part of the slice that is seen in it.

import { makeView } from "./fill.js";
import { plotSize, tallestPlot } from "./scene.js";
import { moved, sameViewport, zoomed, zoomOf } from "./viewport.js";

const LEAST_ROOM = 80; // CSS pixels

export class Stage {
  /** `seen` is called whenever another part of the slice is seen, or in another size. */
  constructor(model, scene, seen) {
    this.model = model;
    this.scene = scene;
    this.seen = seen;
    this.layout = null; // sizes and maps, once the widget has a size
    this.viewport = model.get("viewport").length ? [...model.get("viewport")] : null;
  }

  get bounds() {
    return this.model.get("bounds");
  }

  get isWhole() {
    return sameViewport(this.viewport, this.bounds);
  }

  get zoom() {
    return zoomOf(this.viewport, this.bounds);
  }

  /** Another slice is shown. */
  reset() {
    this.viewport = null;
    this.layout = null;
  }

  /** Take the room that there is; returns whether that has changed. */
  place() {
    const { scene } = this;
    const room = scene.status.clientWidth;
    if (room < LEAST_ROOM) return false;
    const asked = this.model.get("height");
    const tallest = asked || tallestPlot(window.innerHeight, scene.controls.offsetHeight);
    const [width, height] = plotSize(this.bounds, room, tallest, this.model.get("stretch"));
    const ratio = window.devicePixelRatio || 1;
    const { layout } = this;
    if (layout?.width === width && layout.height === height && layout.ratio === ratio) return false;
    // On a coarse screen the buffer has twice its pixels; shrinking it smooths every edge.
    const dense = ratio >= 2 ? ratio : 2 * ratio;
    const pixelWidth = Math.round(width * dense);
    const pixelHeight = Math.round(height * dense);
    const image = new ImageData(pixelWidth, pixelHeight);
    const image32 = new Uint32Array(image.data.buffer);
    this.layout = { width, height, ratio, pixelWidth, pixelHeight, image, image32 };
    const parts = [scene.header, scene.plot, scene.legend, scene.details];
    for (const part of parts) part.style.width = `${width}px`;
    scene.plot.style.height = `${height}px`;
    scene.fill.width = pixelWidth;
    scene.fill.height = pixelHeight;
    for (const canvas of [scene.lines, scene.points]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.look(this.viewport ?? this.bounds);
    return true;
  }

  look(wanted) {
    this.viewport = [...wanted];
    const { width, height } = this.layout;
    this.layout.view = makeView(this.bounds, this.viewport, width, height);
    this.seen();
  }

  /** See a part of the slice. */
  lookAt(wanted) {
    if (!this.layout || sameViewport(wanted, this.viewport)) return;
    this.look(wanted);
    this.tell(this.isWhole ? [] : this.viewport);
  }

  /**
   * Tell the model what is seen, unless it knows. It may have said so itself just now, and a change
   * within a change, even to the same, lets ipywidgets forget what it has to send.
   */
  tell(viewport) {
    const told = this.model.get("viewport");
    const isTold = told.length === viewport.length && told.every((end, k) => end === viewport[k]);
    if (!isTold) this.model.set("viewport", viewport);
  }

  /** Come nearer to a place, in CSS pixels of the plot, or go away from it. */
  zoomAt(factor, { x, y }) {
    if (!this.layout) return;
    const { view } = this.layout;
    const at = [view.inverseX(x), view.inverseY(y)];
    this.lookAt(zoomed(this.viewport, this.bounds, factor, ...at));
  }

  /** Move the picture by some CSS pixels. */
  moveBy(dx, dy) {
    if (!this.layout) return;
    const { view } = this.layout;
    this.lookAt(moved(this.viewport, this.bounds, -dx * view.pixelX, dy * view.pixelY));
  }

  /** See the whole slice, and tell the kernel. */
  everything() {
    if (this.layout) this.lookAt([...this.bounds]);
    else this.viewport = null;
    // Also where this view sees everything, the model may hold what another slice was zoomed to.
    this.tell([]);
    this.model.save_changes();
  }
}
