// Running over the checkpoints, one after another.

import { nextPlayed } from "./keys.js";

const EARLY = 4; // milliseconds that a step may come too soon, since frames come when they come
const SYNC_MS = 250; // between two messages to the kernel

export class Playing {
  /** `draw` draws the checkpoint that the model's index says, at once. */
  constructor(model, draw) {
    this.model = model;
    this.draw = draw;
    this.ticking = 0;
    this.moved = 0; // when the last step was taken
    this.synced = 0; // when the kernel was told
  }

  /** The traits say whether it plays. */
  follow() {
    if (!this.model.get("playing")) this.model.save_changes();
    else if (!this.ticking) this.ask();
  }

  ask() {
    this.ticking = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    const { model } = this;
    this.ticking = 0;
    if (!model.get("playing")) return;
    this.ask();
    if (now - this.moved < model.get("interval") - EARLY) return;
    this.moved = now;
    const range = model.get("play_range");
    const whole = [0, model.get("count") - 1];
    const next = nextPlayed(model.get("index"), range.length ? range : whole, model.get("loop"));
    if (next === null) {
      model.set("playing", false);
      model.save_changes();
      return;
    }
    model.set("index", next);
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
