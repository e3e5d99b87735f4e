// Mouse and touch on the plot.

const CLICK = 4; // CSS pixels that a click may wander
const REST_MS = 250; // without a turn of the wheel, before it is taken to be at rest

/**
 * Listen to the mouse on the plot. What it does is told to `acts`, with places in CSS pixels of the
 * plot: `point(place)`, null where it has left; `click(place)`, `move(dx, dy)`,
 * `zoom(factor, place)`, `everything()`, and `rest()` at the end of a movement.
 */
export class Gestures {
  constructor(plot, acts, signal) {
    this.plot = plot;
    this.acts = acts;
    this.drag = null;
    this.wheeling = 0;
    const listen = (type, handler, options = {}) =>
      plot.addEventListener(type, (event) => handler.call(this, event), { signal, ...options });
    listen("pointermove", this.move);
    listen("pointerleave", this.leave);
    listen("pointerdown", this.press);
    listen("pointerup", this.lift);
    listen("pointercancel", this.lift);
    listen("dblclick", () => acts.everything());
    listen("wheel", this.turn, { passive: false });
  }

  /** Whether the picture is being moved. */
  get isHeld() {
    return this.drag !== null;
  }

  placeOf(event) {
    const box = this.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  press(event) {
    this.plot.focus({ preventScroll: true });
    if (event.button !== 0) return;
    const start = this.placeOf(event);
    this.drag = { start, last: start, far: false };
    this.plot.setPointerCapture(event.pointerId);
  }

  move(event) {
    const place = this.placeOf(event);
    const { drag } = this;
    if (drag) {
      const { start, last } = drag;
      drag.far ||= Math.hypot(place.x - start.x, place.y - start.y) > CLICK;
      drag.last = place;
      if (drag.far) this.acts.move(place.x - last.x, place.y - last.y);
    }
    this.acts.point(place);
  }

  leave() {
    this.acts.point(null);
  }

  lift(event) {
    if (!this.drag) return;
    const isClick = !this.drag.far && event.type === "pointerup";
    this.drag = null;
    if (isClick) this.acts.click(this.placeOf(event));
    else this.acts.rest();
  }

  turn(event) {
    // An unfocused picture leaves the wheel to the page, which scrolls.
    if (document.activeElement !== this.plot && !event.ctrlKey) return;
    event.preventDefault();
    this.acts.zoom(Math.exp(-event.deltaY / 300), this.placeOf(event));
    clearTimeout(this.wheeling);
    this.wheeling = setTimeout(() => this.acts.rest(), REST_MS);
  }

  stop() {
    clearTimeout(this.wheeling);
  }
}
