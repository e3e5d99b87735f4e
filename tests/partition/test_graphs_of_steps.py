"""Programs whose steps are no chain: values that skip layers, steps that nothing reads."""

from __future__ import annotations

import numpy as np
import pytest

import splineviz as sv
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.partition.rounding.affine_maps import slope_units

KINDS = ("linear", "linear", "relu", "relu", "abs", "leaky_relu", "clamp", "add", "cat", "max")
OPTIONS = {
    "leaky_relu": {"negative_slope": 0.1},
    "clamp": {"min": -0.5, "max": 0.75},
    "cat": {"axis": 1},
}


def random_program(seed: int) -> Program:
    """Up to nine steps, each of which reads any values before it; the output is any value."""
    rng = np.random.default_rng(seed)
    steps: list[Step] = []
    shapes: list[tuple[int, ...]] = [(2,)]
    state = {}
    for i in range(int(rng.integers(2, 10))):
        first = int(rng.integers(max(0, i - 2) if rng.random() < 0.8 else 0, i + 1))
        kind, name, shape = str(rng.choice(KINDS)), f"s{i}", shapes[first]
        inputs, params = (first,), {}
        if kind == "linear":
            width = int(rng.integers(1, 7))
            # Whole numbers make boundaries meet in vertices, and neurons alike.
            weight = np.round(rng.standard_normal((width, *shape)), 0 if seed % 3 == 0 else 1)
            state |= {f"{name}.weight": weight, f"{name}.bias": np.round(rng.normal(size=width), 1)}
            params = {role: f"{name}.{role}" for role in ("weight", "bias")[: rng.integers(1, 3)]}
            shape = (width,)
        elif kind in ("add", "cat", "max"):
            alike = [value for value, other in enumerate(shapes) if other == shape]
            inputs = (first, int(rng.choice(alike)))
            shape = (2 * shape[0],) if kind == "cat" else shape
        steps.append(Step(kind, inputs, name, params, OPTIONS.get(kind, {})))
        shapes.append(shape)
    output = len(steps) if rng.random() < 0.8 else int(rng.integers(0, len(shapes)))
    return Program(tuple(steps), tuple(shapes), state, output)


@pytest.mark.parametrize("seed", range(30))
def test_both_engines_and_the_certificate_agree(seed: int) -> None:
    program = random_program(seed)
    plane = sv.InputSlice.identity()
    found = sv.enumerate_regions(program, plane)
    reference = sv.enumerate_regions(program, plane, engine="shapely")
    assert len(found) == len(reference)
    patterns = {row.tobytes() for row in found.activation_patterns()}
    assert patterns == {row.tobytes() for row in reference.activation_patterns()}
    # Where a value is compared with itself most signs are zero, and no proof.
    for partition in (found, reference):
        assert partition.verify(program).output_error < 1e-12


@pytest.mark.parametrize("seed", range(30))
def test_slopes_are_known_to_their_units(seed: int) -> None:
    program = random_program(seed)
    plane = sv.InputSlice.identity()
    found = sv.enumerate_regions(program, plane)
    slope, _ = found.affine_maps()
    unit = slope_units(program, plane, found.layers, len(found))
    assert unit.shape == slope.shape
    assert (np.abs(slope) <= unit * (1 + 1e-12)).all()
