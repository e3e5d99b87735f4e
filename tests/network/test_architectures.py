"""Everything that splineviz does with a network, for each family of networks."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import UnsupportedLayer
from splineviz.network.layers.opaque import operation_name
from splineviz.network.torch_modules.model_copy import float64_copy
from tests.complexity.watching import watched_counts
from tests.network.architectures import ARCHITECTURES, Behind, seeded

NAMES = tuple(ARCHITECTURES)
PIECEWISE = tuple(name for name in NAMES if not ARCHITECTURES[name].opaque)
OPAQUE = tuple(name for name in NAMES if ARCHITECTURES[name].opaque)
RADIUS = 0.5


def test_there_are_enough() -> None:
    assert len(NAMES) >= 25


@cache
def traced(name: str) -> tuple[nn.Module, sv.Program]:
    """The network as it is made, and its program."""
    row = ARCHITECTURES[name]
    model = seeded(row.make)
    tokens = torch.tensor([row.tokens]) if row.start else row.shape
    return model, sv.trace(model, tokens, start=row.start)


@cache
def plain(name: str) -> nn.Module:
    """The same network in float64, as one of real numbers, without wrappers."""
    row = ARCHITECTURES[name]
    return in_float64(seeded(row.unwrapped or row.make), name)


def in_float64(model: nn.Module, name: str) -> nn.Module:
    row = ARCHITECTURES[name]
    model = float64_copy(model)
    return Behind(model, row.start, torch.tensor([row.tokens])) if row.start else model


def points(name: str, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, *ARCHITECTURES[name].shape))


def outputs(model: nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(x.copy())).numpy()


def tolerance(name: str) -> float:
    # Where a network converts to float32, the order of sums shows.
    return 1e-5 if "conversions" in name else 1e-10


def operations(program: sv.Program) -> set[str]:
    """The operations that only torch runs."""
    options = [program.steps[i].options for i in program.opaque_steps]
    return {operation_name(call) for each in options for call in [each, *each.get("before", ())]}


@pytest.mark.parametrize("name", NAMES)
def test_the_program_is_the_network(name: str) -> None:
    _, program = traced(name)
    for n in (5, 1, 2):
        x = points(name, n)
        expected = outputs(plain(name), x)
        assert program(x).shape == expected.shape
        np.testing.assert_allclose(program(x), expected, rtol=tolerance(name), atol=1e-10)
    nothing = points(name, 0)
    assert program(nothing).shape == (0, *program.output_shape)
    if ARCHITECTURES[name].opaque:
        assert ARCHITECTURES[name].opaque in operations(program)
    else:
        assert operations(program) == set()


@pytest.mark.parametrize("name", NAMES)
def test_local_complexity_is_that_of_its_definition(name: str) -> None:
    _, program = traced(name)
    x = points(name, 4)
    found = sv.local_complexity(program, x, radius=RADIUS, directions=min(6, x[0].size))
    expected = watched_counts(plain(name), x, RADIUS, found.directions)
    assert found.counts.shape == expected.shape
    np.testing.assert_array_equal(
        found.counts[found.uncertain == 0], expected[found.uncertain == 0]
    )
    assert found.uncertain.sum() <= 0.01 * found.widths.sum()
    assert expected.sum() > 0


@pytest.mark.parametrize("name", PIECEWISE)
def test_its_regions_on_a_slice_are_proved(name: str) -> None:
    model, _ = traced(name)
    shape = ARCHITECTURES[name].shape
    square = sv.InputSlice.around(points(name, 1)[0], half_width=1.0 if shape == (2,) else 0.5)
    partition = sv.enumerate_regions(model, square)
    assert len(partition) > 1
    partition.verify(model)


@pytest.mark.parametrize("name", OPAQUE)
def test_its_regions_are_refused_by_name(name: str) -> None:
    _, program = traced(name)
    square = sv.InputSlice.around(points(name, 1)[0])
    with pytest.raises(UnsupportedLayer) as error:
        sv.enumerate_regions(program, square)
    steps = {program.steps[i].name for i in program.opaque_steps}
    assert error.value.path in steps
    assert error.value.path in str(error.value)


# What torch.compile warns of where it looks at weights.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_training_is_the_training(name: str, tmp_path: Path) -> None:
    row = ARCHITECTURES[name]
    model = seeded(row.make)
    if row.start:
        model = Behind(model, row.start, torch.tensor([row.tokens]))
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x, models = points(name, 3), []
    with sv.Recorder(tmp_path / "run", model, input_shape=row.shape, dtype="float64") as recorder:
        for step in range(2):
            recorder.step(step)
            models.append(float64_copy(model))
            optimizer.zero_grad()
            model(torch.from_numpy(x).float()).square().mean().backward()
            optimizer.step()
    run = sv.Run(tmp_path / "run")
    found = [run.program(step)(x) for step in range(2)]
    for made, model in zip(found, models, strict=True):
        np.testing.assert_allclose(made, outputs(model, x), rtol=tolerance(name), atol=1e-10)
    assert np.abs(found[0] - found[1]).max() > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_from_json(name: str) -> None:
    _, program = traced(name)
    again = sv.Program.from_json(json.loads(json.dumps(program.to_json())), program.state)
    x = points(name, 3)
    np.testing.assert_array_equal(again(x), program(x))
    assert again.to_json() == program.to_json()
