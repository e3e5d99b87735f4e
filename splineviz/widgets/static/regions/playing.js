// Running over the checkpoints, one after another.

import { nextPlayed, startOfPlay } from "./keys.js";

const EARLY = 4; // milliseconds that a step may come too soon, since frames come when they come
const SYNC_MS = 250; // between two messages to the kernel

export class Playing {
  /**
   * `draw` draws the checkpoint that the model's index says, at once; `runs` says whether it takes
   * the steps itself.
   */
  constructor(model, draw, runs = true) {
    this.model = model;
    this.draw = draw;
    this.runs = runs;
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
    if (now <= this.moved || now - this.moved < model.get("interval") - EARLY) return;
    const next = nextPlayed(model.get("index"), this.range, model.get("loop"));
    if (next === model.get("index")) return;
    if (next === null) {
      model.set("playing", false);
      model.save_changes();
      return;
    }
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
