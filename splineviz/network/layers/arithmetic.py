"""Sums and differences, and products with constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from splineviz.network.layers.reading import number_of, value_of
from splineviz.network.layers.rows import (
    Array,
    Call,
    Constant,
    Options,
    Params,
    Reading,
    Refused,
    Value,
)
from splineviz.network.refusals import MEASURE_LC

_PRODUCT = (
    "a product of two values computed from the input is curved, so the network is not piecewise "
    "linear",
    f"Multiply by constants only. {MEASURE_LC}",
)


def _constant(argument: Any) -> tuple[dict[str, Any], dict[str, Constant]]:
    """The options and params that hold a constant: a number, or a tensor."""
    if isinstance(argument, Constant):
        return {}, {"constant": argument}
    number = number_of(argument)
    if number is None or not np.isfinite(number):
        raise Refused(
            f"its argument {argument!r} is no finite number and no tensor",
            "Pass a number, a parameter or a buffer.",
        )
    return {"literals": {"constant": number}}, {}


# Sums ---------------------------------------------------------------------------------------------


def read_add(call: Call) -> Reading:
    """Of ``input + alpha * other``."""
    given = call.bind("input", "other", alpha=1)
    return _read_sum(call, (given["input"], 1.0), (given["other"], given["alpha"]))


def read_sub(call: Call) -> Reading:
    """Of ``input - alpha * other``."""
    given = call.bind("input", "other", alpha=1)
    return _read_sum(call, (given["input"], 1.0), (given["other"], -given["alpha"]))


def read_rsub(call: Call) -> Reading:
    """Of ``other - alpha * input``."""
    given = call.bind("input", "other", alpha=1)
    return _read_sum(call, (given["input"], -given["alpha"]), (given["other"], 1.0))


def _read_sum(call: Call, *terms: tuple[Any, float]) -> Reading:
    # A sum that starts from nothing, as Python's sum() does, adds the number 0.
    present = [(term, factor) for term, factor in terms if not _is_zero(term)]
    values = [(term, float(factor)) for term, factor in present if isinstance(term, Value)]
    constants = [(term, float(factor)) for term, factor in present if not isinstance(term, Value)]
    if len({len(value.shape) for value, _ in values}) > 1:
        shapes = " and ".join(str(value.shape) for value, _ in values)
        raise Refused(
            f"it adds values of different shapes a sample: {shapes}",
            "Bring both to one shape first, for example with unsqueeze or a Linear layer.",
        )
    options: dict[str, Any] = {}
    params: dict[str, Constant] = {}
    if any(factor != 1.0 for _, factor in values):
        options["factors"] = [factor for _, factor in values]
    for constant, factor in constants:
        held, params = _constant(constant)
        options |= {**held, "constant_factor": factor, "shape": list(call.shape)}
    return Reading(tuple(value for value, _ in values), options, params)


def _is_zero(argument: Any) -> bool:
    return isinstance(argument, int | float) and argument == 0


def sum_coefficients(params: Params, options: Options) -> tuple[Array | None, Array | None]:
    """The factor of each value, and the constant that is added."""
    factors = options.get("factors")
    constant = params.get("constant")
    return (
        None if factors is None else np.array(factors, dtype=np.float64),
        None if constant is None else constant * options["constant_factor"],
    )


def weighted_sum(weights: Array | None, inputs: Sequence[Array], options: Options) -> Array:
    """The sum of the values, each by its factor."""
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


def read_mul(call: Call) -> Reading:
    """Of a value times a constant."""
    given = call.bind("input", "other")
    value, constant = given["input"], given["other"]
    if not isinstance(value, Value):
        value, constant = constant, value
    if isinstance(constant, Value):
        raise Refused(*_PRODUCT)
    options, params = _constant(constant)
    return Reading((value_of(value),), options, params)


def read_div(call: Call) -> Reading:
    """Of a value over a constant."""
    given = call.bind("input", "other", rounding_mode=None)
    if isinstance(given["other"], Value):
        raise Refused(
            "it divides by a value computed from the input, so the network is not piecewise linear",
            f"Divide by constants only. {MEASURE_LC}",
        )
    if given["rounding_mode"] is not None:
        raise Refused("it rounds, so it is not continuous", "Divide without a rounding_mode.")
    options, params = _constant(given["other"])
    return Reading((value_of(given["input"]),), options, params)


def read_neg(call: Call) -> Reading:
    """Of a value with the other sign."""
    options, _ = _constant(-1.0)
    return Reading((value_of(call.bind("input")["input"]),), options)


def mul_coefficients(params: Params, options: Options) -> tuple[Array, None]:
    """The factors."""
    return params["constant"] * 1.0, None


def div_coefficients(params: Params, options: Options) -> tuple[Array, None]:
    """One over the divisors."""
    return 1.0 / params["constant"], None


def scale(weights: Array, inputs: Sequence[Array], options: Options) -> Array:
    """The value times its factors."""
    return inputs[0] * weights
