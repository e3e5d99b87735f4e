"""Averages, sums and interpolations: sums of inputs times factors that are not negative."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from splineviz.network.layers.layer_kind import Array, Options, Params
from splineviz.network.layers.torch_calls import (
    in_torch,
    in_torch_pooling,
    library,
)

# Pooling ------------------------------------------------------------------------------------------


def pooling(name: str, dimensions: int) -> Callable[[None, Sequence[Array], Options], Array]:
    """Make an average pooling from the name of its function in torch."""

    def linear(weights: None, inputs: Sequence[Array], options: Options) -> Array:
        return in_torch_pooling(name, inputs[0], dimensions, **options)

    return linear


def interpolate(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Interpolate in float64: torch's float32 weights have too few digits."""
    x = inputs[0]
    if x.dtype == library(x).float64:
        return in_torch("interpolate", x, **options)
    return in_torch("interpolate", x.double(), **options).to(x.dtype)


# Sums over axes -----------------------------------------------------------------------------------


def mean(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Average over some axes."""
    return _shaped(inputs[0].mean(axis=tuple(options["axes"])), options)


def total(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Sum over some axes."""
    return _shaped(inputs[0].sum(axis=tuple(options["axes"])), options)


def _shaped(x: Array, options: Options) -> Array:
    return x.reshape((x.shape[0], *options["shape"]))


def cumsum(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Sum cumulatively along an axis."""
    return inputs[0].cumsum(options["axis"])


# Padding ------------------------------------------------------------------------------------------


def pad_coefficients(params: Params, options: Options) -> tuple[None, Array | None]:
    """The constant that padding adds, if it is not zero."""
    if "value" not in options:
        return None, None
    import numpy as np

    inside = np.zeros((1, *options["shape"]))
    return None, in_torch("pad", inside, pad=options["pad"], value=options["value"])[0]


def pad(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Pad a value with zeros, or with its own numbers."""
    padded = in_torch("pad", inputs[0], pad=options["pad"], mode=options["mode"])
    # If there is nothing to pad, torch returns the same tensor.
    return padded * 1.0 if "value" in options else padded
