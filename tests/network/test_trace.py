"""What the trace takes, what it refuses and how it says so, and that it leaves no mark."""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.errors import (
    NonFiniteValues,
    ShapeMismatch,
    TraceMismatch,
    UnknownName,
    UnsupportedLayer,
)
from splineviz.network.torch_modules.activation_recorder import module_pre_activations
from splineviz.network.torch_modules.model_copy import float64_copy
from splineviz.network.tracing.trace import trace, traced


def seeded(make: Callable[[], Any], seed: int = 0) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def mlp(*widths: int) -> Any:
    def make() -> nn.Sequential:
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    return seeded(make)


class Net(nn.Module):
    """Two linear layers 3-4-4 and a forward given as a function of the network and its input."""

    def __init__(self, forward: Callable[[Any, torch.Tensor], Any]) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.second = nn.Linear(4, 4)
        self.act = nn.ReLU()
        self.inplace = nn.ReLU(inplace=True)
        self.run = forward

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


def net(forward: Callable[[Any, torch.Tensor], Any]) -> Any:
    return seeded(lambda: Net(forward))


def agrees(model: nn.Module, shape: tuple[int, ...]) -> Any:
    """Trace a model and check the program against it; return the program."""
    program = trace(model, shape)
    x = np.random.default_rng(5).standard_normal((9, *shape))
    reference = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        expected = reference(torch.from_numpy(x.copy())).numpy()
    np.testing.assert_allclose(program(x), expected, rtol=1e-11, atol=1e-12)
    return program


def names(program: Any) -> list[str]:
    return [step.name for step in program.steps]


# What it takes ------------------------------------------------------------------------------------


def test_a_plain_network() -> None:
    program = agrees(mlp(2, 8, 8, 3), (2,))
    assert names(program) == ["0", "1", "2", "3", "4"]
    assert [(a.step, a.name, a.width, a.rule.slopes[0]) for a in program.activations] == [
        (1, "1", 8, 0.0),
        (3, "3", 8, 0.0),
    ]
    assert program.shapes == ((2,), (8,), (8,), (8,), (8,), (3,))
    assert (program.input_shape, program.output_shape) == ((2,), (3,))
    assert set(program.state) == set(mlp(2, 8, 8, 3).state_dict())


def test_the_input_shape_may_be_a_number() -> None:
    assert trace(mlp(2, 4, 1), 2).input_shape == (2,)


def test_nested_sequentials_and_a_convolutional_network() -> None:
    model = seeded(
        lambda: nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.LeakyReLU(0.1)),
            nn.Sequential(nn.AvgPool2d(2), nn.Sequential(nn.Conv2d(4, 2, 3, bias=False))),
            nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(8, 5)),
        )
    )
    model[0][1].running_mean.fill_(0.3)
    program = agrees(model, (1, 8, 8))
    assert names(program)[:5] == ["0.0", "0.1", "0.2", "1.0", "1.1.0"]
    assert [a.width for a in program.activations] == [4 * 8 * 8, 2 * 2 * 2]


@pytest.mark.parametrize("make", [lambda: nn.Linear(2, 3), lambda: nn.ReLU(), lambda: nn.Dropout()])
def test_a_single_layer(make: Callable[[], nn.Module]) -> None:
    assert len(agrees(seeded(make), (2,)).steps) == 1


def test_networks_without_an_activation() -> None:
    assert agrees(seeded(lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))), (2,))
    empty = agrees(nn.Sequential(), (2,))
    assert (empty.steps, empty.activations, empty.output) == ((), (), 0)


def test_a_module_used_twice_has_tied_weights() -> None:
    program = agrees(net(lambda n, x: n.second(n.act(n.second(n.act(n.first(x)))))), (3,))
    assert names(program) == ["first", "act", "second", "act_1", "second_1"]
    assert program.steps[2].params == program.steps[4].params
    assert len(program.state) == 4


def test_a_parameter_of_two_modules_is_one() -> None:
    model = net(lambda n, x: n.third(n.act(n.second(n.act(n.first(x))))))
    model.third = nn.Linear(4, 4)
    model.third.weight = model.second.weight
    program = agrees(model, (3,))
    assert program.steps[4].params == {"weight": "second.weight", "bias": "third.bias"}
    assert agrees_with_state(program, model)


def agrees_with_state(program: Any, model: nn.Module) -> bool:
    """A program takes the whole state_dict, tied names included."""
    x = np.ones((2, *program.input_shape))
    return bool(np.array_equal(program.with_state(model.double().state_dict())(x), program(x)))


def test_a_name_made_for_a_second_use_does_not_take_a_modules_name() -> None:
    model = net(lambda n, x: n.act_1(n.act(n.act(n.first(x)))))
    model.act_1 = nn.LeakyReLU()
    assert names(agrees(model, (3,))) == ["first", "act", "act_2", "act_1"]


def test_functions_are_named_after_the_module_they_stand_in() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.relu(x + F.relu(self.linear(x)))

    model = seeded(lambda: nn.Sequential(Block(), Block()))
    assert names(agrees(model, (4,))) == [
        *("0.linear", "0.relu", "0.add", "0.relu_1"),
        *("1.linear", "1.relu", "1.add", "1.relu_1"),
    ]
    assert names(agrees(net(lambda n, x: torch.relu(n.second(F.relu_(n.first(x))))), (3,))) == [
        *("first", "relu", "second", "relu_1")
    ]


def in_place_after_residual(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    y = n.second(x)
    x += y
    x.relu_()
    return n.second(x)


def in_place_activation_changes_the_shortcut(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    return n.second(n.inplace(x)) + x


def in_place_without_using_the_result(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    F.relu(x, inplace=True)
    return x


def in_place_on_a_view(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    pairs = x.view(-1, 2, 2)
    pairs.relu_()
    return n.second(x)


def in_place_on_what_a_view_shows(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    pairs = x.view(-1, 2, 2)
    x.add_(n.second(x))
    return pairs.flatten(1) + x


def in_place_on_a_clone(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    return x.clone().relu_() + x


def in_place_behind_an_identity(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    same = F.dropout(x, training=n.training)
    same.relu_()
    return n.second(x)


def in_place_on_the_input(n: Any, x: torch.Tensor) -> torch.Tensor:
    n.inplace(x)
    return n.first(x)


def in_place_on_one_of_two_parts(n: Any, x: torch.Tensor) -> torch.Tensor:
    left, right = n.first(x).chunk(2, dim=1)
    left.relu_()
    right *= 2.0
    return n.second(torch.cat([right, left], dim=1))


def in_place_on_a_part_that_is_read_again(n: Any, x: torch.Tensor) -> torch.Tensor:
    parts = n.first(x).chunk(2, dim=1)
    parts[0].relu_()
    return parts[0] + parts[1]


def in_place_arithmetic(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    y = x.clamp_(-1, 1)
    x -= 0.5
    x /= 2
    return y.neg_() + x


def doubled_in_place(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    x += x
    return x


@pytest.mark.parametrize(
    "forward",
    [
        in_place_after_residual,
        in_place_activation_changes_the_shortcut,
        in_place_without_using_the_result,
        in_place_on_a_view,
        in_place_on_what_a_view_shows,
        in_place_on_a_clone,
        in_place_behind_an_identity,
        in_place_on_the_input,
        in_place_on_one_of_two_parts,
        in_place_on_a_part_that_is_read_again,
        in_place_arithmetic,
        doubled_in_place,
    ],
)
def test_in_place_layers_change_all_that_shares_their_memory(
    forward: Callable[[Any, torch.Tensor], Any],
) -> None:
    agrees(net(forward), (3,))


def in_place_on_a_slice(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    x[:, :2].relu_()
    return n.second(x)


def in_place_on_a_turned_view(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    x.view(-1, 2, 2).mT.relu_()
    return n.second(x)


def numbers_written_into_a_value(n: Any, x: torch.Tensor) -> torch.Tensor:
    y = n.first(x)
    y[:, 0] = 0
    y[:, 1] = 1.5
    y[:, 2] = x[:, 0]
    y[:, 3:] += 1
    return n.second(y)


def values_written_into_a_constant(n: Any, x: torch.Tensor) -> torch.Tensor:
    padded = torch.ones(x.shape[0], 4, dtype=x.dtype)
    padded[:, :3] = x
    return n.second(padded)


def numbers_written_into_a_constant(n: Any, x: torch.Tensor) -> torch.Tensor:
    mixer = torch.zeros(4, 4, dtype=x.dtype)
    mixer[0] = 1
    mixer[1, 2] = 3
    return n.first(x) @ mixer


def written_to_a_tensor_that_is_given(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    return torch.add(x, x, out=torch.empty_like(x))


@pytest.mark.parametrize(
    "forward",
    [
        in_place_on_a_slice,
        in_place_on_a_turned_view,
        numbers_written_into_a_value,
        values_written_into_a_constant,
        numbers_written_into_a_constant,
        written_to_a_tensor_that_is_given,
    ],
)
def test_what_is_written_to_a_part_is_read_with_the_whole(
    forward: Callable[[Any, torch.Tensor], Any],
) -> None:
    agrees(net(forward), (3,))


def test_the_shape_of_the_input_may_be_used() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        samples, rows, columns = x.shape
        x = x.view(samples, rows * columns)
        x = n.act(n.first(x)).reshape(x.size(0), 2, -1)
        return n.second(x.view(-1, x.shape[1] * x.shape[-1]))

    program = agrees(net(forward), (3, 1))
    assert [step.options.get("shape") for step in program.steps] == [
        *([3], None, None, [2, 2], [4], None)
    ]


def test_the_shape_of_the_input_may_decide() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[1] == 3, "three features"
        if x.ndim > 2 and x.size(-1) == 1:
            x = x.flatten(1)
        return n.second(n.act(n.first(x)))

    assert names(agrees(net(forward), (3,))) == ["first", "act", "second"]
    assert names(agrees(net(forward), (3, 1)))[0] == "flatten"
    assert "three features" in refused(net(forward), (4,)).why


def test_the_shape_of_a_value_inside_may_decide() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        x = n.first(x.view(len(x), -1))
        return n.second(n.act(x)) if x.dim() == 2 else x

    assert names(agrees(net(forward), (3,))) == ["view", "first", "act", "second"]


def test_the_network_may_have_arguments_with_defaults() -> None:
    class Configured(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(2, 2)

        def forward(
            self, x: torch.Tensor, scale: float | None = None, *rest: Any, act: bool = True
        ) -> torch.Tensor:
            x = self.linear(input=x)
            return F.relu(input=x) if act else x

    assert names(agrees(seeded(Configured), (2,))) == ["linear", "relu"]


def test_a_subclass_that_keeps_its_parents_forward() -> None:
    class Dense(nn.Linear):
        def reset_parameters(self) -> None:
            nn.init.eye_(self.weight)
            nn.init.ones_(self.bias)

    assert agrees(nn.Sequential(Dense(2, 2), nn.ReLU()), (2,)).steps[0].kind == "linear"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_dtype(dtype: torch.dtype) -> None:
    model = mlp(2, 5, 1).to(dtype)
    program = agrees(model, (2,))
    for key, tensor in model.state_dict().items():
        np.testing.assert_array_equal(program.state[key], tensor.double().numpy())


def test_train_mode_is_traced_as_eval_mode() -> None:
    model = seeded(
        lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5))
    )
    assert model.training
    agrees(model, (3,))


def test_compiled_and_data_parallel_wrappers_are_taken_off() -> None:
    model = mlp(2, 4, 1)
    assert names(trace(torch.compile(model, backend="eager"), (2,))) == ["0", "1", "2"]
    assert names(trace(nn.DataParallel(model), (2,))) == ["0", "1", "2"]


def test_a_module_made_by_a_program() -> None:
    model = mlp(2, 4, 1)
    program = trace(model, (2,))
    module = program.to_module()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(2.0)
    again = agrees(module, (2,))
    assert again.steps == program.steps
    np.testing.assert_array_equal(again.state["0.bias"], 2.0 * program.state["0.bias"])
    with pytest.raises(ShapeMismatch, match=r"\(2,\); given \(3,\)"):
        trace(module, (3,))


def test_a_gradient_history_kept_by_the_network_is_no_obstacle() -> None:
    model = mlp(2, 4, 1)
    model.last_output = model(torch.ones(1, 2))
    agrees_without_it = trace(model, (2,))
    assert names(agrees_without_it) == ["0", "1", "2"]
    assert model.last_output.grad_fn is not None


def test_what_a_forward_keeps_while_it_is_followed_does_not_reach_the_comparison() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        if n.shift is None:
            n.shift = x.new_ones(4)
        n.kept.clear()
        n.kept.append(n.first(x) + n.shift)
        return n.second(n.act(n.kept[0]))

    model = net(forward)
    model.shift, model.kept = None, []
    assert len(trace(model, (3,)).activations) == 1
    assert (model.shift, model.kept) == (None, [])


def test_lazy_layers_after_their_first_call() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.ReLU())
    with pytest.raises(UnsupportedLayer, match="Run one batch through the network first"):
        trace(model, (2,))
    model(torch.ones(1, 2))
    agrees(model, (2,))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_under_any_gradient_mode(mode: Callable[[], Any]) -> None:
    with mode():
        program = trace(net(in_place_after_residual), (3,))
    x = np.ones((2, 3))
    np.testing.assert_array_equal(program(x), trace(net(in_place_after_residual), (3,))(x))


def test_a_bias_free_network_that_cancels() -> None:
    model = nn.Sequential(nn.Linear(2, 4, bias=False), nn.ReLU(), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1 / 3, 0.1], [1 / 3, 0.1], [0.0, 0.0], [1.0, 2.0]]))
        model[2].weight.copy_(torch.tensor([[1.0, -1.0, 5.0, 0.0]]))
    agrees(model, (2,))


# What only torch can run --------------------------------------------------------------------------


class Inner(nn.Module):
    """Applies a function two modules deep."""

    def __init__(self, function: Callable[[Any, torch.Tensor], Any]) -> None:
        super().__init__()
        self.function = function
        self.scale = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
        self.register_buffer("mean", torch.tensor([0.1, 0.2, 0.3]))

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, x)


def opaque_in(program: Any) -> list[tuple[str, str]]:
    """The names of the opaque steps and their operations."""
    steps = [program.steps[i] for i in program.opaque_steps]
    return [(step.name, step.options["operation"].partition(".")[0]) for step in steps]


@pytest.mark.parametrize(
    ("layer", "shape", "operation"),
    [
        (nn.GELU(), (3,), "gelu"),
        (nn.Sigmoid(), (3,), "sigmoid"),
        (nn.Tanh(), (3,), "tanh"),
        (nn.Softmax(1), (3,), "softmax"),
        (nn.LayerNorm(3), (3,), "layer_norm"),
        (nn.GroupNorm(1, 3), (3, 2), "group_norm"),
        (nn.GLU(), (4,), "glu"),
        (nn.LPPool2d(2, 2), (1, 4, 4), ""),
        (nn.Upsample(scale_factor=2, mode="bicubic"), (1, 4, 4), "upsample_bicubic2d"),
        (nn.Hardshrink(), (3,), "hardshrink"),
        (nn.Threshold(0.5, 0.0), (3,), "threshold"),
        (nn.InstanceNorm2d(1), (1, 4, 4), "instance_norm"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_layers_that_torch_runs(layer: nn.Module, shape: tuple[int, ...], operation: str) -> None:
    program = agrees(nn.Sequential(nn.Identity(), nn.ModuleDict({"body": layer})["body"]), shape)
    found = opaque_in(program)
    assert found
    if operation:
        assert found == [("1", operation)]


@pytest.mark.parametrize(
    ("function", "operations"),
    [
        (lambda n, x: F.gelu(x), "gelu"),
        (lambda n, x: F.layer_norm(x, (3,), n.scale), "layer_norm"),
        (lambda n, x: x * x, "mul"),
        (lambda n, x: x * x.relu(), "mul"),
        (lambda n, x: x / (1 + x.abs()), "div"),
        (lambda n, x: 1.0 / (2 + x.relu()), "reciprocal"),
        (lambda n, x: torch.div(x, 2, rounding_mode="floor"), "div"),
        (lambda n, x: x**2, "pow"),
        (lambda n, x: torch.matmul(x.unsqueeze(1), x.unsqueeze(2)).flatten(1), "matmul"),
        (lambda n, x: torch.where(x > 0, x, 0.0), "gt where"),
        (lambda n, x: torch.gather(x, 1, x.argmax(1, keepdim=True)), "argmax gather"),
        (lambda n, x: torch.add(x.max(1, keepdim=True)[1], x), "max add"),
        (lambda n, x: x.clamp(min=x.relu()), "clamp"),
        (
            lambda n, x: x.masked_fill(n.mean > 0.15, float("-inf")).softmax(1),
            "masked_fill softmax",
        ),
        (lambda n, x: (x + torch.tensor([0.0, float("-inf"), 0.0])).exp(), "add exp"),
        (lambda n, x: torch.einsum("ni,nj->nij", x, x), "einsum"),
        (lambda n, x: x.sort(1)[0], "sort"),
        (lambda n, x: x.topk(2, 1).values, "topk"),
        (lambda n, x: F.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None]), ""),
    ],
)
def test_functions_that_torch_runs(
    function: Callable[[Any, torch.Tensor], Any], operations: str
) -> None:
    model = nn.Sequential(nn.Sequential(OrderedDict(inner=Inner(function))), nn.ReLU())
    found = opaque_in(agrees(model, (3,)))
    assert found
    if operations:
        assert [operation for _, operation in found] == operations.split()
    assert all(name.startswith("0.inner.") for name, _ in found)
    program = trace(model, (3,))
    again = type(program).from_json(json.loads(json.dumps(program.to_json())), program.state)
    x = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_array_equal(again(x), program(x))


def test_what_is_compared_with_constants_is_piecewise_linear() -> None:
    for function in (
        lambda n, x: x.clamp(n.mean),
        lambda n, x: x.clamp(n.mean, n.mean + 1),
        lambda n, x: torch.maximum(x, n.scale),
        lambda n, x: torch.minimum(n.scale, x),
        lambda n, x: torch.cat([x, torch.zeros_like(x), n.scale.expand(len(x), -1)], 1),
        lambda n, x: torch.stack([x, n.scale.expand(len(x), -1)], 1).flatten(1),
        lambda n, x: torch.cat([n.scale.expand(len(x), 1, -1), x[:, None]], 1).flatten(1),
    ):
        program = agrees(nn.Sequential(Inner(function), nn.ReLU()), (3,))
        assert program.opaque_steps == ()


def test_attention_and_recurrence() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.memory = nn.LSTM(4, 3, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mask = torch.full((3, 3), float("-inf"), dtype=x.dtype).triu(1)
            made, _ = self.attention(x, x, x, attn_mask=mask)
            return self.memory(made)[0]

    program = agrees(seeded(Attending), (3, 4))
    assert "lstm" in [operation for _, operation in opaque_in(program)]
    layer = seeded(lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True))
    assert [a.name for a in agrees(layer, (3, 4)).activations] == ["relu"]


# What it refuses ----------------------------------------------------------------------------------


def refused(model: Any, shape: Any = (3,)) -> UnsupportedLayer:
    with pytest.raises(UnsupportedLayer) as caught:
        trace(model, shape)
    error = caught.value
    for part in (error.path or "at the top of the network", error.kind, error.why, error.advice):
        assert part in str(error)
    return error


@pytest.mark.parametrize(
    ("layer", "shape", "why", "advice"),
    [
        (nn.MaxPool2d(2, dilation=2, padding=1), (1, 1, 4), "padding only", "less padding"),
        (nn.FractionalMaxPool2d(2, output_size=2), (1, 4, 4), "at random", "buffer"),
        (nn.AvgPool2d(2, divisor_override=-2), (1, 4, 4), "-2", "positive"),
        (nn.LeakyReLU(float("inf")), (3,), "inf", "finite"),
        (nn.BatchNorm1d(3, track_running_stats=False), (3,), "running stat", "track_running_stats"),
        (nn.Flatten(0), (3,), "mixes the samples", "nn.Flatten()"),
        (nn.Flatten(0, 1), (3, 2), "mixes the samples", "torch.flatten(x, 1)"),
        (nn.Softmax(0), (3,), "mixes the samples", "first dimension"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_refused_modules(layer: nn.Module, shape: tuple[int, ...], why: str, advice: str) -> None:
    model = nn.Sequential(nn.Identity(), nn.ModuleDict({"body": layer})["body"])
    error = refused(model, shape)
    assert error.path == "1"
    assert error.kind.lower() == type(layer).__name__.lower()
    assert why in error.why
    assert advice in error.advice


@pytest.mark.parametrize(
    ("function", "kind", "why"),
    [
        (lambda n, x: x @ x.T, "matmul", "mixes the samples"),
        (lambda n, x: x.t(), "t", "mixes the samples"),
        (lambda n, x: x + x.view(-1, 1, 3), "add", "mixes the samples"),
        (lambda n, x: torch.max(x, x.view(-1, 1, 3)), "max", "mixes the samples"),
        (lambda n, x: x + float("nan"), "add", "NaN"),
        (lambda n, x: x + torch.ones(3, dtype=torch.complex64), "add", "complex"),
        (lambda n, x: x.transpose(0, 1), "transpose", "mixes the samples"),
        (lambda n, x: x.view(-1, 3, 1).permute(1, 0, 2), "permute", "mixes the samples"),
        (lambda n, x: x[:5], "slice", "mixes the samples"),
        (lambda n, x: x[0], "select", "mixes the samples"),
        (lambda n, x: x[:, 3:], "slice", "empty tensor, of shape (0,)"),
        (lambda n, x: x.flip(0), "flip", "mixes the samples"),
        (lambda n, x: x.flip((0, 1)), "flip", "mixes the samples"),
        (lambda n, x: x.roll(1), "roll", "mixes the samples"),
        (lambda n, x: x.roll(1, 0), "roll", "mixes the samples"),
        (lambda n, x: x.cumsum(0), "cumsum", "mixes the samples"),
        (lambda n, x: torch.cat([x, x]), "cat", "mixes the samples"),
        (lambda n, x: torch.stack([x, x]), "stack", "mixes the samples"),
        (lambda n, x: x.expand(2, -1, -1), "expand", "mixes the samples"),
        (lambda n, x: x.mean(), "mean", "mixes the samples"),
        (lambda n, x: x.mean(0, keepdim=True), "mean", "mixes the samples"),
        (lambda n, x: x.max(), "max", "mixes the samples"),
        (lambda n, x: x.amax(0), "amax", "mixes the samples"),
        (lambda n, x: x.softmax(0), "softmax", "mixes the samples"),
        (lambda n, x: x * torch.randn(3), "mul", "at random"),
        (lambda n, x: x * torch.randn(6).chunk(2)[0], "mul", "at random"),
        (lambda n, x: x.clamp(1.0, -1.0), "clamp", "nothing lies between its bounds 1.0 and -1.0"),
        (lambda n, x: F.hardtanh(x, 0.5, 0.5), "hardtanh", "nothing lies between"),
        (lambda n, x: F.rrelu(x, training=True), "rrelu", "random"),
        (lambda n, x: F.batch_norm(x, None, None, training=True), "batch_norm", "running stat"),
        (lambda n, x: F.dropout(x, 0.5), "dropout", "at random even in eval mode"),
        (lambda n, x: x.view(-1), "view", "mixes the samples of a batch: from 31 samples"),
        (lambda n, x: x.reshape(3, -1), "reshape", "mixes the samples"),
        (lambda n, x: torch.flatten(x), "flatten", "mixes the samples"),
    ],
)
def test_refused_functions(
    function: Callable[[Any, torch.Tensor], Any], kind: str, why: str
) -> None:
    error = refused(nn.Sequential(nn.Sequential(OrderedDict(inner=Inner(function))), nn.ReLU()))
    assert error.path.startswith("0.inner")
    assert error.kind == kind
    assert why in error.why


def test_conversions_to_a_coarser_type() -> None:
    for function in (lambda n, x: x.float(), lambda n, x: x.to(torch.float16).double() * 3):
        program = trace(nn.Sequential(Inner(function), nn.ReLU()), (3,))
        assert program.opaque_steps == ()


def test_what_is_computed_from_weights_is_a_weight() -> None:
    for function in (
        lambda n, x: x * (n.scale * 2),
        lambda n, x: F.linear(x, n.scale.diag()),
        lambda n, x: x * n.scale.sum(),
        lambda n, x: torch.addmm(n.scale, x, n.scale.diag()),
    ):
        model = nn.Sequential(Inner(function))
        program, folding, _ = traced(model, (3,))
        assert program.opaque_steps == ()
        with torch.no_grad():
            model[0].scale.mul_(-1.5)
        again = program.with_state(folding.weights_of(model.double()))
        np.testing.assert_allclose(again(np.eye(3)), trace(model, (3,))(np.eye(3)))


def test_calls_that_bend_nothing_are_no_activations() -> None:
    inf = float("inf")
    for function in (
        lambda n, x: F.leaky_relu(x, 1.0),
        lambda n, x: x.clamp(-inf, inf),
        lambda n, x: F.softshrink(x, 0.0),
        lambda n, x: F.rrelu(x, 1.0, 1.0),
    ):
        assert [step.kind for step in agrees(net(function), (3,)).steps] == ["identity"]


def test_a_value_and_a_number_are_compared_by_a_clamp() -> None:
    for function, kink in (
        (lambda n, x: torch.maximum(x, torch.zeros_like(x)), 0.0),
        (lambda n, x: torch.max(torch.tensor(0.5), x), 0.5),
        (lambda n, x: torch.minimum(x, torch.full((3,), 2.0)), 2.0),
    ):
        program = agrees(net(function), (3,))
        assert [step.kind for step in program.steps] == ["clamp"]
        assert program.activations[0].rule.breakpoints.tolist() == [kink]
        (z,), _ = module_pre_activations(net(function), np.ones((2, 3)))
        np.testing.assert_array_equal(z, np.ones((2, 3)) - kink)


def test_activations_of_weights_are_no_activations_of_the_network() -> None:
    model = net(lambda n, x: n.act(n.first(x) + torch.relu(torch.ones(4))))
    assert len(agrees(model, (3,)).activations) == 1
    assert len(module_pre_activations(model, np.ones((2, 3)))[0]) == 1


def test_tensors_held_as_plain_attributes() -> None:
    model = net(lambda n, x: n.first(x) @ n.mixer + n.shift)
    model.mixer, model.shift = torch.eye(4).flip(0), torch.ones(4)
    program = trace(model.half(), (3,))
    assert set(program.state) == {"first.weight", "first.bias"}
    x = np.ones((2, 3))
    np.testing.assert_allclose(module_pre_activations(model, x)[1], program(x), rtol=1e-12)
    assert model.mixer.dtype == torch.float32


def test_results_may_be_gone_through() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        parts = [n.act(part) for part in n.first(x).split(2, dim=1)]
        return n.second(torch.cat([*parts, sum(parts)], dim=1)[:, :4])

    agrees(net(forward), (3,))


def test_a_batch_size_written_into_the_network() -> None:
    error = refused(net(lambda n, x: n.first(x).view(31, -1)))
    assert "31 samples but not alike for 7" in error.why
    error = refused(net(lambda n, x: n.first(x) if x.shape[0] > 1 else x))
    assert "31 samples but not alike for 1" in error.why


@pytest.mark.parametrize(
    ("forward", "cause"),
    [
        (lambda n, x: n.first(x) if x.sum() > 0 else n.second(x), "decides by numbers"),
        (lambda n, x: n.first(x) if x.dim() > x.sum() else x, "decides by numbers"),
        (lambda n, x: n.first(torch.from_numpy(x.numpy())), "for numpy or another library"),
        (lambda n, x: np.maximum(x, 0), "for numpy or another library"),
        (lambda n, x: n.missing(x), "no attribute 'missing'"),
    ],
)
def test_a_forward_that_cannot_be_followed(
    forward: Callable[[Any, torch.Tensor], Any], cause: str
) -> None:
    error = refused(nn.Sequential(nn.Identity(), net(forward)))
    assert (error.path, error.kind) == ("1", "Net")
    assert cause in error.why
    line = forward.__code__.co_firstlineno
    assert f"at test_trace.py:{line}" in error.why


def test_a_loop_over_samples() -> None:
    error = refused(nn.Sequential(net(lambda n, x: torch.stack([n.first(row) for row in x]))))
    assert (error.path, error.kind) == ("0", "unbind")
    assert "mixes the samples" in error.why


@pytest.mark.parametrize(
    ("forward", "returned"),
    [
        (lambda n, x: (n.first(x), x), "tuple"),
        (lambda n, x: [n.first(x)], "list"),
        (lambda n, x: {"logits": n.first(x)}, "dict"),
        (lambda n, x: None, "NoneType"),
        (lambda n, x: x.shape, "Size"),
        (lambda n, x: n.first.weight, "tensor that does not depend on its input"),
        (lambda n, x: x > 0, "no real numbers"),
    ],
)
def test_an_output_that_is_not_a_tensor(
    forward: Callable[[Any, torch.Tensor], Any], returned: str
) -> None:
    error = refused(net(forward))
    assert (error.path, error.kind) == ("", "Net")
    assert "its forward returns" in error.why
    assert returned in error.why
    assert "returns one tensor" in error.advice


def test_a_network_with_two_inputs() -> None:
    class TwoInputs(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x + y

    error = refused(TwoInputs())
    assert "missing 1 required positional argument: 'y'" in error.why


def test_not_a_network() -> None:
    error = refused(lambda x: x)
    assert error.kind == "function"
    assert "not a torch.nn.Module" in error.why


@pytest.mark.parametrize(
    "reparametrize",
    [
        nn.utils.parametrizations.weight_norm,
        nn.utils.parametrizations.spectral_norm,
        pytest.param(
            nn.utils.weight_norm,
            marks=pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning"),
        ),
        nn.utils.spectral_norm,
        lambda layer: nn.utils.prune.l1_unstructured(layer, "weight", amount=0.5),
    ],
)
def test_weights_made_by_a_parametrization(reparametrize: Callable[..., Any]) -> None:
    from torch.nn.utils import prune  # noqa: F401

    model = seeded(lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU()))
    reparametrize(model[0])
    with torch.no_grad():
        model(torch.ones(1, 3))
    program, folding, _ = traced(model, (3,))
    assert names(trace(model, (3,))) == ["0", "1"]
    assert program.steps[0].params == {"weight": "0.weight", "bias": "0.bias"}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5)
    again = program.with_state(folding.weights_of(float64_copy(model)))
    x = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(again(x), trace(model, (3,))(x), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.* is deprecated:DeprecationWarning")
def test_torchscript() -> None:
    error = refused(torch.jit.script(mlp(3, 2)))
    assert "TorchScript" in error.why
    assert "made from" in error.advice


def test_complex_and_meta_weights() -> None:
    assert "complex" in refused(nn.Linear(3, 2, dtype=torch.complex64)).why
    assert "meta device" in refused(nn.Linear(3, 2, device="meta")).why


def test_a_network_that_cannot_be_copied() -> None:
    model = mlp(3, 2)
    model.numbers = (i for i in range(3))
    error = refused(model)
    assert "cannot be copied" in error.why
    assert "generators" in error.advice


# Shapes and numbers -------------------------------------------------------------------------------


def test_a_wrong_input_shape_names_what_was_expected_and_given() -> None:
    with pytest.raises(ShapeMismatch, match=r"shape \(3,\).*in_features=2.*'0'"):
        trace(mlp(2, 4, 1), (3,))
    with pytest.raises(ShapeMismatch, match=r"shape \(28, 28\).*Conv2d\(1, 4.*'0'"):
        trace(nn.Sequential(nn.Conv2d(1, 4, 3)), (28, 28))
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(5, 2))
    with pytest.raises(ShapeMismatch, match=r"shape \(1, 6, 6\).*in_features=5.*'2'.*64"):
        trace(model, (1, 6, 6))


@pytest.mark.parametrize(
    "shape",
    [
        *(0, (0,), (-1, 2), (2.5,), ("a",), "ab", None, True, 10**30, {2}, {2: 1}, object()),
        *(torch.tensor(2.5), torch.tensor([1.5, 2.5]), np.array("a")),
    ],
)
def test_what_is_not_a_shape(shape: Any) -> None:
    with pytest.raises(ShapeMismatch, match="positive integers"):
        trace(mlp(2, 4, 1), shape)


@pytest.mark.parametrize(
    "batch",
    [
        *(np.array([[None]]), np.array([["a"]]), np.ones((1, 2), complex), np.ones((0, 2))),
        *(torch.ones(1, 2, device="meta"), torch.ones(1, 2, dtype=torch.complex64)),
    ],
)
def test_what_is_not_a_batch(batch: Any) -> None:
    with pytest.raises(ShapeMismatch, match="batch of real numbers or tokens"):
        trace(mlp(2, 4, 1), batch)


def test_a_shape_in_an_array_and_a_batch() -> None:
    for example in (torch.tensor([2]), np.array([2]), [2], np.int64(2), torch.tensor(2)):
        assert trace(mlp(2, 4, 1), example).input_shape == (2,)
    assert trace(mlp(2, 4, 1), np.ones((5, 2))).input_shape == (2,)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(bad: float) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU())
    with torch.no_grad():
        model[1].running_mean[1] = bad
    with pytest.raises(NonFiniteValues, match=r"'1.running_mean' has 1 NaN or infinite of 3"):
        trace(model, (2,))


def test_coefficients_that_are_not_finite() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2, eps=0.0))
    model[0].running_var.zero_()
    with pytest.raises(NonFiniteValues, match=r"batch_norm step '0'.*running variance"):
        trace(model, (2,))


def test_an_output_that_overflows() -> None:
    model = mlp(2, 4, 1).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1e300)
    with pytest.raises(NonFiniteValues, match="overflows"):
        trace(model, (2,))


# Networks that do not compute what their layers say -----------------------------------------------


def test_a_hook_that_watches_is_allowed() -> None:
    model = mlp(2, 4, 1)
    seen: list[torch.Size] = []
    model[1].register_forward_hook(lambda module, given, made: seen.append(made.shape))
    model[1].register_full_backward_hook(lambda module, given, made: None)
    model.register_forward_pre_hook(lambda module, given: None)
    program = trace(model, (2,))
    assert names(program) == ["0", "1", "2"]
    assert len(model[1]._forward_hooks) == len(model[1]._backward_hooks) == 1
    assert [size[0] for size in seen] == [1, 7, 1], "no stand-ins for tensors"


def test_the_comparison_gets_inputs_that_no_layer_has_written_to() -> None:
    model = net(in_place_on_the_input)
    given: list[torch.Tensor] = []
    model.register_forward_pre_hook(lambda module, args: given.append(args[0].clone()))
    trace(model, (3,))
    assert (given[1] < 0).any(dim=1).float().mean() > 0.6


@pytest.mark.parametrize("at", [None, 0, 1])
def test_a_hook_that_changes_values_is_followed(at: int | None) -> None:
    model = mlp(2, 4, 1)
    (model if at is None else model[at]).register_forward_hook(lambda m, given, made: 2 * made)
    assert "mul" in {step.kind for step in agrees(model, (2,)).steps}


def test_a_hook_that_changes_the_shape_is_refused() -> None:
    model = mlp(2, 4, 1)
    model.register_forward_hook(lambda m, given, made: (made,))
    assert "returns a tuple" in refused(model, (2,)).why


def test_a_hook_that_fails_is_told() -> None:
    model = mlp(2, 4, 1)
    model.register_forward_hook(lambda m, given, made: made.missing)
    assert "missing" in refused(model, (2,)).why


def test_a_hidden_change_of_a_layer_is_followed() -> None:
    class Shifted(nn.Conv2d):
        def _conv_forward(self, *args: Any) -> torch.Tensor:
            return super()._conv_forward(*args) + 1e-3

    agrees(seeded(lambda: nn.Sequential(Shifted(1, 2, 3))), (1, 5, 5))


def test_what_changes_from_call_to_call_is_refused() -> None:
    class Counting(nn.Module):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return x * self.calls

    with pytest.raises(TraceMismatch, match="depends on more than its input"):
        trace(Counting(), (3,))


# Behind a module inside ---------------------------------------------------------------------------


class Reader(nn.Module):
    """A causal network of tokens: embedding, position, attention, dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(9, 4), nn.Embedding(5, 4)
        self.query, self.out = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        scores = self.query(x) @ x.mT
        hidden = torch.ones_like(scores, dtype=torch.bool).triu(1)
        x = x + scores.masked_fill(hidden, float("-inf")).softmax(-1) @ x
        return self.out(x.relu()).masked_fill((tokens == 0)[..., None], 0.0)


def test_a_network_of_tokens_is_traced_behind_its_embedding() -> None:
    model, tokens = seeded(Reader), torch.tensor([[3, 1, 4, 0, 5], [1, 1, 1, 1, 1]])
    program = trace(model, tokens, start="words")
    assert program.input_shape == (5, 4)
    assert [activation.name for activation in program.activations] == ["relu"]
    with torch.no_grad():
        x = model.words(tokens[:1]).double().numpy()
        np.testing.assert_allclose(program(x), model.double()(tokens[:1]).numpy(), rtol=1e-6)
    assert not model._forward_hooks
    assert not model.words._forward_hooks


def test_what_comes_before_the_start_may_be_an_attention() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        seen = F.scaled_dot_product_attention(x, x, x)
        return n.second(n.first(x).relu()) + seen.sum(-1, keepdim=True)  # type: ignore[no-any-return]

    model, x = net(forward), torch.ones(1, 3, 3)
    program = trace(model, x, start="first")
    with torch.no_grad():
        made, expected = model.double().first(x.double()), model(x.double())
    np.testing.assert_allclose(program(made.numpy()), expected.numpy(), atol=1e-12)


def test_a_start_that_cannot_be() -> None:
    model, tokens = seeded(Reader), torch.tensor([[3, 1, 4, 0, 5]])
    with pytest.raises(UnknownName, match="wrods"):
        trace(model, tokens, start="wrods")
    with pytest.raises(UnknownName, match="words"):
        trace(model, tokens, start=["words"])  # type: ignore[arg-type]
    with pytest.raises(UnsupportedLayer, match="Pass a batch of inputs"):
        trace(model, (5,), start="words")
    twice = net(lambda n, x: n.second(n.second(n.first(x))))
    with pytest.raises(UnsupportedLayer, match="called 2 times"):
        trace(twice, torch.ones(1, 3), start="second")
    with pytest.raises(UnsupportedLayer, match=r"numbers of tokens.*start="):
        trace(model, (5,))


# No mark left -------------------------------------------------------------------------------------


def fingerprint(model: nn.Module) -> list[Any]:
    found: list[Any] = []
    for name, module in model.named_modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        found.append((name, type(module), module.training, [list(hook) for hook in hooks]))
        found.append(sorted(vars(module)))
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        grad = None if tensor.grad is None else tensor.grad.tolist()
        found.append((name, id(tensor), tensor.data_ptr(), tensor._version))
        found.append((tensor.dtype, tensor.device, tensor.requires_grad, grad, tensor.tolist()))
    return found


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("refuse", [True, False])
def test_the_network_comes_back_untouched(train: bool, refuse: bool) -> None:
    model = seeded(
        lambda: nn.Sequential(
            nn.Linear(3, 4),
            nn.BatchNorm1d(4),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4, 2),
            nn.Softmax(0) if refuse else nn.ReLU(),
        )
    ).half()
    model.train(train)
    model[4].eval()
    model[0].weight.requires_grad_(False)
    model[4].bias.grad = torch.ones(2, dtype=torch.float16)
    model[2].register_forward_hook(lambda module, given, made: None)
    before = fingerprint(model)
    if refuse:
        refused(model)
    else:
        trace(model, (3,))
    assert fingerprint(model) == before


@pytest.mark.usefixtures("two_threads")
def test_nothing_global_changes() -> None:
    class Careless(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            random.random()
            np.random.rand()
            torch.rand(2)
            return x.relu()

    def state() -> list[Any]:
        name, keys, *rest = np.random.get_state()
        return [
            random.getstate(),
            (name, keys.tolist(), rest),
            torch.get_rng_state().tolist(),
            torch.get_default_dtype(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.nn.Module.__call__,
            np.geterr(),
        ]

    before = state()
    trace(Careless(), (2,))
    with pytest.raises(UnsupportedLayer):
        trace(nn.Sequential(Careless(), nn.Softmax(0)), (2,))
    assert state() == before


def test_the_result_is_the_same_each_time_and_in_any_default_dtype() -> None:
    model = mlp(3, 5, 2)
    expected = trace(model, (3,))
    torch.set_default_dtype(torch.float16)
    try:
        again = trace(model, (3,))
    finally:
        torch.set_default_dtype(torch.float32)
    assert again.to_json() == expected.to_json()
    x = np.ones((2, 3))
    np.testing.assert_array_equal(again(x), expected(x))


@pytest.mark.parametrize(
    "convert",
    [
        nn.Module.float,
        nn.Module.double,
        lambda model: trace(model, 2).to_module(torch.float64),
    ],
)
def test_training_the_network_on_does_not_reach_the_program(
    convert: Callable[[nn.Module], nn.Module],
) -> None:
    model = convert(mlp(2, 4, 1))
    program = trace(model, (2,))
    before = program(np.ones((1, 2)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(program(np.ones((1, 2))), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_network_on_a_device() -> None:
    model = mlp(2, 4, 1)
    expected = trace(model, (2,))
    found = trace(model.cuda(), (2,))
    assert next(model.parameters()).is_cuda
    assert found.to_json() == expected.to_json()
