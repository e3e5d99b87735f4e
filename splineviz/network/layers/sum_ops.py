"""Averages, sums and interpolations: each result is a sum of inputs times what is not negative."""

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
    """A pooling that averages, by the name of its function in torch."""

    def linear(weights: None, inputs: Sequence[Array], options: Options) -> Array:
        return in_torch_pooling(name, inputs[0], dimensions, **options)

    return linear


def interpolate(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Numbers between others; in float64, as torch's weights in float32 have too few digits."""
    x = inputs[0]
    if x.dtype == library(x).float64:
        return in_torch("interpolate", x, **options)
    return in_torch("interpolate", x.double(), **options).to(x.dtype)


# Sums over axes -----------------------------------------------------------------------------------


def mean(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The mean over some axes."""
    return _shaped(inputs[0].mean(axis=tuple(options["axes"])), options)


def total(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The sum over some axes."""
    return _shaped(inputs[0].sum(axis=tuple(options["axes"])), options)


def _shaped(x: Array, options: Options) -> Array:
    return x.reshape((x.shape[0], *options["shape"]))


def cumsum(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Running sums along an axis."""
    return inputs[0].cumsum(options["axis"])


# Padding ------------------------------------------------------------------------------------------


def pad_coefficients(params: Params, options: Options) -> tuple[None, Array | None]:
    """What is added where it pads with another number than zero."""
    if "value" not in options:
        return None, None
    import numpy as np

    inside = np.zeros((1, *options["shape"]))
    return None, in_torch("pad", inside, pad=options["pad"], value=options["value"])[0]


def pad(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value with zeros, or with itself, around it."""
    padded = in_torch("pad", inputs[0], pad=options["pad"], mode=options["mode"])
    # With nothing to pad torch gives the same tensor back.
    return padded * 1.0 if "value" in options else padded
