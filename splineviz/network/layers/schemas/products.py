"""Schemas of products with weights: dense layers, matrix products, sums of products."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import chain

from splineviz.network.layers.schemas.schema import (
    BOOLEAN,
    Facts,
    Misfit,
    Option,
    Schema,
    Shape,
    Weight,
    broadcast,
    integer,
    number,
    stretched,
)


def _misfit(facts: Facts) -> Misfit:
    return Misfit(
        f"its weight of shape {facts.params['weight']} does not fit values of shape "
        f"{facts.input} for one sample"
    )


# Dense --------------------------------------------------------------------------------------------


def _dense(facts: Facts) -> Shape:
    weight = facts.params["weight"]
    if facts.input[-1:] != weight[-1:]:
        raise _misfit(facts)
    result = facts.input[:-1] + weight[:-1]
    if "bias" in facts.params and stretched(facts.params["bias"], result, "bias") != result:
        raise Misfit(f"its bias of shape {facts.params['bias']} is larger than its result {result}")
    return result


LINEAR = Schema(
    _dense,
    params={"weight": Weight((1, 2)), "bias": Weight(required=False)},
    terms=lambda facts, shape: facts.input[-1],
)
"""Of linear."""


def _product(facts: Facts) -> Shape:
    value, weight, left = facts.input, facts.params["weight"], facts.options["left"]
    # A value without rows of its own would give the samples' axis away as rows.
    if len(value) < (2 if left else 1) or len(weight) > max(2, len(value)):
        raise _misfit(facts)
    if value[-2 if left else -1] != weight[-1 if left else -2 :][0]:
        raise _misfit(facts)
    if len(weight) == 1:
        return (*value[:-2], value[-1]) if left else value[:-1]
    if len(value) == 1:
        return (weight[-1],)
    outer = (1,) * (len(value) - len(weight)) + weight[:-2]
    rows, columns = (weight[-2], value[-1]) if left else (value[-2], weight[-1])
    return (*broadcast(value[:-2], outer), rows, columns)


MATMUL = Schema(
    _product,
    {"left": BOOLEAN},
    {"weight": Weight(range(1, 16))},
    terms=lambda facts, shape: facts.params["weight"][-1 if facts.options["left"] else -2 :][0],
)
"""Of matmul."""


# Sums of products ---------------------------------------------------------------------------------

_MOST_LETTERS = 200
_LETTERS = re.compile(r"[a-zA-Z]*(\.\.\.)?[a-zA-Z]*")


def _einsum_sizes(facts: Facts) -> tuple[list[str], dict[str, int]]:
    """Find the labels of the result's axes, and the size of every label for one sample.

    Labels are letters, and for the axes of an ellipsis their distance from the last of them. The
    samples' axis has the size 1.
    """
    equation, position = facts.options["equation"], facts.options["position"]
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != 2 or not all(map(_LETTERS.fullmatch, (*terms, right))):
        raise Misfit(f"its equation {equation!r} is none of two operands")
    shapes = [facts.params["weight"]]
    shapes.insert(position, (1, *facts.input))
    axes, around = [], 0
    for term, shape in zip(terms, shapes, strict=True):
        hidden = len(shape) - len(term.replace("...", ""))
        if hidden < 0 or (hidden and "..." not in term):
            raise Misfit(f"its equation {equation!r} does not fit the shape {shape}")
        around = max(around, hidden)
        axes.append(_labels(term, hidden))
    if not arrow:
        letters = [letter for letter in sorted({*left} - {*",."}) if left.count(letter) == 1]
        right = ("..." if "..." in left else "") + "".join(letters)
    elif around and "..." not in right:
        raise Misfit(f"its equation {equation!r} adds up the axes of the ellipsis")
    result = _labels(right, around)
    batch = axes[position][0]
    if len({*result}) < len(result) or not {*result} <= {*axes[0], *axes[1]}:
        raise Misfit(f"its equation {equation!r} has a result without meaning")
    if result[:1] != [batch] or axes[0].count(batch) + axes[1].count(batch) != 1:
        raise Misfit(f"its equation {equation!r} mixes the samples of a batch")
    sizes: dict[str, int] = {}
    for label, size in zip(chain(*axes), chain(*shapes), strict=True):
        if sizes.setdefault(label, size) != size:
            raise Misfit(f"its equation {equation!r} has two sizes for the axis {label!r}")
    return result, sizes


def _labels(term: str, hidden: int) -> list[str]:
    before, dots, after = term.partition("...")
    return [*before, *(str(k) for k in reversed(range(hidden)) if dots), *after]


def _sum_of_products(facts: Facts) -> Shape:
    result, sizes = _einsum_sizes(facts)
    return tuple(sizes[label] for label in result[1:])


def _einsum_terms(facts: Facts, shape: Shape) -> int:
    result, sizes = _einsum_sizes(facts)
    return math.prod(size for label, size in sizes.items() if label not in result)


EINSUM = Schema(
    _sum_of_products,
    {
        "equation": Option(
            "an equation such as 'nk,mk->nm'",
            lambda value: isinstance(value, str) and len(value) <= _MOST_LETTERS,
        ),
        "position": integer(0, 1),
    },
    {"weight": Weight()},
    terms=_einsum_terms,
)
"""Of einsum."""


# Products number by number ------------------------------------------------------------------------


def _per_channel(facts: Facts, roles: Sequence[str]) -> Shape:
    axes = facts.options["spatial_dims"]
    if axes >= len(facts.input):
        raise Misfit(f"its spatial_dims are {axes}, and it reads values of shape {facts.input}")
    channels = facts.input[len(facts.input) - 1 - axes]
    for role in roles:
        if facts.params.get(role, (channels,)) != (channels,):
            raise Misfit(
                f"its {role} has the shape {facts.params[role]}, and it reads {channels} channels"
            )
    return facts.input


_STATISTICS = ("running_mean", "running_var", "weight", "bias")

BATCH_NORM = Schema(
    lambda facts: _per_channel(facts, _STATISTICS),
    {"eps": number(), "spatial_dims": integer(0, 15)},
    {role: Weight([1], required=role.startswith("running")) for role in _STATISTICS},
)
"""Of batch_norm."""

SCALE = Schema(
    lambda facts: stretched(facts.params["constant"], facts.input, "constant"),
    params={"constant": Weight()},
)
"""Of products with a constant, and of quotients."""
