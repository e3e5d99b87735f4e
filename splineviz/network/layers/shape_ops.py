"""Layers that pass values on as they are, in another order or shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.layer_kind import (
    Array,
    Options,
)
from splineviz.network.layers.torch_calls import (
    library,
)

# The same numbers ---------------------------------------------------------------------------------


def identity(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Return the value itself."""
    return inputs[0]


def reshape(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Reshape a value."""
    return inputs[0].reshape((inputs[0].shape[0], *options["shape"]))


# The order of the axes ----------------------------------------------------------------------------


def permute(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Reorder the axes of a value."""
    x = inputs[0]
    return x.transpose(options["axes"]) if isinstance(x, np.ndarray) else x.permute(options["axes"])


# Parts --------------------------------------------------------------------------------------------


def getitem(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Index a value."""
    x = inputs[0]
    return x[tuple(_index(entry, x) for entry in options["index"])]


def _index(entry: Any, x: Array) -> Any:
    if entry == "...":
        return Ellipsis
    if not isinstance(entry, dict):
        return entry
    if "slice" in entry:
        return slice(*entry["slice"])
    places = np.array(entry["places"], dtype=np.int64)
    return places if isinstance(x, np.ndarray) else library(x).from_numpy(places)


# Side by side -------------------------------------------------------------------------------------


def cat(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Concatenate values along an axis."""
    return library(inputs[0]).concatenate(tuple(inputs), axis=options["axis"])


def stack(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Stack values along a new axis."""
    return library(inputs[0]).stack(tuple(inputs), options["axis"])


# Repeated, turned and shifted ---------------------------------------------------------------------


def expand(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Repeat a value along axes of size one, without copying."""
    x = inputs[0]
    return library(x).broadcast_to(x, (x.shape[0], *options["shape"]))


def repeat(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Tile a value."""
    return library(inputs[0]).tile(inputs[0], tuple(options["times"]))


def flip(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Reverse a value along some axes."""
    return library(inputs[0]).flip(inputs[0], tuple(options["axes"]))


def roll(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Shift a value cyclically along some axes."""
    return library(inputs[0]).roll(inputs[0], tuple(options["shifts"]), tuple(options["axes"]))
