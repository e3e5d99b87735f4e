"""A player without pictures, which has what the companion views read of RegionPlayer.

The browser tests copy this file beside their notebook.
"""

from __future__ import annotations

import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.checkpoint_traits import CheckpointTraits

SHOWN = """
export default {
  render({ model, el }) {
    const output = document.createElement("output");
    output.className = "standin-canvas";
    el.append(output);
    const show = () => {
      output.dataset.index = model.get("index");
      output.dataset.range = model.get("play_range").join(" ");
      output.textContent = `checkpoint ${output.dataset.index}, range ${output.dataset.range}`;
    };
    model.on("change:index change:play_range", show);
    show();
  },
};
"""


class StandInCanvas(StrictWidget):
    _esm = SHOWN

    index = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    play_range = traitlets.Tuple().tag(sync=True)


class StandInPlayer(CheckpointTraits):
    def __init__(self, run):
        super().__init__()
        self.run = run
        self.steps = [int(step) for step in run.steps]
        self.canvas = StandInCanvas(count=len(self.steps)) if self.steps else None
        for name in ("index", "play_range") if self.steps else ():
            traitlets.link((self.canvas, name), (self, name))
