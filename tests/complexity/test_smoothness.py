"""A layer that is smooth is a proxy, by whatever name it is asked for."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import torch.nn.functional as F

import splineviz as sv

X = np.random.default_rng(0).normal(size=(6, 2))


class Own(torch.nn.Module):
    """An activation of a user's own."""

    def forward(self, x):
        return F.gelu(x)


class Gated(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.up = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)
        self.act = torch.nn.SiLU(inplace=True)

    def forward(self, x):
        gate, up = self.gate(x), self.up(x)
        return self.act(gate) + up.relu()


def net():
    """Smooth activations first, a ReLU behind them."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        *(torch.nn.Linear(2, 8), torch.nn.GELU()),
        *(torch.nn.Linear(8, 8), Own()),
        *(torch.nn.Linear(8, 8), torch.nn.LayerNorm(8), torch.nn.Tanh()),
        *(torch.nn.Linear(8, 8), torch.nn.ReLU()),
        *(Gated(), torch.nn.Linear(8, 2)),
    )


ROWS = {
    ("0",): True,
    ("1",): True,
    ("2",): True,
    ("3",): True,
    ("3.gelu",): True,
    ("4",): True,
    ("5",): True,
    ("6",): True,
    ("7",): False,
    ("8",): False,
    ("9.gate",): True,
    ("9.act",): True,
    ("9.up",): False,
    ("9.relu",): False,
    ("10",): False,
    ("0", "2"): True,
    ("2", "7"): True,
    ("7", "9.up"): False,
    ("output",): False,
}


@pytest.mark.parametrize("names", ROWS, ids="+".join)
def test_a_smooth_layer_is_a_proxy_by_any_name(names):
    lc = sv.local_complexity(net(), X, radius=0.5, directions=2, layers=[names])
    [layer] = lc.layers
    assert layer.proxy is lc.is_proxy is ROWS[names]


def test_the_mark_goes_wherever_the_counts_go():
    model, plane = net(), sv.InputSlice.identity()
    found = {
        smooth: sv.local_complexity(
            model, X, radius=0.5, directions=2, layers=["0" if smooth else "7"]
        )
        for smooth in (True, False)
    }
    for smooth, lc in found.items():
        [layer] = lc.names
        curves = sv.ComplexityCurves.from_results([0, 5], {"x": [lc, lc]})
        heat = sv.complexity_map(model, plane, resolution=4, layers=[layer])
        assert [*lc.to_dataframe()["proxy"]] == [smooth] * len(X)
        assert [*curves.to_dataframe()["proxy"]] == [smooth] * 4
        assert curves.at(5).is_proxy is curves.is_proxy is smooth
        for shown in (lc, curves, heat):
            assert ("a proxy" in repr(shown)) is smooth
        assert ("a proxy" in lc.plot().get_ylabel()) is smooth
        assert ("a proxy" in curves.plot().get_ylabel()) is smooth
        bar = heat.plot().figure.axes[-1]
        assert ("a proxy" in bar.get_ylabel() + bar.get_xlabel()) is smooth
        plot = sv.ComplexityPlot(curves)
        assert ("a proxy" in plot.figure.axes[1].label) is smooth
        plot.close()
        plt.close("all")


@pytest.mark.parametrize("smooth", [True, False])
def test_outputs_of_a_smooth_activation_are_a_proxy(smooth):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.GELU(), torch.nn.Linear(3, 2))
    if smooth:
        model.append(torch.nn.Tanh())
    lc = sv.local_complexity(model, X, radius=0.5, directions=2, logits=True)
    assert lc.layers[-1].proxy is smooth


def test_a_network_with_kinks_only_is_none():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    for layers in (["0"], ["1"], [("0", "1")], ["output"], None):
        lc = sv.local_complexity(model, X, radius=0.5, directions=2, layers=layers)
        assert not lc.is_proxy
