"""Sums and differences, and products with constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from splineviz.network.layers.layer_kind import (
    Array,
    Options,
    Params,
)

# Sums ---------------------------------------------------------------------------------------------


def sum_coefficients(params: Params, options: Options) -> tuple[Array | None, Array | None]:
    """Return the factor of each value, and the constant to add."""
    factors = options.get("factors")
    constant = params.get("constant")
    return (
        None if factors is None else np.array(factors, dtype=np.float64),
        None if constant is None else constant * options["constant_factor"],
    )


def weighted_sum(weights: Array | None, inputs: Sequence[Array], options: Options) -> Array:
    """Add values, each times its factor."""
    terms = inputs if weights is None else [x * w for x, w in zip(inputs, weights, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    if "shape" not in options:
        return total
    if total.shape[1:] == tuple(options["shape"]):
        return total * 1.0 if total is inputs[0] else total
    # The constant has the larger shape.
    return total + _zeros(total, options["shape"])


def _zeros(like: Array, shape: Sequence[int]) -> Array:
    zeros = np.zeros(shape)
    return zeros if isinstance(like, np.ndarray) else like.new_tensor(zeros)


# Products -----------------------------------------------------------------------------------------


def mul_coefficients(params: Params, options: Options) -> tuple[Array, None]:
    """Factors."""
    return params["constant"] * 1.0, None


def div_coefficients(params: Params, options: Options) -> tuple[Array, None]:
    """Reciprocals of the divisors."""
    return 1.0 / params["constant"], None


def scale(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """Multiply a value by its factors."""
    return inputs[0] * weights
