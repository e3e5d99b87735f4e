"""The contract of every row of LAYERS, for every name that a row goes by."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.network.activation import Activation
from splineviz.network.layers import LAYERS
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.network.torch_modules.activation_recorder import module_pre_activations
from splineviz.network.torch_modules.model_copy import float64_copy
from splineviz.network.tracing.exporting.export import exported
from splineviz.network.tracing.operations import OPERATIONS
from splineviz.network.tracing.trace import trace
from tests.network.layer_examples import EXAMPLES, Make, Shape

# torch says so, once, of an even kernel with padding="same".
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


CASES = [
    pytest.param(make, shape, id=f"{name}-{i}")
    for name, examples in EXAMPLES.items()
    for i, (make, shape) in enumerate(examples)
]


@cache
def model_of(make: Make) -> nn.Module:
    """The network of an example, in float64 and eval mode; it is made once for all tests."""
    return make().double().eval()


@cache
def program_of(make: Make, shape: Shape) -> Program:
    """Its program, traced once for all tests."""
    return trace(model_of(make), shape)


def batch(shape: Shape, n: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, *shape))


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def inputs_of(program: Program, step: int) -> list[np.ndarray]:
    """Random values for what a step reads."""
    read = program.steps[step].inputs
    return [batch(program.shapes[value], seed=k) for k, value in enumerate(read)]


def affine_steps(program: Program) -> list[tuple[int, list[np.ndarray]]]:
    """The affine steps of a program, each with random values for what it reads."""
    affine = [i for i, step in enumerate(program.steps) if LAYERS[step.kind].linear is not None]
    return [(i, inputs_of(program, i)) for i in affine]


def activations(program: Program, rule: type) -> list[tuple[Activation, list[np.ndarray]]]:
    """The activations of a program that have such a rule, each with random values."""
    found = [each for each in program.activations if isinstance(each.rule, rule)]
    return [(each, inputs_of(program, each.step)) for each in found]


def test_every_row_of_both_tables_has_an_example() -> None:
    kinds, operations = set(), set()
    for case in CASES:
        make, shape = case.values
        kinds.update(step.kind for step in program_of(make, shape).steps)
        graph = exported(float64_copy(make()), torch.zeros((31, *shape), dtype=torch.float64)).graph
        operations.update(
            node.target.overloadpacket.__name__.rstrip("_")
            for node in graph.nodes
            if isinstance(node.target, torch._ops.OpOverload)
        )
    assert kinds == {*LAYERS} - {"opaque"}
    assert {*OPERATIONS} - operations == RARE


RARE = {
    # By other names in every way to write them that is known to us.
    *("_reshape_alias", "_to_copy", "_unsafe_view", "adjoint", "alias", "cpu", "lift_fresh", "mH"),
    *("matrix_H", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"),
}
"""Operations that torch.export makes only of graphs that were exported before."""


def test_a_row_says_in_one_way_what_a_step_does() -> None:
    for name, row in LAYERS.items():
        assert name == row.name
        made_by = [row.linear, row.piecewise_linear, row.max_selection, row.opaque]
        assert len([rule for rule in made_by if rule is not None]) == 1
        assert row.piecewise == (row.piecewise_linear is not None or row.max_selection is not None)


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_value_is_that_of_torch(make: Make, shape: Shape) -> None:
    module = model_of(make)
    program = program_of(make, shape)
    assert program.opaque_steps == ()
    x = batch(shape)
    expected = module(torch.from_numpy(x.copy())).detach().numpy()
    found = program(x)
    assert found.shape == (len(x), *program.output_shape) == expected.shape
    assert found.dtype == np.float64
    close(found, expected)


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_samples_do_not_mix(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    x = batch(shape)
    close(program(x)[2:4], program(x[2:4]))
    assert program(x[:0]).shape == (0, *program.output_shape)


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_linear_part_is_value_minus_value_at_zero(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    for index, values in affine_steps(program):
        zeros = [np.zeros_like(value) for value in values]
        linear = program.affine_linear(index, *values)
        close(linear, program.affine(index, *values) - program.affine(index, *zeros))
        assert linear.shape == (len(values[0]), *program.shapes[index + 1])
        close(program.affine_linear(index, *(3.0 * value for value in values)), 3.0 * linear)
        assert not program.affine_linear(index, *zeros).any()


def jacobians(program: Program, index: int) -> list[np.ndarray]:
    """For each value that an affine step reads the matrix from it to the result."""
    shapes = [program.shapes[value] for value in program.steps[index].inputs]
    found = []
    for k, shape in enumerate(shapes):
        size = int(np.prod(shape))
        values = [np.zeros((size, *other)) for other in shapes]
        values[k] = np.eye(size).reshape(size, *shape)
        found.append(program.affine_linear(index, *values).reshape(size, -1))
    return found


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_magnitude_and_deviation_are_those_of_the_terms(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    for index, values in affine_steps(program):
        rows = [value.reshape(len(value), -1) for value in values]
        matrices = jacobians(program, index)
        zeros = [np.zeros_like(value) for value in values]
        offset = program.affine(index, *zeros).reshape(len(rows[0]), -1)
        magnitude = program.affine_magnitude(index, *values)
        found = magnitude.reshape(len(magnitude), -1)
        terms = sum(np.abs(x) @ np.abs(J) for x, J in zip(rows, matrices, strict=True))
        # Where padding repeats an input, one entry of the matrix is a sum of terms.
        repeats = "around" in program.steps[index].options
        assert (found >= (terms + np.abs(offset)) * (1 - 1e-12) - 1e-12).all()
        if not repeats:
            close(found, terms + np.abs(offset))
            squares = sum(x**2 @ J**2 for x, J in zip(rows, matrices, strict=True))
            # Squares of sizes beyond 1e154, or below 1e-154, are no numbers.
            for scale in (1.0, 1e-200, 1e200):
                errors = [np.abs(value) * scale for value in values]
                deviation = program.affine_deviation(index, *errors).reshape(len(found), -1)
                assert (deviation >= scale * (np.sqrt(squares) * (1 - 1e-12) - 1e-12)).all()
                assert np.isfinite(deviation).all()
        assert (np.abs(program.affine(index, *values)) <= magnitude * (1 + 1e-12)).all()
        one_row = program.affine_magnitude(index, *(value[:1] for value in values))
        close(one_row, magnitude[:1])


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_an_affine_step_leaves_its_inputs_alone(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    for index, values in affine_steps(program):
        before = [value.copy() for value in values]
        for value in values:
            value.setflags(write=False)
        program.affine(index, *values)
        program.affine_linear(index, *values)
        program.affine_magnitude(index, *values)
        for value, kept in zip(values, before, strict=True):
            np.testing.assert_array_equal(value, kept)


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_an_affine_step_takes_views(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    for index, values in affine_steps(program):
        reverse = program.affine(index, *(value[::-1] for value in values))
        close(reverse, program.affine(index, *values)[::-1])


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_a_function_is_affine_between_its_kinks(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    for activation, (z,) in activations(program, PiecewiseLinear):
        rule = activation.rule
        assert isinstance(rule, PiecewiseLinear)
        assert activation.shape == z.shape[1:] == program.shapes[activation.step + 1]
        assert activation.width == len(rule.breakpoints) * np.prod(activation.shape)
        assert (np.diff(rule.breakpoints) > 0).all()
        z = np.concatenate(
            [z, 20.0 * z, np.zeros_like(z[:1]), *(0 * z[:1] + p for p in rule.breakpoints)]
        )
        switches = program.switches(activation.step, z)
        assert switches.shape == (len(z), activation.width)
        assert switches.flags.c_contiguous
        columns = switches.reshape(len(z), len(rule.breakpoints), *activation.shape)
        for k, point in enumerate(rule.breakpoints):
            np.testing.assert_array_equal(columns[:, k], z - point)
        made = program.activate(activation.step, z)
        for bits in (switches > 0, switches >= 0):
            gain, offset = rule.segments(bits, activation.shape)
            assert np.broadcast_shapes(gain.shape, offset.shape, z.shape) == z.shape
            close(gain * z + offset, made)
        close(
            program.activate(activation.step, 0 * z + rule.breakpoints[0]),
            np.full_like(z, rule.value),
        )
        assert rule.largest_slope == np.abs(rule.slopes).max()
        (found,) = program.pre_activations(batch(shape))
        assert found.shape[1] == activation.width


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_a_contest_passes_the_winner_on(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    for activation, values in activations(program, MaxSelection):
        rule = activation.rule
        assert isinstance(rule, MaxSelection)
        flat = np.concatenate([value.reshape(len(value), -1) for value in values], axis=1)
        assert len(rule.candidates) == np.prod(activation.shape)
        assert activation.width == rule.width == rule.counts.sum()
        for candidates, count in zip(rule.candidates, rule.counts, strict=True):
            assert count >= 1
            assert (np.diff(candidates[:count]) > 0).all()
            assert (candidates[count:] == candidates[0]).all()
        switches = program.switches(activation.step, *values)
        assert switches.shape == (len(flat), activation.width)
        assert switches.flags.c_contiguous
        for column in range(activation.width):
            window, own = rule.column_window[column], rule.column_candidate[column]
            others = set(rule.candidates[window]) - {own}
            for sample, margin in zip(flat, switches[:, column], strict=True):
                best = max((rule.sign * sample[other] for other in others), default=None)
                assert margin == (1.0 if best is None else rule.sign * sample[own] - best)
        winners = rule.winners(switches > 0)
        made = program.activate(activation.step, *values).reshape(len(flat), -1)
        np.testing.assert_array_equal(rule.values(*values), made)
        np.testing.assert_array_equal(np.take_along_axis(flat, winners, axis=1), made)
        tied = program.switches(activation.step, *(0.0 * value for value in values))
        assert set(np.unique(tied)) <= {0.0, 1.0}
        np.testing.assert_array_equal(
            rule.winners(tied > 0), np.broadcast_to(rule.candidates[:, 0], winners.shape)
        )


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_the_probe_sees_the_same(make: Make, shape: Shape) -> None:
    model = model_of(make)
    program = program_of(make, shape)
    x = batch(shape)
    found, outputs = module_pre_activations(model, x)
    for columns, expected in zip(found, program.pre_activations(x), strict=True):
        close(columns, expected)
    close(outputs, program(x))
    # A module that the program made calls the same functions.
    for columns, expected in zip(
        module_pre_activations(program.to_module(torch.float64), x)[0],
        program.pre_activations(x),
        strict=True,
    ):
        close(columns, expected)
    same = np.zeros_like(x)
    for columns, expected in zip(
        module_pre_activations(model, same)[0], program.pre_activations(same), strict=True
    ):
        close(columns, expected)


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_json_round_trip(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    again = Program.from_json(json.loads(json.dumps(program.to_json())), program.state)
    assert again.steps == program.steps
    assert again.shapes == program.shapes
    assert again.to_json() == program.to_json()
    x = batch(shape)
    np.testing.assert_array_equal(again(x), program(x))


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_to_module_agrees_and_is_differentiable(make: Make, shape: Shape) -> None:
    program = program_of(make, shape)
    module = program.to_module(torch.float64)
    x = torch.from_numpy(batch(shape)).requires_grad_()
    outputs = module(x)
    close(outputs.detach().numpy(), program(x.detach().numpy()))
    outputs.sum().backward()
    assert x.grad is not None
    for parameter in module.parameters():
        assert parameter.grad is not None
    assert set(module.state_dict()) == set(program.state)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": (2, 3), "stride": (1, 2), "dilation": (2, 1)},
        {"kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"kernel_size": 3, "stride": 1, "padding": 1},
    ],
)
def test_numbers_are_pooled_as_torch_pools_them(options):
    """In numpy where no window reaches out of the array, in torch elsewhere; NaN wins in both."""
    x = np.random.default_rng(0).standard_normal((3, 2, 8, 9))
    x[1, 0, 4, 4] = np.nan
    program = trace(torch.nn.MaxPool2d(**options), (2, 8, 9))
    expected = torch.nn.functional.max_pool2d(torch.from_numpy(x), **options).numpy()
    assert np.array_equal(program.activate(0, x), expected, equal_nan=True)
