// What the buttons of the toolbar do.

import { playedRange } from "../time_bar/run_values.js";
import { filmType, saveFilm } from "./film.js";
import { savePicture } from "./snapshot.js";
import { addressOf, pythonOf, stateOf } from "./view_state.js";

/** Copy a text; returns whether that was possible. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages that come from no server have no clipboard to write to, but an old way still works.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

/**
 * The tools of a player. `player` has `get(name)`, `change(traits)`, `layout()`, `text()`, the text
 * above a picture, `isLive()`, whether there is a kernel, and `show(index)`, which resolves once a
 * checkpoint is drawn: to true, or to false if it has no frame.
 */
export class Tools {
  constructor(scene, player, onChange) {
    this.scene = scene;
    this.player = player;
    this.onChange = onChange;
    this.isFilming = false;
  }

  get canFilm() {
    return filmType() !== null;
  }

  picture() {
    const { scene, player } = this;
    const step = player.get("steps")[player.get("index")];
    return savePicture(scene, player.layout(), player.text(), `regions-step-${step}.png`);
  }

  /** Film the steps that play, or end the film that is being made. */
  async film() {
    if (this.isFilming) {
      this.isFilming = false;
      return;
    }
    const { scene, player } = this;
    const [first, last] = playedRange(player.get("play_range"), player.get("count"));
    this.isFilming = true;
    player.change({ playing: false });
    this.onChange();
    try {
      await saveFilm({
        scene,
        layout: player.layout,
        show: async (index) => ((await player.show(index)) ? player.text() : null),
        first,
        last,
        interval: player.get("interval"),
        stopped: () => !this.isFilming,
        name: "regions",
      });
    } finally {
      this.isFilming = false;
      this.onChange();
    }
  }

  /** Copy what is shown: in a notebook a line of Python, in a saved page its address. */
  copy() {
    const state = stateOf(this.player.get);
    const [page] = location.href.split("#");
    return copyText(this.player.isLive() ? pythonOf(state) : `${page}#${addressOf(state)}`);
  }
}
