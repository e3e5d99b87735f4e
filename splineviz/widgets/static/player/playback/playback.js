// Playback: going over the checkpoints, one after another.

import { nextPlayable, playbackStart } from "./playback_order.js";

const EARLY = 4; // milliseconds that a step may be early: the browser's frames are not on time
const SYNC_MS = 250; // between two messages to the kernel
const REQUEST_MS = 1000; // between two requests for a missing frame
const LONGEST = 5; // times `interval`: how long a picture stays if the next ones are missing

const ALL_FRAMES = { has: () => true, comes: () => false, request: () => {}, canStart: () => true };

export class Playback {
  /**
   * `draw` draws the checkpoint of the model's index at once. `leads` is false for a linked canvas,
   * whose index another widget changes. `frames` knows the frames: `has(index)` says whether one
   * has arrived, `comes(index)` whether one will arrive if requested, `request(index)` requests
   * one, and `canStart()` says whether there are enough to start.
   */
  constructor(model, draw, leads = true, frames = ALL_FRAMES) {
    this.model = model;
    this.draw = draw;
    this.leads = leads;
    this.frames = frames;
    this.requestedAt = 0; // when a missing frame was requested last
    this.ticking = 0;
    this.steppedAt = 0; // when the last step was taken
    this.syncedAt = 0; // when the kernel got the index last
  }

  /** The first and the last checkpoint that play. */
  get range() {
    const range = this.model.get("play_range");
    return range.length ? range : [0, this.model.get("count") - 1];
  }

  /** Start or stop, as the trait `playing` says. At the end of the range it starts over. */
  follow() {
    const { model } = this;
    if (!this.leads) return;
    if (model.get("playing")) {
      model.set("index", playbackStart(model.get("index"), this.range, model.get("loop")));
      if (!this.ticking) this.scheduleTick();
    }
    model.save_changes();
  }

  /** Note that a step was taken, perhaps by another view: the next one is not due yet. */
  stepped(now) {
    this.steppedAt = now;
  }

  scheduleTick() {
    this.ticking = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    const { model, frames } = this;
    this.ticking = 0;
    if (!model.get("playing")) return;
    this.scheduleTick();
    const since = now - this.steppedAt;
    if (since <= 0 || since < model.get("interval") - EARLY || !frames.canStart()) return;
    const index = model.get("index");
    const canShow = (k) => frames.has(k) || frames.comes(k);
    const next = nextPlayable(index, this.range, model.get("loop"), canShow);
    if (next === index) return;
    if (next === null) {
      model.set("playing", false);
      model.save_changes();
      return;
    }
    if (!frames.has(next)) {
      if (now - this.requestedAt > REQUEST_MS) {
        frames.request(next);
        this.requestedAt = now;
      }
      return;
    }
    // Steps in between are missing: the picture stays for their time, up to a limit.
    const skipped = Math.min(LONGEST, Math.max(1, next - index));
    if (since < skipped * model.get("interval") - EARLY) return;
    model.set("index", next);
    this.stepped(now);
    this.draw();
    if (now - this.syncedAt > SYNC_MS) {
      this.syncedAt = now;
      model.save_changes();
    }
  }

  stop() {
    cancelAnimationFrame(this.ticking);
  }
}
