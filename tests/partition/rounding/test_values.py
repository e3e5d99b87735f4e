"""Units of rounding, against numbers of more digits (where numpy has them on this machine)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from splineviz.network.interpret import Numbers, interpret, walk
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.partition.rounding.points import units_at
from splineviz.partition.rounding.values import EPS, SliceBounds, ValueBounds
from tests.partition.test_graphs_of_steps import random_program

FloatArray = npt.NDArray[np.float64]

# So many units an error may have; ULPS allows 256.
FEW = 4


def cancelling(seed: int) -> Program:
    """A network whose terms are up to a billion times as large as the sums that they make."""
    rng = np.random.default_rng(seed)
    widths = (2, 30, 30, 30, 3)
    options = {"leaky_relu": {"negative_slope": 0.3}, "clamp": {"min": -0.1, "max": 1e-9}}
    steps: list[Step] = []
    shapes: list[tuple[int, ...]] = [(2,)]
    state = {}
    for k, (before, after) in enumerate(itertools.pairwise(widths)):
        weight = rng.standard_normal((after, before))
        # Pairs of neurons are alike, and what reads them nearly cancels.
        weight[1::2] = weight[: after // 2 * 2 : 2]
        if k:
            weight[:, 1::2] = (1e-9 - 1.0) * weight[:, ::2]
        state |= {f"{k}.weight": weight, f"{k}.bias": 1e-9 * rng.standard_normal(after)}
        params = {role: f"{k}.{role}" for role in ("weight", "bias")}
        kind = ("relu", "leaky_relu", "clamp")[k % 3]
        steps.append(Step("linear", (2 * k,), f"fc{k}", params, {}))
        steps.append(Step(kind, (2 * k + 1,), f"act{k}", {}, options.get(kind, {})))
        shapes += [(after,), (after,)]
    return Program(tuple(steps), tuple(shapes), state, len(steps))


NETWORKS = pytest.mark.parametrize("make", [random_program, cancelling])
SEEDS = pytest.mark.parametrize("seed", range(15))


def inputs(seed: int) -> FloatArray:
    return np.random.default_rng(seed).uniform(-1, 1, (200, 2))


def columns(program: Program, x: npt.NDArray[np.longdouble]) -> npt.NDArray[np.longdouble]:
    """The pre-activations of all activations (n, W)."""
    found = [np.zeros((len(x), 0), dtype=x.dtype)]
    for i, read, _ in walk(Numbers(program), {0: x}):
        if i in program.activation_at:
            found.append(program.switches(i, *read))
    return np.concatenate(found, axis=1)


@NETWORKS
@SEEDS
def test_units_at_points_bound_the_error(make: Callable[[int], Program], seed: int) -> None:
    program, x = make(seed), inputs(seed)
    units, _ = units_at(program, x, np.abs(x).max(axis=0), 1e-11)
    exact = columns(program, x.astype(np.longdouble))
    # Of the network, and of an input that is only known to within rounding.
    for found in (columns(program, x), columns(program, np.longdouble(x * (1 + EPS)))):
        assert (np.abs(found - exact) <= FEW * EPS * units).all()


@NETWORKS
@SEEDS
def test_bounds_over_a_slice_hold_on_it(make: Callable[[int], Program], seed: int) -> None:
    program, x = make(seed), inputs(seed)
    wanted = range(len(program.shapes))
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    bounds = interpret(SliceBounds(program), {0: ValueBounds.of_input(corners)}, wanted)
    found = interpret(Numbers(program), {0: x}, wanted)
    exact = interpret(Numbers(program), {0: x.astype(np.longdouble)}, wanted)
    for value, bound in bounds.items():
        assert (np.abs(found[value]) <= bound.size * (1 + 1e-12)).all()
        assert (np.abs(found[value] - exact[value]) <= FEW * EPS * bound.unit).all()
