// Mouse and touch on the plot: one finger or the mouse moves the picture, two also enlarge it.

const CLICK = 4; // CSS pixels that a click may wander
const MOST_FINGERS = 2;
const LEAST_SPREAD = 10; // CSS pixels: fingers that touch each other would enlarge without end
const LINE = 16; // CSS pixels, where a browser tells the wheel in lines, and as high as a page
const PAGE = 400;
const REST_MS = 250; // without a turn of the wheel, before it is taken to be at rest

/** The middle of one finger or two, and how far apart they are: {x, y, spread}. */
function grip(places) {
  const [first, last] = [places[0], places[places.length - 1]];
  const spread = Math.max(LEAST_SPREAD, Math.hypot(last.x - first.x, last.y - first.y));
  return { x: (first.x + last.x) / 2, y: (first.y + last.y) / 2, spread };
}

/**
 * Listen to mouse and fingers on the plot. What they do is told to `acts`, with places in CSS pixels
 * of the plot: `point(place)`, null where it has left; `click(place)`, `move(dx, dy)`,
 * `zoom(factor, place)`, `everything()`, and `rest()` at the end of a movement.
 */
export class Gestures {
  constructor(plot, acts, signal) {
    this.plot = plot;
    this.acts = acts;
    this.held = new Map(); // where the mouse or each finger that is down was last, by pointerId
    this.start = null; // where the first of them went down
    this.pointed = null; // where the mouse was when it moved last
    this.far = false; // whether they have moved too far for a click
    this.wheeling = 0;
    const listen = (type, handler, options = {}) =>
      plot.addEventListener(type, (event) => handler.call(this, event), { signal, ...options });
    listen("pointermove", this.move);
    listen("pointerleave", this.leave);
    listen("pointerdown", this.press);
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) listen(type, this.lift);
    listen("dblclick", () => acts.everything());
    listen("wheel", this.turn, { passive: false });
  }

  /** Whether a button or a finger is on the picture. */
  get isHeld() {
    return this.held.size > 0;
  }

  placeOf(event) {
    const box = this.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  press(event) {
    this.plot.focus({ preventScroll: true });
    if (event.button !== 0 || this.held.size === MOST_FINGERS) return;
    const place = this.placeOf(event);
    // A second finger makes it a movement, even if none of the two moves far.
    this.far = this.isHeld;
    if (!this.isHeld) this.start = place;
    this.held.set(event.pointerId, place);
    this.plot.setPointerCapture(event.pointerId);
  }

  move(event) {
    const place = this.placeOf(event);
    this.pointed = place;
    if (!this.held.has(event.pointerId)) {
      if (!this.isHeld) this.acts.point(place);
      return;
    }
    const before = grip([...this.held.values()]);
    this.held.set(event.pointerId, place);
    const after = grip([...this.held.values()]);
    this.far ||= Math.hypot(place.x - this.start.x, place.y - this.start.y) > CLICK;
    if (this.far) this.acts.move(after.x - before.x, after.y - before.y);
    const pinches = this.held.size > 1;
    if (pinches) this.acts.zoom(after.spread / before.spread, after);
    this.acts.point(pinches ? null : place);
  }

  leave() {
    if (!this.isHeld) this.acts.point(null);
  }

  lift(event) {
    if (!this.held.delete(event.pointerId) || this.isHeld) return;
    if (!this.far && event.type === "pointerup") this.acts.click(this.placeOf(event));
    else this.acts.rest();
  }

  /** The wheel tells whole pixels; every turn would move the picture by what they are beside it. */
  placeOfWheel(event) {
    const { pointed } = this;
    const place = this.placeOf(event);
    const isThere = pointed && Math.hypot(pointed.x - place.x, pointed.y - place.y) < 2;
    return isThere ? pointed : place;
  }

  turn(event) {
    // An unfocused picture leaves the wheel to the page, which scrolls.
    if (document.activeElement !== this.plot && !event.ctrlKey) return;
    event.preventDefault();
    const turned = event.deltaY * [1, LINE, PAGE][event.deltaMode ?? 0];
    this.acts.zoom(Math.exp(-turned / 300), this.placeOfWheel(event));
    clearTimeout(this.wheeling);
    this.wheeling = setTimeout(() => this.acts.rest(), REST_MS);
  }

  stop() {
    clearTimeout(this.wheeling);
  }
}
