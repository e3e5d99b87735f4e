"""Calls of torch on numpy arrays, which the rows share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.layer_kind import Array, Options


def library(array: Array) -> Any:
    """Return the library of an array, for functions that numpy and torch share."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def writable(array: np.ndarray) -> np.ndarray:
    """Prepare an array for torch: writable memory, and no negative strides."""
    plain = np.require(array, requirements=["C", "W"])
    # Along an axis of size 1 any stride counts as contiguous.
    return plain.copy() if min(plain.strides, default=0) < 0 else plain


def in_torch(name: str, *arrays: Array, **options: Any) -> Array:
    """Call a function of ``torch.nn.functional`` or ``torch``, on numpy arrays too.

    The first array is a batch, which may be empty.
    """
    import torch

    if len(arrays[0]) == 0:
        # Some functions fail on an empty batch.
        one = np.zeros if isinstance(arrays[0], np.ndarray) else arrays[0].new_zeros
        return in_torch(name, one((1, *arrays[0].shape[1:])), *arrays[1:], **options)[:0]
    function = getattr(torch.nn.functional, name, None) or getattr(torch, name)
    if isinstance(arrays[0], torch.Tensor):
        return function(*arrays, **options)
    tensors = [torch.from_numpy(writable(array)) for array in arrays]
    with torch.no_grad():
        return function(*tensors, **options).numpy()


def in_torch_pooling(name: str, x: Array, dimensions: int, **options: Any) -> Array:
    """Call a pooling of torch, also on values without an axis of channels."""
    if x.ndim > dimensions + 1:
        return in_torch(name, x, **options)
    # torch would take the samples for channels, and fails on an empty batch.
    return in_torch(name, x[:, None], **options)[:, 0]


def apply_function(name: str) -> Callable[[None, Sequence[Array], Options], Array]:
    """Make a row's function from one of torch: sums of inputs times factors of at least 0."""

    def linear(weights: None, inputs: Sequence[Array], options: Options) -> Array:
        return in_torch(name, inputs[0], **options)

    return linear
