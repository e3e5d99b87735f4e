// Running over the checkpoints, one after another.

import { nextShown, startOfPlay } from "./keys.js";

const EARLY = 4; // milliseconds that a step may come too soon, since frames come when they come
const SYNC_MS = 250; // between two messages to the kernel
const ASK_MS = 1000; // between two demands for a frame that is waited for
const LONGEST = 5; // steps' time that a picture stays when those behind it are not there

const EVERYTHING = { has: () => true, comes: () => false, ask: () => {}, begin: () => true };

export class Playing {
  /**
   * `draw` draws the checkpoint that the model's index says, at once; `runs` says whether it takes
   * the steps itself. `frames` tells of the frames: `has(index)` whether one is there,
   * `comes(index)` whether one that is not comes when it is asked for, `ask(index)` asks for it,
   * and `begin()` whether there are enough to begin with.
   */
  constructor(model, draw, runs = true, frames = EVERYTHING) {
    this.model = model;
    this.draw = draw;
    this.runs = runs;
    this.frames = frames;
    this.asked = 0; // when a frame was asked for that is waited for
    this.ticking = 0;
    this.moved = 0; // when the last step was taken
    this.synced = 0; // when the kernel was told
  }

  /** First and last checkpoint that play. */
  get range() {
    const range = this.model.get("play_range");
    return range.length ? range : [0, this.model.get("count") - 1];
  }

  /** The traits say whether it plays. At its end it starts over. */
  follow() {
    const { model } = this;
    if (!this.runs) return;
    if (model.get("playing")) {
      model.set("index", startOfPlay(model.get("index"), this.range, model.get("loop")));
      if (!this.ticking) this.ask();
    }
    model.save_changes();
  }

  /** Someone has taken a step, another view of the model perhaps: the next is not due yet. */
  stepped(now) {
    this.moved = now;
  }

  ask() {
    this.ticking = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    const { model } = this;
    this.ticking = 0;
    if (!model.get("playing")) return;
    this.ask();
    const since = now - this.moved;
    if (since <= 0 || since < model.get("interval") - EARLY || !this.frames.begin()) return;
    const index = model.get("index");
    const loop = model.get("loop");
    const next = nextShown(index, this.range, loop, (k) => this.frames.has(k) || this.frames.comes(k));
    if (next === index) return;
    if (next === null) {
      model.set("playing", false);
      model.save_changes();
      return;
    }
    if (!this.frames.has(next)) {
      if (now - this.asked > ASK_MS) this.frames.ask(next);
      if (now - this.asked > ASK_MS) this.asked = now;
      return;
    }
    // What lies between is not there yet: the picture stays for it, though not for long.
    const apart = Math.min(LONGEST, Math.max(1, next - index));
    if (since < apart * model.get("interval") - EARLY) return;
    model.set("index", next);
    this.stepped(now);
    this.draw();
    if (now - this.synced > SYNC_MS) {
      this.synced = now;
      model.save_changes();
    }
  }

  stop() {
    cancelAnimationFrame(this.ticking);
  }
}
