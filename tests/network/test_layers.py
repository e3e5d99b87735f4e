"""The contract of every row of LAYERS, for every name that a row goes by."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.network.contest import Contest
from splineviz.network.kinks import Kinks
from splineviz.network.layers import LAYERS, LayerKind
from splineviz.network.program import Activation, Program
from splineviz.network.trace import trace

# torch says so, once, of an even kernel with padding="same".
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


class Calling(nn.Module):
    """A network whose forward is a function."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def with_statistics(norm: nn.Module) -> nn.Module:
    """Give a batch normalization running statistics and weights that are not trivial."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in norm.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.1)
            if name == "running_mean":
                tensor.neg_()
    return norm


# name -> [(a network that uses it, the shape of one sample), ...]
EXAMPLES: dict[str, list[tuple[Callable[[], nn.Module], tuple[int, ...]]]] = {
    "torch.nn.Linear": [
        (lambda: nn.Linear(3, 5), (3,)),
        (lambda: nn.Linear(3, 5, bias=False), (3,)),
        (lambda: nn.Linear(3, 5), (4, 3)),
    ],
    "torch.nn.Conv2d": [
        (lambda: nn.Conv2d(3, 4, 3), (3, 7, 6)),
        (lambda: nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0), bias=False), (2, 7, 6)),
        (lambda: nn.Conv2d(4, 6, 3, dilation=2, groups=2, padding=2), (4, 7, 6)),
        (lambda: nn.Conv2d(1, 2, (4, 3), padding="same"), (1, 7, 6)),
        (lambda: nn.Conv2d(1, 2, 3, padding="valid"), (1, 7, 6)),
        (lambda: nn.Conv2d(3, 3, 3, groups=3, padding="same", dilation=2), (3, 7, 6)),
    ],
    "torch.nn.AvgPool2d": [
        (lambda: nn.AvgPool2d(2), (2, 6, 4)),
        (lambda: nn.AvgPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True), (2, 6, 5)),
        (lambda: nn.AvgPool2d(3, padding=1, count_include_pad=False), (2, 6, 5)),
        (lambda: nn.AvgPool2d(2, divisor_override=3), (2, 6, 5)),
    ],
    "torch.nn.functional.avg_pool2d": [
        (lambda: Calling(lambda x: F.avg_pool2d(x, 2)), (2, 6, 4)),
        (lambda: Calling(lambda x: F.avg_pool2d(x, (2, 3), stride=1, padding=1)), (2, 6, 4)),
    ],
    "torch.nn.BatchNorm1d": [
        (lambda: with_statistics(nn.BatchNorm1d(4)), (4,)),
        (lambda: with_statistics(nn.BatchNorm1d(4, affine=False, eps=0.5)), (4, 3)),
    ],
    "torch.nn.BatchNorm2d": [
        (lambda: with_statistics(nn.BatchNorm2d(3)), (3, 5, 4)),
        (lambda: with_statistics(nn.BatchNorm2d(3, momentum=None)), (3, 5, 4)),
    ],
    "torch.nn.Flatten": [
        (lambda: nn.Flatten(), (2, 3, 4)),
        (lambda: nn.Flatten(2), (2, 3, 4)),
        (lambda: nn.Flatten(1, 2), (2, 3, 4)),
    ],
    "torch.nn.Unflatten": [(lambda: nn.Unflatten(1, (2, 3)), (6,))],
    "torch.flatten": [
        (lambda: Calling(lambda x: torch.flatten(x, 1)), (2, 3)),
        (lambda: Calling(lambda x: torch.flatten(input=x, start_dim=1)), (2, 3)),
    ],
    "torch.reshape": [(lambda: Calling(lambda x: torch.reshape(x, (-1, 3, 2))), (2, 3))],
    "flatten": [(lambda: Calling(lambda x: x.flatten(1)), (2, 3))],
    "reshape": [
        (lambda: Calling(lambda x: x.reshape(x.shape[0], -1)), (2, 3)),
        (lambda: Calling(lambda x: x.reshape(-1)), (1,)),
    ],
    "view": [
        (lambda: Calling(lambda x: x.view(x.size(0), -1)), (2, 3)),
        (lambda: Calling(lambda x: x.view(x.size()[0], x.size(1) * x.size(2))), (2, 3)),
        (lambda: Calling(lambda x: x.view((-1, 6))), (2, 3)),
    ],
    "torch.nn.Dropout": [(lambda: nn.Dropout(0.9), (4,)), (lambda: nn.Dropout(inplace=True), (4,))],
    "torch.nn.Dropout1d": [(lambda: nn.Dropout1d(), (4, 3))],
    "torch.nn.Dropout2d": [(lambda: nn.Dropout2d(), (4, 3, 2))],
    "torch.nn.Dropout3d": [(lambda: nn.Dropout3d(), (4, 3, 2, 2))],
    "torch.nn.AlphaDropout": [(lambda: nn.AlphaDropout(), (4,))],
    "torch.nn.FeatureAlphaDropout": [(lambda: nn.FeatureAlphaDropout(), (4, 3))],
    "torch.nn.functional.dropout": [
        (lambda: Calling(lambda x: F.dropout(x, 0.5, training=False)), (4,)),
        (lambda: Calling(lambda x: F.dropout(x, p=0.0)), (4,)),
    ],
    "torch.nn.functional.dropout1d": [
        (lambda: Calling(lambda x: F.dropout1d(x, training=False)), (4, 3))
    ],
    "torch.nn.functional.dropout2d": [
        (lambda: Calling(lambda x: F.dropout2d(x, training=False)), (4, 3, 2))
    ],
    "torch.nn.functional.dropout3d": [
        (lambda: Calling(lambda x: F.dropout3d(x, training=False)), (4, 3, 2, 2))
    ],
    "torch.nn.Identity": [
        (lambda: nn.Identity(), (4,)),
        (lambda: nn.Identity(54, unused=0.1), (4, 2)),
    ],
    "contiguous": [(lambda: Calling(lambda x: x.contiguous()), (4, 2))],
    "clone": [(lambda: Calling(lambda x: x.clone()), (4, 2))],
    "torch.add": [(lambda: Calling(lambda x: torch.add(x, x)), (4,))],
    "operator.add": [
        (lambda: Calling(lambda x: x + x.relu()), (4, 2)),
        (lambda: Calling(lambda x: sum([x, x.relu(), x])), (4,)),
    ],
    "operator.iadd": [(lambda: Calling(lambda x: operator.iadd(x.clone(), x)), (4,))],
    "add": [(lambda: Calling(lambda x: x.add(x.relu())), (4,))],
    "add_": [(lambda: Calling(lambda x: x.clone().add_(x)), (4,))],
    "torch.nn.ReLU": [(lambda: nn.ReLU(), (4,)), (lambda: nn.ReLU(inplace=True), (4, 2))],
    "torch.relu": [(lambda: Calling(torch.relu), (4,))],
    "torch.relu_": [(lambda: Calling(torch.relu_), (4,))],
    "torch.nn.functional.relu": [
        (lambda: Calling(F.relu), (4,)),
        (lambda: Calling(lambda x: F.relu(x, inplace=True)), (4,)),
    ],
    "torch.nn.functional.relu_": [(lambda: Calling(F.relu_), (4,))],
    "relu": [(lambda: Calling(lambda x: x.relu()), (4,))],
    "relu_": [(lambda: Calling(lambda x: x.relu_()), (4,))],
    "torch.nn.LeakyReLU": [
        (lambda: nn.LeakyReLU(), (4,)),
        (lambda: nn.LeakyReLU(0.3, inplace=True), (4, 2)),
        (lambda: nn.LeakyReLU(-1.0), (4,)),
        (lambda: nn.LeakyReLU(0.0), (4,)),
    ],
    "torch.nn.functional.leaky_relu": [
        (lambda: Calling(F.leaky_relu), (4,)),
        (lambda: Calling(lambda x: F.leaky_relu(x, 0.2, True)), (4,)),
        (lambda: Calling(lambda x: F.leaky_relu(x, negative_slope=2.0)), (4,)),
    ],
    "torch.nn.functional.leaky_relu_": [(lambda: Calling(lambda x: F.leaky_relu_(x, 0.2)), (4,))],
    "torch.nn.ReLU6": [(lambda: nn.ReLU6(), (4,))],
    "torch.nn.Hardtanh": [
        (lambda: nn.Hardtanh(), (4,)),
        (lambda: nn.Hardtanh(-0.3, 2.0, inplace=True), (4, 2)),
    ],
    "torch.nn.functional.hardtanh": [
        (lambda: Calling(F.hardtanh), (4,)),
        (lambda: Calling(lambda x: F.hardtanh(x, 0.5, 1.5)), (4,)),
    ],
    "torch.nn.MaxPool2d": [
        (lambda: nn.MaxPool2d(2), (2, 6, 4)),
        (lambda: nn.MaxPool2d(3, 2, padding=1), (2, 6, 5)),
        (lambda: nn.MaxPool2d((2, 3), stride=(2, 1), padding=(1, 0), dilation=(2, 1)), (2, 6, 5)),
        (lambda: nn.MaxPool2d(3, ceil_mode=True), (2, 7, 5)),
    ],
    "torch.nn.functional.max_pool2d": [
        (lambda: Calling(lambda x: F.max_pool2d(x, 2)), (2, 6, 4)),
        (lambda: Calling(lambda x: F.max_pool2d(x, (2, 3), stride=1, dilation=2)), (2, 6, 5)),
    ],
}


def names_of(row: LayerKind) -> tuple[str, ...]:
    return (*row.modules, *row.functions, *row.methods)


CASES = [
    pytest.param(row, *example, id=f"{row.name}-{name}-{i}")
    for row in LAYERS.values()
    for name in names_of(row)
    for i, example in enumerate(EXAMPLES.get(name, []))
]
AFFINE = [case for case in CASES if not case.values[0].piecewise]
KINKED = [case for case in CASES if case.values[0].kinks is not None]
CONTESTS = [case for case in CASES if case.values[0].contest is not None]

Make = Callable[[], nn.Module]
Shape = tuple[int, ...]


def batch(shape: Shape, n: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, *shape))


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def step_of(program: Program, kind: str) -> tuple[int, list[np.ndarray]]:
    """The last step of a kind, and random values for what it reads."""
    index = max(i for i, step in enumerate(program.steps) if step.kind == kind)
    step = program.steps[index]
    return index, [batch(program.shapes[v], seed=k) for k, v in enumerate(step.inputs)]


def test_every_name_in_the_table_has_an_example() -> None:
    assert set(EXAMPLES) == {name for row in LAYERS.values() for name in names_of(row)}


def test_rows_are_affine_or_piecewise_linear_and_go_by_names_of_their_own() -> None:
    names = [name for row in LAYERS.values() for name in names_of(row)]
    assert len(names) == len(set(names))
    for name, row in LAYERS.items():
        assert name == row.name
        made_by = [row.linear, row.kinks, row.contest]
        assert len([rule for rule in made_by if rule is not None]) == 1
        assert (row.kinks is None) == (row.activate is None)
        assert row.piecewise == (row.linear is None)


@pytest.mark.parametrize(("row", "make", "shape"), CASES)
def test_value_is_that_of_torch(row: LayerKind, make: Make, shape: Shape) -> None:
    module = make()
    program = trace(module, shape)
    x = batch(shape)
    expected = module.double().eval()(torch.from_numpy(x.copy())).detach().numpy()
    found = program(x)
    assert row.name in {step.kind for step in program.steps}
    assert found.shape == (len(x), *program.output_shape) == expected.shape
    assert found.dtype == np.float64
    close(found, expected)


@pytest.mark.parametrize(("row", "make", "shape"), CASES)
def test_samples_do_not_mix(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    x = batch(shape)
    close(program(x)[2:4], program(x[2:4]))
    assert program(x[:0]).shape == (0, *program.output_shape)


@pytest.mark.parametrize(("row", "make", "shape"), AFFINE)
def test_linear_part_is_value_minus_value_at_zero(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    index, values = step_of(program, row.name)
    zeros = [np.zeros_like(value) for value in values]
    linear = program.affine_linear(index, *values)
    close(linear, program.affine(index, *values) - program.affine(index, *zeros))
    assert linear.shape == (len(values[0]), *program.shapes[index + 1])
    close(program.affine_linear(index, *(3.0 * value for value in values)), 3.0 * linear)
    assert not program.affine_linear(index, *zeros).any()


@pytest.mark.parametrize(("row", "make", "shape"), AFFINE)
def test_magnitude_bounds_the_value_and_the_rounding(
    row: LayerKind, make: Make, shape: Shape
) -> None:
    program = trace(make(), shape)
    index, values = step_of(program, row.name)
    magnitude = program.affine_magnitude(index, *values)
    assert (np.abs(program.affine(index, *values)) <= magnitude * (1 + 1e-12)).all()
    # For weights and inputs without signs nothing cancels: there the magnitude is the value.
    positive = program.with_state({key: np.abs(w) for key, w in program.state.items()})
    if "running_mean" not in positive.steps[index].params:
        positives = [np.abs(value) for value in values]
        close(positive.affine(index, *positives), magnitude)
    one_row = program.affine_magnitude(index, *(value[:1] for value in values))
    close(one_row, magnitude[:1])


@pytest.mark.parametrize(("row", "make", "shape"), AFFINE)
def test_an_affine_step_leaves_its_inputs_alone(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    index, values = step_of(program, row.name)
    before = [value.copy() for value in values]
    for value in values:
        value.setflags(write=False)
    program.affine(index, *values)
    program.affine_linear(index, *values)
    program.affine_magnitude(index, *values)
    for value, kept in zip(values, before, strict=True):
        np.testing.assert_array_equal(value, kept)


@pytest.mark.parametrize(("row", "make", "shape"), AFFINE)
def test_an_affine_step_takes_views(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    index, values = step_of(program, row.name)
    reverse = program.affine(index, *(value[::-1] for value in values))
    close(reverse, program.affine(index, *values)[::-1])


def activation_of(program: Program, kind: str) -> tuple[Activation, list[np.ndarray]]:
    """The last activation of a kind, and random values for what it reads."""
    index, values = step_of(program, kind)
    return program.activation_at[index], values


@pytest.mark.parametrize(("row", "make", "shape"), KINKED)
def test_a_function_is_affine_between_its_kinks(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    activation, (z,) = activation_of(program, row.name)
    rule = activation.rule
    assert isinstance(rule, Kinks)
    assert activation.shape == z.shape[1:] == program.shapes[activation.step + 1]
    assert activation.width == len(rule.points) * np.prod(activation.shape)
    assert (np.diff(rule.points) > 0).all()
    z = np.concatenate([z, 20.0 * z, np.zeros_like(z[:1]), *(0 * z[:1] + p for p in rule.points)])
    switches = program.switches(activation.step, z)
    assert switches.shape == (len(z), activation.width)
    assert switches.flags.c_contiguous
    columns = switches.reshape(len(z), len(rule.points), *activation.shape)
    for k, point in enumerate(rule.points):
        np.testing.assert_array_equal(columns[:, k], z - point)
    made = program.activate(activation.step, z)
    for bits in (switches > 0, switches >= 0):
        gain, offset = rule.segments(bits, activation.shape)
        assert np.broadcast_shapes(gain.shape, offset.shape, z.shape) == z.shape
        close(gain * z + offset, made)
    close(program.activate(activation.step, 0 * z + rule.points[0]), np.full_like(z, rule.value))
    assert rule.steepest == np.abs(rule.slopes).max()
    (found,) = program.pre_activations(batch(shape))
    assert found.shape[1] == activation.width


@pytest.mark.parametrize(("row", "make", "shape"), CONTESTS)
def test_a_contest_passes_the_winner_on(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    activation, values = activation_of(program, row.name)
    rule = activation.rule
    assert isinstance(rule, Contest)
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
    np.testing.assert_array_equal(np.take_along_axis(flat, winners, axis=1), made)
    tied = program.switches(activation.step, *(0.0 * value for value in values))
    assert set(np.unique(tied)) <= {0.0, 1.0}
    np.testing.assert_array_equal(
        rule.winners(tied > 0), np.broadcast_to(rule.candidates[:, 0], winners.shape)
    )


@pytest.mark.parametrize(("row", "make", "shape"), CASES)
def test_json_round_trip(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    again = Program.from_json(json.loads(json.dumps(program.to_json())), program.state)
    assert again.steps == program.steps
    assert again.shapes == program.shapes
    assert again.to_json() == program.to_json()
    x = batch(shape)
    np.testing.assert_array_equal(again(x), program(x))


@pytest.mark.parametrize(("row", "make", "shape"), CASES)
def test_to_module_agrees_and_is_differentiable(row: LayerKind, make: Make, shape: Shape) -> None:
    program = trace(make(), shape)
    module = program.to_module(torch.float64)
    x = torch.from_numpy(batch(shape)).requires_grad_()
    outputs = module(x)
    close(outputs.detach().numpy(), program(x.detach().numpy()))
    outputs.sum().backward()
    assert x.grad is not None
    for parameter in module.parameters():
        assert parameter.grad is not None
    assert set(module.state_dict()) == set(program.state)
