"""What the notebook on networks of one's own states as facts of its networks."""

from __future__ import annotations

from functools import cache

import pytest
import torch

import splineviz as sv
from splineviz.errors import UnsupportedLayer
from tests.notebooks.reading import sources, words

NAME = "09_your_network"
# Two cells after the imports: the CNN and the new activation.
WANTED = ("import tempfile", "data = sv.recipes.data", "class Apply")


@cache
def v():
    """The variables of the cells that make networks, without the trainings."""
    found = {}
    for source in sources(NAME, "code"):
        if source.startswith(WANTED):
            exec("import matplotlib; matplotlib.use('Agg')\n" + source, found)
    return found


def has_64_neurons_in_either_convolution():
    return [layer.width for layer in v()["part"].layers] == [64, 64]


def is_convex_everywhere():
    polygons = v()["part"].polygons
    return all(p.convex_hull.area - p.area < 1e-9 * p.area + 1e-13 for p in polygons)


def is_proved():
    return bool(v()["part"].verify(v()["cnn"]))


def is_folded():
    fold = v()["folded"][1].activation
    given = fold(torch.tensor([-2.0, 0.0, 2.0]))
    return given.tolist() == [1.0, 0.0, 2.0] and bool(v()["residual"].verify(v()["folded"]))


def is_refused_though_piecewise_linear():
    same = v()["Apply"](lambda x: torch.where(x > 0, x, -0.5 * x))
    x = torch.linspace(-2, 2, 9)
    assert torch.equal(same(x), v()["folded"][1].activation(x))
    with pytest.raises(UnsupportedLayer, match="not supported"):
        sv.enumerate_regions(v()["network_with"](same), v()["square"])
    return True


def curved_is_refused():
    with pytest.raises(UnsupportedLayer, match=r"^gelu at .* no exact linear regions"):
        sv.enumerate_regions(v()["network_with"](torch.nn.GELU()), v()["square"])
    return True


FACTS = {
    "Each value of each channel is a neuron: here 64 in either convolution.": (
        has_64_neurons_in_either_convolution
    ),
    "They are: where no neuron switches, the network is one affine map": is_convex_everywhere,
    "A certificate proves all of it against your own module:": is_proved,
    "This one has slope 1 for positive numbers and -0.5 for negative ones.": is_folded,
    "The second is piecewise linear, but it chooses by a comparison": (
        is_refused_though_piecewise_linear
    ),
}


@pytest.mark.parametrize("sentence", FACTS)
def test_what_the_notebook_says_of_its_networks_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()


def test_what_is_curved_is_refused():
    assert curved_is_refused()
