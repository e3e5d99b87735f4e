"""LayerPanels: the boundaries of each layer alone, in small pictures beside a player."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from splineviz.partition.patterns import layer_text
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int
from splineviz.validation.objects import check_player
from splineviz.widgets.common.lifecycle import OwningBox
from splineviz.widgets.player.linked_canvas import LinkedCanvas

if TYPE_CHECKING:
    from splineviz.widgets.player.region_player import RegionPlayer

_TALLEST = 10_000


class LayerPanels(OwningBox):
    """The boundaries of each layer alone, in small pictures that go together with a player.

    They draw the player's frames: step, colors and the part of the slice that is seen are those
    of the player, without the kernel. The keys on a picture move the player too.

    Parameters
    ----------
    player : RegionPlayer
        Whose regions to look at.
    height : int
        Height of each picture in CSS pixels.

    Attributes
    ----------
    canvases : tuple of RegionCanvas
        One for each layer, in the order of the network.
    """

    identity_arguments = ()

    canvases: tuple[LinkedCanvas, ...] = ()

    @explained()
    def __init__(
        self,
        player: RegionPlayer,
        *,
        height: int = 220,
    ) -> None:
        check_player(player)
        height = as_int(height, "height", 1, _TALLEST)
        canvas = player.canvas
        if canvas is None:
            super().__init__(
                [ipywidgets.Label("This run has no checkpoints yet: no layer to see.")]
            )
            return
        self.canvases = tuple(
            LinkedCanvas(canvas, apart=("progress",), layer=number, height=height, legend=False)
            for number in range(len(canvas.layers))
        )
        boxes = []
        for number, ((name, width), picture) in enumerate(
            zip(canvas.layers, self.canvases, strict=True)
        ):
            neurons = "1 neuron" if width == 1 else f"{width:,} neurons"
            title = ipywidgets.Label(f"{layer_text(number, name)}: {neurons}")
            title.style.font_weight = "600"
            title.layout.padding = "0 0 0 48px"
            box = ipywidgets.VBox([title, picture])
            # As many beside each other as there is room for.
            box.layout.flex, box.layout.min_width = f"0 1 {height + 55}px", "0"
            box.layout.overflow = "hidden"
            boxes.append(box)
        row = ipywidgets.HBox(boxes)
        row.layout.flex_flow = "row wrap"
        super().__init__([row])
        self.add_class("splineviz-layer-panels")

    def close(self) -> None:
        """Remove the pictures from the page; the player stays."""
        self.canvases = ()
        super().close()
