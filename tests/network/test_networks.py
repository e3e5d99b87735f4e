"""Whole networks, as users write them, and networks composed at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from splineviz.network.interpret import Numbers, walk
from splineviz.network.max_selection import MaxSelection
from splineviz.network.program import Program
from splineviz.network.torch_modules.activation_recorder import module_pre_activations
from splineviz.network.torch_modules.model_copy import float64_copy
from splineviz.network.tracing.trace import trace, traced


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """A network with weights, and statistics of its batch normalizations, that are not trivial."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make()
        for name, tensor in model.named_buffers():
            if name.endswith("running_mean"):
                tensor.copy_(0.3 * torch.randn(tensor.shape))
            elif name.endswith("running_var"):
                tensor.copy_(0.5 + torch.rand(tensor.shape))
    return model


def agree(model: nn.Module, shape: tuple[int, ...], n: int = 3) -> Program:
    """Trace a network, and check values, switches and patterns; return the program."""
    program, folding, _ = traced(model, shape)
    x = np.random.default_rng(5).standard_normal((n, *shape))
    found, outputs = module_pre_activations(model, x)
    np.testing.assert_allclose(program(x), outputs, rtol=1e-9, atol=1e-9)
    for columns, expected in zip(found, program.pre_activations(x), strict=True):
        np.testing.assert_allclose(columns, expected, rtol=1e-9, atol=1e-9)
    for columns, activation in zip(found, program.activations, strict=True):
        assert columns.shape == (n, activation.width)
    for i, values, made in walk(Numbers(program), {0: x}):
        if i in program.activation_at:
            activation = program.activation_at[i]
            bits = program.switches(i, *values) > 0
            rule = activation.rule
            if isinstance(rule, MaxSelection):
                # What wins by rounding only, or ties, is as good as the winner.
                flat = np.concatenate([value.reshape(n, -1) for value in values], axis=1)
                clear = np.add.reduceat(bits, np.cumsum([0, *rule.counts[:-1]]), axis=1) == 1
                won = np.take_along_axis(flat, rule.winners(bits), axis=1)
                np.testing.assert_array_equal(won[clear], made.reshape(n, -1)[clear])
            else:
                gain, offset = rule.segments(bits, activation.shape)
                np.testing.assert_allclose(gain * values[0] + offset, made, atol=1e-12)
    again = Program.from_json(program.to_json(), program.state)
    np.testing.assert_array_equal(again(x), program(x))
    stored = folding.weights_of(float64_copy(model))
    np.testing.assert_array_equal(program.with_state(stored)(x), program(x))
    return program


class PreActBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_planes)
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=1, padding=1, bias=False)
        if stride != 1 or in_planes != self.expansion * planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, self.expansion * planes, 1, stride=stride, bias=False)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.bn1(x))
        shortcut = self.shortcut(out) if hasattr(self, "shortcut") else x
        out = self.conv1(out)
        out = self.conv2(F.relu(self.bn2(out)))
        out += shortcut
        return out


class PreActResNet(nn.Module):
    def __init__(self, num_blocks: list[int], width: int = 4, num_classes: int = 10) -> None:
        super().__init__()
        self.in_planes = width
        self.conv1 = nn.Conv2d(3, width, 3, stride=1, padding=1, bias=False)
        self.layer1 = self._make_layer(width, num_blocks[0], stride=1)
        self.layer2 = self._make_layer(2 * width, num_blocks[1], stride=2)
        self.layer3 = self._make_layer(4 * width, num_blocks[2], stride=2)
        self.layer4 = self._make_layer(8 * width, num_blocks[3], stride=2)
        self.bn = nn.BatchNorm2d(8 * width)
        self.linear = nn.Linear(8 * width, num_classes)

    def _make_layer(self, planes: int, num_blocks: int, stride: int) -> nn.Sequential:
        layers = []
        for s in [stride] + [1] * (num_blocks - 1):
            layers.append(PreActBlock(self.in_planes, planes, s))
            self.in_planes = planes
        return nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.conv1(x)
        out = self.layer1(out)
        out = self.layer2(out)
        out = self.layer3(out)
        out = self.layer4(out)
        out = F.relu(self.bn(out))
        out = F.avg_pool2d(out, 4)
        out = out.view(out.size(0), -1)
        return self.linear(out)


def test_a_preactivation_resnet18() -> None:
    program = agree(seeded(lambda: PreActResNet([2, 2, 2, 2])), (3, 32, 32), n=2)
    assert len(program.activations) == 17
    assert program.output_shape == (10,)
    assert program.activations[0].name == "layer1.0.relu"


class ResNetStem(nn.Module):
    """Max pooling, a residual block, and option A shortcuts: subsampled, padded with channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv = nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.stem(x))
        x = F.relu(self.conv(x) + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2), "constant", 0))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class UNet(nn.Module):
    """Skip connections by concatenation, a transposed convolution and an upsampling."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(1, 3, 3, padding=1)
        self.down2 = nn.Conv2d(3, 4, 3, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 2, stride=2)
        self.mix = nn.Conv2d(6, 2, 3, padding=1)
        self.smooth = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = F.leaky_relu(self.down1(x), 0.1)
        second = F.relu(self.down2(F.max_pool2d(first, 2)))
        merged = torch.cat([first, self.up(second)], dim=1)
        return self.mix(merged) + 0.5 * self.smooth(F.avg_pool2d(x, 2))


class Normalized(nn.Module):
    """Data normalization in buffers, a learned scale, a learned position, groups by chunk."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2, 0.3, 0.25]).view(1, 3, 1, 1))
        self.conv = nn.Conv2d(3, 4, 2)
        self.gamma = nn.Parameter(torch.tensor([1.0, -2.0, 0.5, 0.1]))
        self.position = nn.Parameter(torch.linspace(-1, 1, 4).reshape(1, 2, 2))
        self.mixer = nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = (x - self.mean) / self.std
        x = self.conv(x) * self.gamma[:, None, None] + self.position
        left, right = F.hardtanh(x).chunk(2, dim=1)
        x = torch.maximum(left, -right)
        batch, channels, *_ = x.shape
        x = x.permute(0, 2, 3, 1).reshape(batch, -1, channels) @ self.mixer
        return 1.0 - x.mean(dim=1)


class Maxout(nn.Module):
    def __init__(self, pieces: int = 3) -> None:
        super().__init__()
        self.pieces = pieces
        self.first = nn.Linear(2, 4 * pieces)
        self.second = nn.Linear(4, 2 * pieces)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x).view(x.shape[0], -1, self.pieces).max(-1)[0]
        x, _ = torch.max(self.second(x).view(-1, 2, self.pieces), dim=2)
        return x


class Mobile(nn.Module):
    """Inverted residuals with ReLU6 and depthwise convolutions, hard sigmoids and PReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 6, 1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU6(inplace=True),
            nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False),
            nn.BatchNorm2d(6),
            nn.PReLU(6),
            nn.ChannelShuffle(2),
            nn.Conv2d(6, 2, 1),
        )
        self.act = nn.Hardsigmoid()
        self.head = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.act(x + self.layers(x)).amax((2, 3)))


class Tied(nn.Module):
    """An autoencoder whose decoder is the transposed encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(3, 5)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(F.relu(self.encoder(x)), self.encoder.weight.t(), self.bias)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (ResNetStem, (3, 12, 12)),
        (UNet, (1, 4, 4)),
        (Normalized, (3, 3, 3)),
        (Maxout, (2,)),
        (Mobile, (2, 4, 4)),
        (Tied, (3,)),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_networks_as_users_write_them(
    make: Callable[[], nn.Module], shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    model = seeded(make).to(dtype)
    program = agree(model, shape)
    assert {*program.state} & {*model.state_dict()}


def test_a_weight_and_what_is_computed_from_it_are_two() -> None:
    program, folding, _ = traced(seeded(Tied), (3,))
    assert set(program.state) == {"encoder.weight", "encoder.bias", "linear.weight", "bias"}
    model = seeded(Tied).double()
    with torch.no_grad():
        model.encoder.weight.mul_(2.0)
    state = folding.weights_of(model)
    assert torch.equal(state["linear.weight"], state["encoder.weight"].T)
    x = np.ones((1, 3))
    expected = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(program.with_state(state)(x), expected, rtol=1e-14)


def test_buffers_of_the_network_are_buffers_of_the_module() -> None:
    module = trace(seeded(Normalized), (3, 3, 3)).to_module()
    assert set(dict(module.named_buffers())) == {"mean", "std"}
    assert {"mul.constant", "position", "mixer"} < set(dict(module.named_parameters()))


class Function(nn.Module):
    def __init__(self, function: Callable[..., torch.Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *self.layers)


# (n, c) -> (n, c): what a random network is made of, by name.
_FLAT: dict[str, Callable[[int], tuple[Callable[..., torch.Tensor], list[nn.Module]]]] = {
    "linear": lambda c: (lambda x, a: a(x), [nn.Linear(c, c)]),
    "residual": lambda c: (lambda x, a: x + torch.relu(a(x)), [nn.Linear(c, c)]),
    "difference": lambda c: (lambda x, a: a(x) - 2 * x, [nn.Linear(c, c)]),
    "batch norm": lambda c: (lambda x, a: a(x), [nn.BatchNorm1d(c)]),
    "relu in place": lambda c: (lambda x: (x * 1.0).relu_(), []),
    "leaky": lambda c: (lambda x: F.leaky_relu(x, -0.3), []),
    "prelu": lambda c: (lambda x, a: a(x), [nn.PReLU(c)]),
    "relu6": lambda c: (lambda x: F.relu6(4 * x), []),
    "hardtanh": lambda c: (lambda x: F.hardtanh(x, -0.4, 0.7), []),
    "clamp": lambda c: (lambda x: x.clamp(max=0.3), []),
    "softshrink": lambda c: (lambda x: F.softshrink(x, 0.2), []),
    "abs": lambda c: (lambda x: abs(x) - 0.5, []),
    "hardsigmoid": lambda c: (lambda x: F.hardsigmoid(2 * x), []),
    "maximum": lambda c: (lambda x, a: torch.maximum(a(x), x), [nn.Linear(c, c)]),
    "minimum": lambda c: (lambda x, a: torch.minimum(x, -a(x)), [nn.Linear(c, c)]),
    "maxout": lambda c: (lambda x, a: a(x).unflatten(1, (-1, 2)).amax(2), [nn.Linear(c, 2 * c)]),
    "pool": lambda c: (lambda x: F.max_pool1d(x.unsqueeze(1), 3, 1, 1).squeeze(1), []),
    "conv": lambda c: (lambda x, a: a(x[:, None]).mean(1), [nn.Conv1d(1, 2, 3, padding="same")]),
    "split": lambda c: (lambda x: torch.cat(x.tensor_split(2, dim=1)[::-1], dim=1), []),
    "gate": lambda c: (lambda x: torch.stack([x.flip(1), x.roll(1, 1)], 2).sum(-1) / 2, []),
    "pad": lambda c: (lambda x: F.pad(x, (1, -1), value=0.5), []),
    "in place on both": lambda c: (lambda x: (lambda y: y.add_(y.relu()))(x + 0.1), []),
}


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    names=st.lists(st.sampled_from(sorted(_FLAT)), min_size=1, max_size=6),
    width=st.integers(2, 5),
    seed=st.integers(0, 2**16),
)
def test_random_networks(names: list[str], width: int, seed: int) -> None:
    def make() -> nn.Module:
        parts: list[Any] = [_FLAT[name](width) for name in names]
        blocks = [Function(function, *layers) for function, layers in parts]
        return nn.Sequential(nn.Linear(2, width), *blocks, nn.Linear(width, 2))

    agree(seeded(make, seed), (2,), n=5)
