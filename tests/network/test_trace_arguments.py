"""Shapes, batches and numbers that the trace cannot take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.errors import (
    NonFiniteValues,
    ShapeMismatch,
)
from splineviz.network.tracing.trace import trace
from tests.network.traced_nets import mlp


def test_a_wrong_input_shape_names_what_was_expected_and_given() -> None:
    with pytest.raises(ShapeMismatch, match=r"shape \(3,\).*in_features=2.*'0'"):
        trace(mlp(2, 4, 1), (3,))
    with pytest.raises(ShapeMismatch, match=r"shape \(28, 28\).*Conv2d\(1, 4.*'0'"):
        trace(nn.Sequential(nn.Conv2d(1, 4, 3)), (28, 28))
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(5, 2))
    with pytest.raises(ShapeMismatch, match=r"shape \(1, 6, 6\).*in_features=5.*'2'.*64"):
        trace(model, (1, 6, 6))


@pytest.mark.parametrize(
    "shape",
    [
        *(0, (0,), (-1, 2), (2.5,), ("a",), "ab", None, True, 10**30, {2}, {2: 1}, object()),
        *(torch.tensor(2.5), torch.tensor([1.5, 2.5]), np.array("a")),
    ],
)
def test_what_is_not_a_shape(shape: Any) -> None:
    with pytest.raises(ShapeMismatch, match="positive integers"):
        trace(mlp(2, 4, 1), shape)


@pytest.mark.parametrize(
    "batch",
    [
        *(np.array([[None]]), np.array([["a"]]), np.ones((1, 2), complex), np.ones((0, 2))),
        *(torch.ones(1, 2, device="meta"), torch.ones(1, 2, dtype=torch.complex64)),
    ],
)
def test_what_is_not_a_batch(batch: Any) -> None:
    with pytest.raises(ShapeMismatch, match="batch of real numbers or tokens"):
        trace(mlp(2, 4, 1), batch)


def test_a_shape_in_an_array_and_a_batch() -> None:
    for example in (torch.tensor([2]), np.array([2]), [2], np.int64(2), torch.tensor(2)):
        assert trace(mlp(2, 4, 1), example).input_shape == (2,)
    assert trace(mlp(2, 4, 1), np.ones((5, 2))).input_shape == (2,)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(bad: float) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU())
    with torch.no_grad():
        model[1].running_mean[1] = bad
    with pytest.raises(NonFiniteValues, match=r"'1.running_mean' has 1 NaN or infinite of 3"):
        trace(model, (2,))


def test_coefficients_that_are_not_finite() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2, eps=0.0))
    model[0].running_var.zero_()
    with pytest.raises(NonFiniteValues, match=r"batch_norm step '0'.*running variance"):
        trace(model, (2,))


def test_an_output_that_overflows() -> None:
    model = mlp(2, 4, 1).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1e300)
    with pytest.raises(NonFiniteValues, match="overflows"):
        trace(model, (2,))
