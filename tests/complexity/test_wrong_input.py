"""Input that local complexity cannot measure, and what it says of it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    ShapeMismatch,
    UnknownName,
    UnsupportedLayer,
)
from tests.complexity.plain import (
    FunctionalMLP,
    Opaque,
    OpaqueFirst,
    Transformer,
    mlp,
    points,
    seeded,
)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"x": np.empty((0, 6))}, ShapeMismatch, "at least one row"),
        ({"x": np.zeros(6)}, ShapeMismatch, r"x\[None\]"),
        ({"x": np.zeros((3, 7))}, ShapeMismatch, "7"),
        ({"x": np.zeros((3, 6), dtype=np.int64)}, InvalidArgument, "int64"),
        ({"x": np.zeros((3, 6), dtype=complex)}, InvalidArgument, "complex"),
        ({"x": [[0.0] * 6, [0.0] * 5]}, ShapeMismatch, "array"),
        ({"x": np.full((3, 6), np.nan)}, NonFiniteValues, r"x\[0\]"),
        ({"radius": 0}, InvalidArgument, "radius"),
        ({"radius": [0.1, -1]}, InvalidArgument, "radius"),
        ({"radius": float("inf")}, InvalidArgument, "radius"),
        ({"radius": []}, InvalidArgument, "radius"),
        ({"radius": "small"}, InvalidArgument, "radius"),
        ({"radius": [torch.ones(2, requires_grad=True)]}, InvalidArgument, "radius"),
        ({"directions": 7}, InvalidArgument, "directions=6"),
        ({"directions": 0}, InvalidArgument, "at least 1"),
        (
            {"directions": 2.5},
            InvalidArgument,
            "whole number, or an array of unit vectors, not 2.5",
        ),
        ({"directions": "all"}, InvalidArgument, "whole number, or an array .* not 'all'"),
        ({"directions": np.zeros((0, 6))}, InvalidArgument, "no directions"),
        ({"directions": np.eye(7)}, ShapeMismatch, "directions have shape"),
        ({"directions": [[1.0], [0.0, 1.0]]}, ShapeMismatch, "must make an array"),
        ({"directions": 2 * np.eye(6)}, InvalidArgument, "length 2"),
        ({"directions": np.full((2, 6), np.inf)}, NonFiniteValues, "directions"),
        ({"directions": np.eye(6), "shared_frame": False}, InvalidArgument, "of their own"),
        ({"seed": None}, InvalidArgument, "seed must be a whole number, not None"),
        ({"seed": -1}, InvalidArgument, "seed must be at least 0"),
        ({"seed": 1.5}, InvalidArgument, "seed must be a whole number, not 1.5"),
        ({"layers": ["relu_7"]}, UnknownName, "relu_1"),
        ({"layers": []}, InvalidArgument, "layers is empty"),
        ({"layers": [()]}, InvalidArgument, r"layers\[0\] is \(\)"),
        ({"layers": ["relu", 1]}, InvalidArgument, r"layers\[1\] is 1; name a layer, as in '1'"),
        ({"layers": [("relu", 1)]}, InvalidArgument, r"layers\[0\] is \('relu', 1\)"),
        ({"layers": 1}, InvalidArgument, "layers must be a function, or a list of names.*not 1"),
        ({"layers": ["relu", "relu"]}, InvalidArgument, "twice"),
        ({"layers": lambda layer: False}, InvalidArgument, "returned False"),
        ({"batch_size": 0}, InvalidArgument, "batch_size must be at least 1"),
        ({"batch_size": 1.5}, InvalidArgument, "batch_size must be a whole number, not 1.5"),
        ({"batch_size": "all"}, InvalidArgument, "batch_size must be a whole number, not 'all'"),
        ({"device": "foo"}, InvalidArgument, "device='foo' cannot compute.*say 'cpu'"),
        ({"device": "meta"}, InvalidArgument, "device='meta' cannot compute"),
        ({"device": "cuda:99"}, InvalidArgument, "device='cuda:99' cannot compute"),
        ({"device": []}, InvalidArgument, "cannot compute"),
        ({"device": 1j}, InvalidArgument, "device=1j cannot compute anything"),
        ({"device": True}, InvalidArgument, "device=True cannot compute anything"),
        ({"device": b"cpu"}, InvalidArgument, "device=b'cpu' cannot compute anything"),
        ({"device": 2**70}, InvalidArgument, "cannot compute in float64 here"),
    ],
)
@pytest.mark.parametrize("make", [FunctionalMLP, OpaqueFirst])
def test_bad_input_is_explained(settings, error, message, make):
    given = {"x": points(3, 6), "directions": 3, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=message):
            sv.local_complexity(seeded(make), **given)


@pytest.mark.parametrize("make", [lambda: mlp(6, 9, 9, 3), lambda: Opaque(mlp(6, 9, 9, 3))])
def test_names_may_come_from_a_generator(make):
    model, x = seeded(make), points(3, 6)
    names = sv.local_complexity(model, x, directions=3).names
    asked = sv.local_complexity(model, x, directions=3, layers=(name for name in names))
    assert asked.names == names


def test_a_radius_may_be_a_tensor_with_a_gradient():
    model, x = seeded(lambda: mlp(6, 9, 3)), points(3, 6)
    radii = torch.tensor([0.1, 0.5], dtype=torch.float64, requires_grad=True)
    one, other = (
        sv.local_complexity(model, x, radius=radius, directions=3) for radius in (radii, [0.1, 0.5])
    )
    np.testing.assert_array_equal(one.counts, other.counts)


@pytest.mark.parametrize("make", [FunctionalMLP, OpaqueFirst, Transformer])
def test_nan_weights_are_named(make):
    model = seeded(make)
    next(model.parameters()).data.view(-1)[0] = float("nan")
    x = points(3, 4, 8) if make is Transformer else points(3, 6)
    with pytest.raises(NonFiniteValues, match=r"weight|in_proj"):
        sv.local_complexity(model, x, directions=3)


def test_what_is_no_network_is_refused():
    with pytest.raises(UnsupportedLayer, match="not a torch"):
        sv.local_complexity(lambda x: x, points(3, 6), directions=3)
    with pytest.raises(InvalidArgument, match="no activation"):
        sv.local_complexity(nn.Linear(6, 2), points(3, 6), directions=3)
    maxout = nn.Sequential(nn.Linear(6, 12), nn.Unflatten(1, (4, 3)), nn.AdaptiveMaxPool1d(1))
    with pytest.raises(InvalidArgument, match="winners=True"):
        sv.local_complexity(maxout, points(3, 6), directions=3)
    counted_windows = sv.local_complexity(maxout, points(3, 6), directions=3, winners=True)
    assert counted_windows.widths.tolist() == [4]
