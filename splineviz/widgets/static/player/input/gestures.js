// Mouse and touch on the plot: the mouse or one finger moves the picture, two fingers also zoom.

const CLICK = 4; // CSS pixels the pointer may move during a click
const MOST_FINGERS = 2;
const LEAST_SPREAD = 10; // CSS pixels: without it, fingers that touch each other would zoom without limit
const LINE = 16; // CSS pixels, for browsers that report the wheel in lines, or in pages
const PAGE = 400;
const REST_MS = 250; // milliseconds without a wheel event that end a movement

/** The middle of one or two fingers and the distance between them: {x, y, spread}. */
function grip(places) {
  const [first, last] = [places[0], places[places.length - 1]];
  const spread = Math.max(LEAST_SPREAD, Math.hypot(last.x - first.x, last.y - first.y));
  return { x: (first.x + last.x) / 2, y: (first.y + last.y) / 2, spread };
}

/**
 * Listen to mouse and fingers on the plot, and call `actions`: `point(place)`, with null when the
 * pointer leaves; `click(place, isAlt)`, `move(dx, dy)`, `zoom(factor, place)`, `showAll()`, and `rest()`
 * at the end of a movement. Places are in CSS pixels of the plot.
 */
export class Gestures {
  constructor(plot, actions, signal) {
    this.plot = plot;
    this.actions = actions;
    this.pressed = new Map(); // pointerId -> last place, for the mouse or fingers that are down
    this.start = null; // where the first pointer went down
    this.lastPlace = null; // of the last pointermove
    this.isDrag = false; // whether the pointers moved too far for a click
    this.restTimer = 0;
    const listen = (type, handler, options = {}) =>
      plot.addEventListener(type, (event) => handler.call(this, event), { signal, ...options });
    listen("pointermove", this.move);
    listen("pointerleave", this.leave);
    listen("pointerdown", this.press);
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) listen(type, this.lift);
    listen("dblclick", () => actions.showAll());
    listen("wheel", this.turn, { passive: false });
  }

  /** Whether a mouse button or a finger is down on the picture. */
  get isPressed() {
    return this.pressed.size > 0;
  }

  placeOf(event) {
    const box = this.plot.getBoundingClientRect();
    // A player that is presented is zoomed: its own pixels are larger than those of the window.
    const zoom = box.width / this.plot.clientWidth || 1;
    return { x: (event.clientX - box.left) / zoom, y: (event.clientY - box.top) / zoom };
  }

  press(event) {
    this.plot.focus({ preventScroll: true });
    if (event.button !== 0 || this.pressed.size === MOST_FINGERS) return;
    const place = this.placeOf(event);
    // With a second finger it is a movement, even if neither finger moves far.
    this.isDrag = this.isPressed;
    if (!this.isPressed) this.start = place;
    this.pressed.set(event.pointerId, place);
    this.plot.setPointerCapture(event.pointerId);
  }

  move(event) {
    const place = this.placeOf(event);
    this.lastPlace = place;
    if (!this.pressed.has(event.pointerId)) {
      if (!this.isPressed) this.actions.point(place);
      return;
    }
    const before = grip([...this.pressed.values()]);
    this.pressed.set(event.pointerId, place);
    const after = grip([...this.pressed.values()]);
    this.isDrag ||= Math.hypot(place.x - this.start.x, place.y - this.start.y) > CLICK;
    if (this.isDrag) this.actions.move(after.x - before.x, after.y - before.y);
    const pinches = this.pressed.size > 1;
    if (pinches) this.actions.zoom(after.spread / before.spread, after);
    this.actions.point(pinches ? null : place);
  }

  leave() {
    if (!this.isPressed) this.actions.point(null);
  }

  lift(event) {
    if (!this.pressed.delete(event.pointerId) || this.isPressed) return;
    if (!this.isDrag && event.type === "pointerup") {
      this.actions.click(this.placeOf(event), event.altKey);
    } else this.actions.rest();
  }

  /** Wheel events round to whole pixels, which would move the picture: prefer the last place. */
  placeOfWheel(event) {
    const { lastPlace } = this;
    const place = this.placeOf(event);
    const isSame = lastPlace && Math.hypot(lastPlace.x - place.x, lastPlace.y - place.y) < 2;
    return isSame ? lastPlace : place;
  }

  turn(event) {
    // Without the focus, the wheel scrolls the page.
    if (document.activeElement !== this.plot && !event.ctrlKey) return;
    event.preventDefault();
    const turned = event.deltaY * [1, LINE, PAGE][event.deltaMode ?? 0];
    this.actions.zoom(Math.exp(-turned / 300), this.placeOfWheel(event));
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.actions.rest(), REST_MS);
  }

  stop() {
    clearTimeout(this.restTimer);
  }
}
