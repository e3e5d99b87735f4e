from __future__ import annotations

import ipywidgets
import pytest

from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.common.mirror import Mirror
from splineviz.widgets.player.region_canvas import RegionCanvas
from splineviz.widgets.player.region_player import RegionPlayer
from splineviz.widgets.views.layer_panels import LayerPanels
from tests.widgets.standin import StandInRun


@pytest.fixture(autouse=True)
def closed():
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture
def player(run, plane):
    return RegionPlayer(run, plane, index=2, color="area", background=False)


def mirrors():
    """What links one picture to another; a player's curves are linked in this way as well."""
    found = ipywidgets.widgets.widget._instances.values()
    links = [widget for widget in found if isinstance(widget, Mirror)]
    return [link for link in links if isinstance(link.target, RegionCanvas)]


def test_a_picture_for_each_layer(player):
    panels = LayerPanels(player)
    assert [canvas.layer for canvas in panels.canvases] == [0, 1]
    for canvas in panels.canvases:
        assert canvas.source is player.canvas
        assert not canvas.controls
        assert not canvas.legend
        assert (canvas.index, canvas.coloring) == (2, player.canvas.coloring)
        assert canvas.bounds == player.canvas.bounds
        assert canvas.height == 220
    titles = [box.children[0].value for box in panels.children[0].children]
    names = [name for name, _ in player.canvas.layers]
    assert titles == [f"layer {k} ({name!r}): 12 neurons" for k, name in enumerate(names)]


def test_they_are_linked_in_the_browser(player):
    panels = LayerPanels(player, height=100)
    assert {mirror.target for mirror in mirrors()} == set(panels.canvases)
    for mirror in mirrors():
        assert mirror.source is player.canvas
        assert {"index", "coloring", "limits", "viewport"} <= set(mirror.names)
        # Another slice, or a run that grows, is seen too.
        assert {"bounds", "points", "count", "steps"} <= set(mirror.names)
        assert mirror.back == ["index", "playing", "viewport"]
        assert set(mirror.back) <= set(mirror.names)


def test_closing_leaves_the_player(player):
    panels = LayerPanels(player)
    canvases = panels.canvases
    panels.close()
    panels.close()
    assert all(canvas.comm is None for canvas in canvases)
    assert not mirrors()
    assert player.canvas.comm is not None
    player.show(InputSlice.identity(bounds=(0, 0, 2, 1)), background=False)


def test_a_run_without_checkpoints_says_so(plane):
    panels = LayerPanels(RegionPlayer(StandInRun(steps=()), plane))
    assert "no checkpoints" in panels.children[0].value
    panels.close()
