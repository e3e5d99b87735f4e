"""The shapes that follow from options are those that torch and numpy make."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splineviz.network.layers import LAYERS
from splineviz.network.layers.layer_kind import step_params
from splineviz.network.program import Program
from splineviz.network.step import Step
from tests.network.random_steps import Drawn, Shape, draw_shape, draw_step, made_shape

pytestmark = pytest.mark.filterwarnings("ignore")

KINDS = [kind for kind in LAYERS if kind != "opaque"]


# What torch is not told, and how this package counts axes: from the front, without the samples'.
_OURS = ("literals", "buffers", "around", "windows", "spatial_dims", "axis", "axes", "position")


def perturbed(rng: Random, drawn: Drawn) -> Drawn:
    """Another number or two somewhere in the options."""
    options = dict(drawn.options)
    names = [name for name in options if name not in _OURS]
    if not names or rng.random() < 0.6:
        return drawn
    name = rng.choice(names)
    given = options[name]
    if isinstance(given, list) and given and all(type(part) is int for part in given):
        k = rng.randrange(len(given))
        options[name] = [*given[:k], given[k] + rng.choice([-1, 1, 2]), *given[k + 1 :]]
    elif type(given) is int:
        options[name] = given + rng.choice([-1, 1, 2])
    return drawn._replace(options=options)


def run(kind: str, drawn: Drawn, shape: Shape, n: int, like: Any) -> Any:
    """What the row's own functions make of a batch, with nothing checked before."""
    row = LAYERS[kind]
    x = np.random.default_rng(0).standard_normal((n, *shape))
    params = step_params({role: role for role in drawn.params}, drawn.options, drawn.params)
    if like is torch:
        x = torch.from_numpy(x)
        params = {role: torch.as_tensor(array) for role, array in params.items()}
    inputs = [x] * drawn.reads
    if row.activate is not None:
        return row.activate(params, inputs, drawn.options)
    assert row.linear is not None
    weights, offset = row.coefficients(params, drawn.options)
    if like is torch:
        weights, offset = (
            None if array is None else torch.as_tensor(array) for array in (weights, offset)
        )
    made = row.linear(weights, inputs, drawn.options)
    return made if offset is None else made + offset


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=False))
def test_shapes_are_those_of_torch_and_numpy(kind: str, random: Random) -> None:
    shape = draw_shape(random)
    drawn = draw_step(random, kind, shape)
    if drawn is None:
        return
    drawn = perturbed(random, drawn)
    step = Step(
        kind, (0,) * drawn.reads, "it", {role: role for role in drawn.params}, drawn.options
    )
    found = made_shape(step, [shape] * drawn.reads, drawn.params)
    if found is None:
        refused_by_torch_too(kind, drawn, shape)
        return
    program = Program((step,), (shape, found), drawn.params, 1)
    assert program.check_opaque_steps() is None
    for n in (3, 1, 0):
        for like in (np, torch):
            made = run(kind, drawn, shape, n, like)
            assert tuple(made.shape) == (n, *found)
    x = np.random.default_rng(0).standard_normal((4, *shape))
    np.testing.assert_allclose(program(x)[1:3], program(x[1:3]), rtol=1e-9, atol=1e-9)
    assert len(program.pre_activations(x)) == len(program.activations)


def refused_by_torch_too(kind: str, drawn: Drawn, shape: Shape) -> None:
    """What is refused makes no batch of finite numbers in torch either."""
    try:
        made = [run(kind, drawn, shape, n, torch) for n in (2, 3)]
    except (RuntimeError, ValueError, IndexError, TypeError, KeyError, ZeroDivisionError):
        return
    shapes = [tuple(each.shape) for each in made]
    if [each[:1] for each in shapes] != [(2,), (3,)] or shapes[0][1:] != shapes[1][1:]:
        return
    if _is_stated_otherwise(kind, drawn, shape, shapes[1]):
        return
    if kind == "getitem" and run(kind, drawn, shape, 2, np).shape != shapes[0]:
        # A number apart from lists of places: numpy moves their axis to the front, torch does not.
        return
    mixed = any((a != b).any() for a, b in zip(made[0], made[1], strict=False))
    if mixed or 0 in shapes[0] or not made[1].isfinite().all():
        return
    raise AssertionError(f"{kind} {drawn.options} of {shape} makes {shapes}, and is refused")


def _is_stated_otherwise(kind: str, drawn: Drawn, shape: Shape, made: Shape) -> bool:
    """Whether options that torch does not see contradict what it makes."""
    options, bias = drawn.options, drawn.params.get("bias")
    windows = options.get("windows", [])
    if windows != [*made[len(made) - len(windows) :]]:
        return True
    if "conv" in kind and bias is not None:
        alone = drawn._replace(params={"weight": drawn.params["weight"]})
        if run(kind, alone, shape, 3, torch).shape[1] != len(bias):
            return True
    if kind in ("add", "pad") and options.get("shape", [*shape]) != [*shape]:
        return True
    if kind == "pad" and options["mode"] != "constant" and min(options["pad"]) < 0:
        return True
    # Where places are apart, numpy puts them first and torch does not always.
    return kind == "getitem" and run(kind, drawn, shape, 3, np).shape != made
