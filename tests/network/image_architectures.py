"""Small networks for images, each in the style of a family."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def conv_norm(before: int, after: int, size: int = 3, **options: Any) -> list[nn.Module]:
    options = {"padding": size // 2, "bias": False, **options}
    return [nn.Conv2d(before, after, size, **options), nn.BatchNorm2d(after)]


def head(width: int, classes: int = 3) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]


class Residual(nn.Module):
    """x + f(x), or shortcut(x) + f(x)."""

    def __init__(self, *inner: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.inner = nn.Sequential(*inner)
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.shortcut(x) + self.inner(x)


def vgg() -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in pairwise((3, 4, 8)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    classifier = [nn.Linear(32, 10), nn.ReLU(True), nn.Dropout(), nn.Linear(10, 3)]
    return nn.Sequential(nn.Sequential(*layers), nn.Flatten(), nn.Sequential(*classifier))


class BasicBlock(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(*conv_norm(before, after, stride=stride))
        self.conv2 = nn.Sequential(*conv_norm(after, after))
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(*conv_norm(before, after, 1, stride=stride))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.conv2(self.relu(self.conv1(x)))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def resnet() -> nn.Module:
    stem = [*conv_norm(3, 4), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, BasicBlock(4, 4, 1), BasicBlock(4, 8, 2), *head(8))


class PreActivation(nn.Module):
    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(before), nn.BatchNorm2d(after)
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        if stride != 1 or before != after:
            self.shortcut = nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.norm1(x))
        through = self.shortcut(out) if hasattr(self, "shortcut") else x
        return self.conv2(F.relu(self.norm2(self.conv1(out)))) + through


def preactivation_resnet() -> nn.Module:
    blocks = [PreActivation(4, 4), PreActivation(4, 6, 2)]
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), *blocks, nn.BatchNorm2d(6), nn.ReLU(), *head(6)
    )


class Dense(nn.Module):
    """Each layer reads what all layers before it have made."""

    def __init__(self, width: int, growth: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(width + i * growth),
                nn.ReLU(inplace=True),
                nn.Conv2d(width + i * growth, growth, 3, padding=1, bias=False),
            )
            for i in range(layers)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = [x]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return torch.cat(features, 1)


def densenet() -> nn.Module:
    transition = [nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1), nn.AvgPool2d(2)]
    stem = nn.Conv2d(3, 4, 3, padding=1)
    return nn.Sequential(
        stem, Dense(4, 2, 2), *transition, Dense(4, 2, 2), nn.BatchNorm2d(8), nn.ReLU(), *head(8)
    )


class InvertedResidual(nn.Module):
    def __init__(self, before: int, after: int, stride: int, activation: Any) -> None:
        super().__init__()
        hidden = 2 * before
        self.block = nn.Sequential(
            *(*conv_norm(before, hidden, 1), activation(inplace=True)),
            *conv_norm(hidden, hidden, stride=stride, groups=hidden),
            *(activation(inplace=True), *conv_norm(hidden, after, 1)),
        )
        self.residual = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.block(x) if self.residual else self.block(x)


def mobilenet(activation: Any) -> nn.Module:
    return nn.Sequential(
        *(*conv_norm(3, 4, stride=2), activation(inplace=True)),
        *(InvertedResidual(4, 4, 1, activation), InvertedResidual(4, 6, 2, activation)),
        *head(6),
    )


class Shuffle(nn.Module):
    """Half of the channels go through; then the halves take turns."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.branch = nn.Sequential(
            *(*conv_norm(half, half, 1), nn.ReLU(inplace=True)),
            *conv_norm(half, half, groups=half),
            *(*conv_norm(half, half, 1), nn.ReLU(inplace=True)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        through, changed = x.chunk(2, dim=1)
        out = torch.cat((through, self.branch(changed)), dim=1)
        n, channels, height, width = out.size()
        out = out.view(n, 2, channels // 2, height, width)
        return torch.transpose(out, 1, 2).contiguous().view(n, -1, height, width)


def shufflenet() -> nn.Module:
    return nn.Sequential(
        *conv_norm(3, 6), nn.ReLU(), nn.MaxPool2d(3, 2, 1), Shuffle(6), Shuffle(6), *head(6)
    )


class Fire(nn.Module):
    def __init__(self, before: int, squeezed: int, after: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(before, squeezed, 1)
        self.expand1 = nn.Conv2d(squeezed, after, 1)
        self.expand3 = nn.Conv2d(squeezed, after, 3, padding=1)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.squeeze(x))
        return torch.cat([self.act(self.expand1(x)), self.act(self.expand3(x))], 1)


def squeezenet() -> nn.Module:
    last = [nn.Dropout(), nn.Conv2d(6, 3, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1))]
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2, 1, ceil_mode=True)),
        *(Fire(4, 2, 3), Fire(6, 2, 3), *last, nn.Flatten()),
    )


class Inception(nn.Module):
    def __init__(self, before: int) -> None:
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(before, 2, 1), nn.ReLU())
        self.three = nn.Sequential(
            nn.Conv2d(before, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, 3, padding=1), nn.ReLU()
        )
        self.five = nn.Sequential(nn.Conv2d(before, 2, (1, 5), padding=(0, 2)), nn.ReLU())
        self.reduced = nn.Conv2d(before, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = F.max_pool2d(x, kernel_size=3, stride=1, padding=1)
        averaged = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        made = [self.one(x), self.three(x), self.five(x), F.relu(self.reduced(pooled)), averaged]
        return torch.cat(made, dim=1)


def inception() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), Inception(4), nn.MaxPool2d(2), *head(13)
    )


class HighResolution(nn.Module):
    """Two branches of different resolution that exchange what they have made."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(*conv_norm(3, 3), nn.ReLU())
        self.coarse = nn.Sequential(*conv_norm(3, 4, stride=2), nn.ReLU())
        self.up = nn.Sequential(
            *conv_norm(4, 3, 1), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        )
        self.down = nn.Sequential(*conv_norm(3, 4, stride=2))
        self.last = nn.Conv2d(7, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.fine(x)
        coarse = self.coarse(fine)
        fine, coarse = F.relu(fine + self.up(coarse)), F.relu(coarse + self.down(fine))
        coarse = F.interpolate(coarse, size=fine.shape[-2:], mode="nearest")
        return self.last(torch.cat([fine, coarse], 1)).mean((2, 3))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = self.twice(1, 3), self.twice(3, 4)
        self.middle = self.twice(4, 5)
        self.up2, self.up1 = nn.ConvTranspose2d(5, 4, 2, 2), nn.ConvTranspose2d(4, 3, 2, 2)
        self.after2, self.after1 = self.twice(8, 4), self.twice(6, 3)
        self.last = nn.Conv2d(3, 1, 1)

    @staticmethod
    def twice(before: int, after: int) -> nn.Module:
        first = [*conv_norm(before, after), nn.ReLU(inplace=True)]
        return nn.Sequential(*first, *conv_norm(after, after), nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = self.down1(x)
        two = self.down2(F.max_pool2d(one, 2))
        up = self.up2(self.middle(F.max_pool2d(two, 2)))
        up = self.up1(self.after2(torch.cat([two, up], 1)))
        return self.last(self.after1(torch.cat([one, up], 1)))


class ChannelNorm(nn.LayerNorm):
    """Layer norm of the channels of an image."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1, self.act = nn.Linear(width, 2 * width), nn.GELU()
        self.pwconv2 = nn.Linear(2 * width, width)
        self.gamma = nn.Parameter(0.5 * torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        out = self.gamma * self.pwconv2(self.act(self.pwconv1(out)))
        return x + out.permute(0, 3, 1, 2)


def convnext() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 2, 2), ChannelNorm(4), ConvNeXtBlock(4)),
        *(ChannelNorm(4), nn.Conv2d(4, 6, 2, 2), ConvNeXtBlock(6), *head(6)),
    )


class SqueezeAndExcitation(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(width, 2, 1), nn.Conv2d(2, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = F.adaptive_avg_pool2d(x, 1)
        return torch.sigmoid(self.expand(F.silu(self.reduce(mean)))) * x


def efficientnet() -> nn.Module:
    return nn.Sequential(
        *(*conv_norm(3, 4, stride=2), nn.SiLU(inplace=True)),
        Residual(
            *(*conv_norm(4, 8, 1), nn.SiLU(inplace=True), *conv_norm(8, 8, groups=8)),
            *(nn.SiLU(inplace=True), SqueezeAndExcitation(8), *conv_norm(8, 4, 1)),
        ),
        *head(4),
    )


class WindowAttention(nn.Module):
    """Attention in windows that may be shifted, with a bias for the places of a pair."""

    def __init__(self, width: int, size: int, window: int, shift: int, heads: int = 2) -> None:
        super().__init__()
        self.window, self.shift, self.heads = window, shift, heads
        self.norm, self.qkv = nn.LayerNorm(width), nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.table = nn.Parameter(0.1 * torch.randn((2 * window - 1) ** 2, heads))
        places = torch.stack(
            torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        ).flatten(1)
        apart = (places[:, :, None] - places[:, None]).permute(1, 2, 0) + window - 1
        self.register_buffer("index", apart[..., 0] * (2 * window - 1) + apart[..., 1])
        mask = None
        if shift:
            part = torch.zeros(1, size, size, 1)
            cuts = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
            for number, (rows, columns) in enumerate((a, b) for a in cuts for b in cuts):
                part[:, rows, columns] = number
            part = self.windows(part).squeeze(-1)
            apart = part[:, None] - part[:, :, None]
            mask = apart.masked_fill(apart != 0, -100.0)
        self.register_buffer("mask", mask)

    def windows(self, x: torch.Tensor) -> torch.Tensor:
        n, height, width, channels = x.shape
        size = self.window
        x = x.view(n, height // size, size, width // size, size, channels)
        return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, height, width, channels = x.shape
        out = self.norm(x)
        if self.shift:
            out = torch.roll(out, (-self.shift, -self.shift), dims=(1, 2))
        out = self.windows(out)
        count, length, _ = out.shape
        qkv = self.qkv(out).reshape(count, length, 3, self.heads, channels // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        scores = (q * (channels // self.heads) ** -0.5) @ k.transpose(-2, -1)
        bias = self.table[self.index.view(-1)].view(length, length, -1)
        scores = scores + bias.permute(2, 0, 1).contiguous().unsqueeze(0)
        if self.mask is not None:
            parts = len(self.mask)
            scores = scores.view(count // parts, parts, self.heads, length, length)
            scores = (scores + self.mask[:, None]).view(-1, self.heads, length, length)
        out = (scores.softmax(-1) @ v).transpose(1, 2).reshape(count, length, channels)
        size = self.window
        out = self.proj(out).view(n, height // size, width // size, size, size, channels)
        out = out.permute(0, 1, 3, 2, 4, 5).reshape(n, height, width, channels)
        if self.shift:
            out = torch.roll(out, (self.shift, self.shift), dims=(1, 2))
        return x + out


class Swin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 4, 2, 2)
        self.blocks = nn.ModuleList(WindowAttention(4, 4, 2, shift) for shift in (0, 1))
        self.mlps = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
            for _ in range(2)
        )
        self.last = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x).permute(0, 2, 3, 1)
        for block, mlp in zip(self.blocks, self.mlps, strict=True):
            x = block(x)
            x = x + mlp(x)
        return self.last(x.mean((1, 2)))


class Mixer(nn.Module):
    def __init__(self, patches: int = 4, width: int = 6) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, width, 4, 4)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(patches, 8), nn.GELU(), nn.Linear(8, patches))
        self.channels = nn.Sequential(nn.Linear(width, 8), nn.GELU(), nn.Linear(8, width))
        self.last = nn.Linear(width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm1(x).mT).mT
        x = x + self.channels(self.norm2(x))
        return self.last(x.mean(dim=1))


class ViT(nn.Module):
    """With a class token and positions; its encoder is given."""

    def __init__(self, *blocks: nn.Module, width: int = 8) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(0.2 * torch.randn(1, 5, width))
        self.blocks, self.norm = nn.Sequential(*blocks), nn.LayerNorm(width)
        self.last = nn.Linear(width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.positions
        return self.last(self.norm(self.blocks(x))[:, 0])
