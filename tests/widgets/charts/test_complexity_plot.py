from __future__ import annotations

import ipywidgets
import numpy as np
import pytest
import traitlets

import splineviz as sv
from splineviz.errors import InvalidArgument, UnknownName
from splineviz.widgets.charts.complexity_plot import ComplexityPlot
from splineviz.widgets.charts.figure_styles import FigureStyles


@pytest.fixture(scope="module")
def curves():
    run = sv.Run.bundled()
    x = run.samples[0]
    return run.local_complexity(
        {"training": x, "half": x / 2},
        radius=[0.1, 0.2],
        directions=2,
        steps=[0, 1, 325, 30000],
        cache=False,
    )


@pytest.fixture(autouse=True)
def closed():
    yield
    ipywidgets.Widget.close_all()


def legend(plot):
    return [entry.value[3:] for entry in plot.legend.children]


def shown(plot):
    """Bands, means and the line at a step."""
    count = len(plot.legend.children)
    marks = plot.figure.marks
    assert len(marks) == 3 * count + 1
    return marks[:count], marks[count:-1:2], marks[-1]


def test_a_curve_with_its_band_for_each_probe(curves):
    plot = ComplexityPlot(curves)
    bands, means, marker = shown(plot)
    assert legend(plot) == ["training", "half"]
    assert means[1].x.tolist() == [0.5, 1, 325, 30000]
    np.testing.assert_array_equal(means[1].y, curves.mean("half")[:, 0])
    low, high = (end[:, 0] for end in curves.interval("half"))
    np.testing.assert_array_equal(bands[1].y, [*low, *high[::-1]])
    assert bands[1].x.tolist() == [0.5, 1, 325, 30000, 30000, 325, 1, 0.5]
    assert bands[1].fill == "inside"
    assert bands[1].fill_colors == means[1].colors
    assert marker.x.tolist() == [30000, 30000]
    x, y = plot.figure.axes
    assert (x.label, y.label) == ("training step", "local complexity (crossed neurons)")
    assert x.tick_labels["0.5"] == "0"
    assert y.scale.min == 0
    assert all(mark.scales["y"] is y.scale for mark in plot.figure.marks[:-1])
    assert plot.probe_menu.layout.display == "none"
    assert plot.radius_menu.layout.display is None


def test_the_menus_choose_what_is_shown(curves):
    plot = ComplexityPlot(curves, step=325)
    old = plot.figure.marks[:-1]
    plot.by_menu.value = "layer"
    assert plot.by == "layer"
    assert plot.probe_menu.layout.display is None
    assert legend(plot) == [f"{name!r} (relu, 64 neurons)" for name in curves.names]
    assert plot.heading.value == "training, layer by layer; radius 0.1, 2 directions"
    plot.probe_menu.value = "half"
    plot.radius_menu.value = 0.2
    _, means, marker = shown(plot)
    np.testing.assert_array_equal(means[2].y, curves.mean("half", True)[:, 1, 2])
    assert marker.x.tolist() == [325, 325]
    assert all(mark.comm is None for mark in old)


def test_what_is_shown_can_be_set(curves):
    plot = ComplexityPlot(curves, by="layer", probe="half", radius=0.2)
    assert (plot.by_menu.value, plot.probe_menu.value) == ("layer", "half")
    assert plot.radius_menu.value == 0.2
    plot.by = "probe"
    assert plot.by_menu.value == "probe"
    for trait, value in (("by", "x"), ("probe", "x"), ("radius", 3.0), ("step", -1)):
        with pytest.raises(traitlets.TraitError):
            setattr(plot, trait, value)
    assert (plot.by, plot.probe, plot.radius) == ("probe", "half", 0.2)


def test_the_line_follows_a_step(curves):
    class Player(traitlets.HasTraits):
        step = traitlets.Int(0)

    plot, player = ComplexityPlot(curves), Player()
    traitlets.link((player, "step"), (plot, "step"))
    assert shown(plot)[2].x.tolist() == [0.5, 0.5]
    player.step = 96
    assert shown(plot)[2].x.tolist() == [96, 96]
    plot.by = "layer"
    assert shown(plot)[2].x.tolist() == [96, 96]


def test_what_there_is_not_is_told(curves):
    with pytest.raises(UnknownName, match="unknown probe 'x'"):
        ComplexityPlot(curves, probe="x")
    for wrong in ({"by": "x"}, {"radius": 3.0}, {"level": 0}):
        with pytest.raises(InvalidArgument):
            ComplexityPlot(curves, **wrong)


def test_it_brings_its_styles_along(curves):
    plot = ComplexityPlot(curves)
    assert any(isinstance(child, FigureStyles) for child in plot.children)
    assert "splineviz-figure" in plot.figure._dom_classes
