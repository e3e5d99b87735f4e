"""Local complexity written from its definition, in float64, and networks to try it on."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

KINDS = (nn.ReLU, nn.GELU, nn.SiLU, nn.Tanh)


def vertices(x, radius, directions, dtype=torch.float64, center=False):
    """All vertices round each sample, (n, 2P, *input_shape), and the sample itself if wanted."""
    x = torch.as_tensor(x, dtype=dtype)[:, None]
    steps = radius * torch.as_tensor(directions, dtype=dtype)
    return torch.cat([x + steps, x - steps, *([x] if center else [])], 1)


def plain_counts(
    model, x, radius, directions, kinds=KINDS, kinks=(0,), dtype=torch.float64, center=False
):
    """For each sample and module of some kinds, the neurons whose sign is not the same at all."""
    network = copy.deepcopy(model).to(dtype).eval()
    read = []
    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_pre_hook(lambda _, args: read.append(args[0].clone()))
    corners = vertices(x, radius, directions, dtype, center)
    with torch.no_grad():
        network(corners.flatten(0, 1))
    counts = []
    for z in read:
        crossed = torch.zeros((len(x), z[0].numel()), dtype=torch.bool)
        for kink in kinks:
            signs = (z.reshape(len(x), corners.shape[1], -1) - kink).sign()
            crossed |= signs.amin(1) != signs.amax(1)
        counts.append(crossed.sum(1))
    return torch.stack(counts, 1).numpy()


def seeded(make, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make().eval()


def mlp(*widths, activation=nn.ReLU, bias=True):
    layers = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after, bias=bias), activation()]
    return nn.Sequential(*layers[:-1])


def cnn(activation=nn.ReLU):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        activation(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3),
        nn.BatchNorm2d(6),
        activation(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(6, 10),
        activation(),
        nn.Linear(10, 3),
    )


class Block(nn.Module):
    """A pre-activation block without batch norm."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.shortcut = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x):
        out = self.relu1(x)
        through = x if isinstance(self.shortcut, nn.Identity) else out
        return self.conv2(self.relu2(self.conv1(out))) + self.shortcut(through)


def resnet18(k=16, channels=3, classes=10):
    """A pre-activation ResNet18 for 32 x 32 images, width k, no batch norm."""
    layers, width = [nn.Conv2d(channels, k, 3, 1, 1, bias=False)], k
    for stage, size in enumerate((k, 2 * k, 4 * k, 8 * k)):
        for block in range(2):
            layers.append(Block(width, size, 2 if stage and not block else 1))
            width = size
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(*layers, nn.ReLU(), pool, nn.Flatten(), nn.Linear(width, classes))


class FunctionalMLP(nn.Module):
    """ReLU as a function, twice in one module."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 9), nn.Linear(9, 9), nn.Linear(9, 3)

    def forward(self, x):
        return self.c(F.relu(self.b(torch.relu(self.a(x)))))


class OpaqueFirst(FunctionalMLP):
    """The same behind a step that only torch can run, and that changes nothing."""

    def forward(self, x):
        return super().forward(torch.nan_to_num(x))


class Opaque(nn.Module):
    """A network behind a step that only torch can run, and that changes nothing."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(torch.nan_to_num(x))


class Transformer(nn.Module):
    """One encoder layer on sequences of vectors, and a linear head."""

    def __init__(self, activation="relu"):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            8, 2, 16, dropout=0.1, activation=activation, batch_first=True
        )
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.layer(x)[:, -1])


def points(*shape, seed=0, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape)
