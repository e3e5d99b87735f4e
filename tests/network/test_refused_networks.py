"""What the trace refuses, and how it says so."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.network.torch_modules.activation_recorder import module_pre_activations
from splineviz.network.torch_modules.model_copy import float64_copy
from splineviz.network.tracing.trace import trace, traced
from tests.network.traced_nets import Inner, agrees, mlp, names, net, refused, seeded


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
    assert f"at test_refused_networks.py:{line}" in error.why


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
