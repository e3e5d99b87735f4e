"""What the trace takes: its programs compute what the networks do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.errors import (
    ShapeMismatch,
    UnsupportedLayer,
)
from splineviz.network.tracing.trace import trace
from tests.network.traced_nets import (
    agrees,
    in_place_after_residual,
    mlp,
    names,
    net,
    refused,
    seeded,
)


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
