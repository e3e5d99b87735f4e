"""EXAMPLES: networks that use each operation of torch, by the names that it goes by."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Make = Callable[[], nn.Module]
Shape = tuple[int, ...]


class Calling(nn.Module):
    """A network whose forward is a function."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


class Holding(nn.Module):
    """A network with weights of its own, whose forward is a function of it and its input."""

    def __init__(
        self, function: Callable[[Any, torch.Tensor], Any], *shape: int, buffer: bool = False
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        weights = torch.randn(shape, generator=generator)
        if buffer:
            self.register_buffer("w", weights)
        else:
            self.w = nn.Parameter(weights)
        self.run = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


def with_statistics(norm: nn.Module) -> nn.Module:
    """Give a batch normalization running statistics and weights that are not trivial."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in norm.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.1)
            if name == "running_mean":
                tensor.neg_()
    return norm


def with_slopes(prelu: nn.PReLU) -> nn.PReLU:
    """Give a PReLU a slope a channel, a negative one among them."""
    with torch.no_grad():
        prelu.weight.copy_(torch.tensor([0.2, -0.7, 1.5]))
    return prelu


# name -> [(a network that uses it, the shape of one sample), ...]
EXAMPLES: dict[str, list[tuple[Make, Shape]]] = {
    "nn.Linear": [
        (lambda: nn.Linear(3, 5), (3,)),
        (lambda: nn.Linear(3, 5, bias=False), (3,)),
        (lambda: nn.Linear(3, 5), (4, 3)),
    ],
    "nn.Conv2d": [
        (lambda: nn.Conv2d(3, 4, 3), (3, 7, 6)),
        (lambda: nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0), bias=False), (2, 7, 6)),
        (lambda: nn.Conv2d(4, 6, 3, dilation=2, groups=2, padding=2), (4, 7, 6)),
        (lambda: nn.Conv2d(1, 2, (4, 3), padding="same"), (1, 7, 6)),
        (lambda: nn.Conv2d(1, 2, 3, padding="valid"), (1, 7, 6)),
        (lambda: nn.Conv2d(3, 3, 3, groups=3, padding="same", dilation=2), (3, 7, 6)),
    ],
    "nn.AvgPool2d": [
        (lambda: nn.AvgPool2d(2), (2, 6, 4)),
        (lambda: nn.AvgPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True), (2, 6, 5)),
        (lambda: nn.AvgPool2d(3, padding=1, count_include_pad=False), (2, 6, 5)),
        (lambda: nn.AvgPool2d(2, divisor_override=3), (2, 6, 5)),
    ],
    "F.avg_pool2d": [
        (lambda: Calling(lambda x: F.avg_pool2d(x, 2)), (2, 6, 4)),
        (lambda: Calling(lambda x: F.avg_pool2d(x, (2, 3), stride=1, padding=1)), (2, 6, 4)),
    ],
    "nn.BatchNorm1d": [
        (lambda: with_statistics(nn.BatchNorm1d(4)), (4,)),
        (lambda: with_statistics(nn.BatchNorm1d(4, affine=False, eps=0.5)), (4, 3)),
    ],
    "nn.BatchNorm2d": [
        (lambda: with_statistics(nn.BatchNorm2d(3)), (3, 5, 4)),
        (lambda: with_statistics(nn.BatchNorm2d(3, momentum=None)), (3, 5, 4)),
    ],
    "nn.Flatten": [
        (lambda: nn.Flatten(), (2, 3, 4)),
        (lambda: nn.Flatten(2), (2, 3, 4)),
        (lambda: nn.Flatten(1, 2), (2, 3, 4)),
    ],
    "nn.Unflatten": [(lambda: nn.Unflatten(1, (2, 3)), (6,))],
    "torch.flatten": [
        (lambda: Calling(lambda x: torch.flatten(x, 1)), (2, 3)),
        (lambda: Calling(lambda x: torch.flatten(input=x, start_dim=1)), (2, 3)),
    ],
    "torch.reshape": [(lambda: Calling(lambda x: torch.reshape(x, (-1, 3, 2))), (2, 3))],
    ".flatten": [(lambda: Calling(lambda x: x.flatten(1)), (2, 3))],
    ".reshape": [
        (lambda: Calling(lambda x: x.reshape(x.shape[0], -1)), (2, 3)),
        (lambda: Calling(lambda x: x.reshape(-1)), (1,)),
    ],
    ".view": [
        (lambda: Calling(lambda x: x.view(x.size(0), -1)), (2, 3)),
        (lambda: Calling(lambda x: x.view(x.size()[0], x.size(1) * x.size(2))), (2, 3)),
        (lambda: Calling(lambda x: x.view((-1, 6))), (2, 3)),
    ],
    "nn.Dropout": [(lambda: nn.Dropout(0.9), (4,)), (lambda: nn.Dropout(inplace=True), (4,))],
    "nn.Dropout1d": [(lambda: nn.Dropout1d(), (4, 3))],
    "nn.Dropout2d": [(lambda: nn.Dropout2d(), (4, 3, 2))],
    "nn.Dropout3d": [(lambda: nn.Dropout3d(), (4, 3, 2, 2))],
    "nn.AlphaDropout": [(lambda: nn.AlphaDropout(), (4,))],
    "nn.FeatureAlphaDropout": [(lambda: nn.FeatureAlphaDropout(), (4, 3))],
    "F.dropout": [
        (lambda: Calling(lambda x: F.dropout(x, 0.5, training=False)), (4,)),
        (lambda: Calling(lambda x: F.dropout(x, p=0.0)), (4,)),
    ],
    "F.dropout1d": [(lambda: Calling(lambda x: F.dropout1d(x, training=False)), (4, 3))],
    "F.dropout2d": [(lambda: Calling(lambda x: F.dropout2d(x, training=False)), (4, 3, 2))],
    "F.dropout3d": [(lambda: Calling(lambda x: F.dropout3d(x, training=False)), (4, 3, 2, 2))],
    "nn.Identity": [
        (lambda: nn.Identity(), (4,)),
        (lambda: nn.Identity(54, unused=0.1), (4, 2)),
    ],
    ".contiguous": [
        (lambda: Calling(lambda x: x.contiguous()), (4, 2)),
        (lambda: Calling(lambda x: x.mT.contiguous()), (4, 2)),
    ],
    ".clone": [(lambda: Calling(lambda x: x.clone()), (4, 2))],
    "torch.add": [(lambda: Calling(lambda x: torch.add(x, x)), (4,))],
    "operator.add": [
        (lambda: Calling(lambda x: x + x.relu()), (4, 2)),
        (lambda: Calling(lambda x: sum([x, x.relu(), x])), (4,)),
    ],
    "operator.iadd": [(lambda: Calling(lambda x: operator.iadd(x.clone(), x)), (4,))],
    ".add": [(lambda: Calling(lambda x: x.add(x.relu())), (4,))],
    ".add_": [(lambda: Calling(lambda x: x.clone().add_(x)), (4,))],
    "nn.ReLU": [(lambda: nn.ReLU(), (4,)), (lambda: nn.ReLU(inplace=True), (4, 2))],
    "torch.relu": [(lambda: Calling(torch.relu), (4,))],
    "torch.relu_": [(lambda: Calling(torch.relu_), (4,))],
    "F.relu": [
        (lambda: Calling(F.relu), (4,)),
        (lambda: Calling(lambda x: F.relu(x, inplace=True)), (4,)),
    ],
    "F.relu_": [(lambda: Calling(F.relu_), (4,))],
    ".relu": [(lambda: Calling(lambda x: x.relu()), (4,))],
    ".relu_": [(lambda: Calling(lambda x: x.relu_()), (4,))],
    "nn.LeakyReLU": [
        (lambda: nn.LeakyReLU(), (4,)),
        (lambda: nn.LeakyReLU(0.3, inplace=True), (4, 2)),
        (lambda: nn.LeakyReLU(-1.0), (4,)),
        (lambda: nn.LeakyReLU(0.0), (4,)),
    ],
    "F.leaky_relu": [
        (lambda: Calling(F.leaky_relu), (4,)),
        (lambda: Calling(lambda x: F.leaky_relu(x, 0.2, True)), (4,)),
        (lambda: Calling(lambda x: F.leaky_relu(x, negative_slope=2.0)), (4,)),
    ],
    "F.leaky_relu_": [(lambda: Calling(lambda x: F.leaky_relu_(x, 0.2)), (4,))],
    "nn.ReLU6": [(lambda: nn.ReLU6(), (4,))],
    "nn.Hardtanh": [
        (lambda: nn.Hardtanh(), (4,)),
        (lambda: nn.Hardtanh(-0.3, 2.0, inplace=True), (4, 2)),
    ],
    "F.hardtanh": [
        (lambda: Calling(F.hardtanh), (4,)),
        (lambda: Calling(lambda x: F.hardtanh(x, 0.5, 1.5)), (4,)),
    ],
    "nn.MaxPool2d": [
        (lambda: nn.MaxPool2d(2), (2, 6, 4)),
        (lambda: nn.MaxPool2d(3, 2, padding=1), (2, 6, 5)),
        (lambda: nn.MaxPool2d((2, 3), stride=(2, 1), padding=(1, 0), dilation=(2, 1)), (2, 6, 5)),
        (lambda: nn.MaxPool2d(3, ceil_mode=True), (2, 7, 5)),
    ],
    "F.max_pool2d": [
        (lambda: Calling(lambda x: F.max_pool2d(x, 2)), (2, 6, 4)),
        (lambda: Calling(lambda x: F.max_pool2d(x, (2, 3), stride=1, dilation=2)), (2, 6, 5)),
    ],
    "torch.max_pool1d": [(lambda: Calling(lambda x: torch.max_pool1d(x, 2)), (2, 6))],
    "torch.max_pool2d": [(lambda: Calling(lambda x: torch.max_pool2d(x, 2)), (2, 6, 4))],
    "torch.max_pool3d": [(lambda: Calling(lambda x: torch.max_pool3d(x, 2)), (2, 2, 4, 4))],
    "nn.MaxPool1d": [
        (lambda: nn.MaxPool1d(2), (2, 6)),
        (lambda: nn.MaxPool1d(3, stride=1, padding=1, dilation=2), (2, 6)),
        (lambda: nn.MaxPool1d(1), (2, 3)),
        (lambda: nn.MaxPool1d(2), (6,)),
    ],
    "nn.MaxPool3d": [(lambda: nn.MaxPool3d((1, 2, 3), padding=(0, 1, 1)), (2, 3, 4, 3))],
    "F.max_pool1d": [(lambda: Calling(lambda x: F.max_pool1d(x, 2, ceil_mode=True)), (2, 7))],
    "F.max_pool3d": [(lambda: Calling(lambda x: F.max_pool3d(x, 2)), (1, 2, 4, 5))],
    "nn.AdaptiveMaxPool1d": [(lambda: nn.AdaptiveMaxPool1d(3), (2, 7))],
    "nn.AdaptiveMaxPool2d": [
        (lambda: nn.AdaptiveMaxPool2d((3, 2)), (2, 7, 5)),
        (lambda: nn.AdaptiveMaxPool2d((None, 1)), (2, 3, 5)),
        (lambda: nn.AdaptiveMaxPool2d(3), (2, 2, 4)),
    ],
    "nn.AdaptiveMaxPool3d": [(lambda: nn.AdaptiveMaxPool3d(2), (1, 3, 4, 2))],
    "F.adaptive_max_pool1d": [(lambda: Calling(lambda x: F.adaptive_max_pool1d(x, 2)), (2, 5))],
    "F.adaptive_max_pool2d": [(lambda: Calling(lambda x: F.adaptive_max_pool2d(x, 1)), (2, 3, 4))],
    "F.adaptive_max_pool3d": [
        (lambda: Calling(lambda x: F.adaptive_max_pool3d(x, (1, 2, 2))), (1, 2, 3, 4))
    ],
    "torch.maximum": [
        (lambda: Calling(lambda x: torch.maximum(x[:, :2], x[:, 2:])), (4, 3)),
        (lambda: Calling(lambda x: torch.maximum(x[:, :1], x)), (4, 3)),
    ],
    ".maximum": [(lambda: Calling(lambda x: x.maximum(2.0 * x.flip(1))), (4,))],
    "torch.minimum": [(lambda: Calling(lambda x: torch.minimum(x[:, :2], x[:, 2:])), (4, 3))],
    ".minimum": [(lambda: Calling(lambda x: x.minimum(-x.flip(1))), (4,))],
    "torch.amax": [
        (lambda: Calling(lambda x: torch.amax(x, 1)), (4, 3)),
        (lambda: Calling(lambda x: torch.amax(x, dim=(-1, 1), keepdim=True)), (2, 3, 4)),
    ],
    ".amax": [(lambda: Calling(lambda x: x.amax((2, 3))), (2, 3, 4))],
    "torch.amin": [(lambda: Calling(lambda x: torch.amin(x, -1)), (4, 3))],
    ".amin": [(lambda: Calling(lambda x: x.amin([1])), (4, 3))],
    "torch.max": [
        (lambda: Calling(lambda x: torch.max(x, dim=1)[0]), (4, 3)),
        (lambda: Calling(lambda x: torch.max(x[:, :2], other=x[:, 2:])), (4,)),
        (lambda: Calling(lambda x: torch.max(x, -1, keepdim=True).values), (4, 3)),
    ],
    ".max": [
        (lambda: Calling(lambda x: x.view(-1, 3, 2).max(-1)[0]), (6,)),
        (lambda: Calling(lambda x: x[:, :2].max(x[:, 2:])), (4,)),
    ],
    "torch.min": [
        (lambda: Calling(lambda x: torch.min(x, 1).values), (4, 3)),
        (lambda: Calling(lambda x: torch.min(x[:, :2], x[:, 2:])), (4,)),
    ],
    ".min": [(lambda: Calling(lambda x: x.min(dim=1, keepdim=True)[0]), (4, 3))],
    "F.linear": [
        (lambda: Holding(lambda n, x: F.linear(x, n.w), 5, 3), (3,)),
        (lambda: Holding(lambda n, x: F.linear(x, n.w, bias=n.w[:, 0]), 5, 3), (2, 3)),
        (lambda: Holding(lambda n, x: F.linear(x, n.w), 3, buffer=True), (3,)),
    ],
    "torch.matmul": [
        (lambda: Holding(lambda n, x: torch.matmul(x, n.w), 3, 5), (3,)),
        (lambda: Holding(lambda n, x: torch.matmul(n.w, x), 4, 3), (3, 2)),
        (lambda: Holding(lambda n, x: torch.matmul(x, n.w), 3), (3,)),
        (lambda: Holding(lambda n, x: torch.matmul(x, n.w), 2, 3, 4), (2, 5, 3)),
    ],
    "torch.mm": [(lambda: Holding(lambda n, x: torch.mm(x, n.w), 3, 5), (3,))],
    "torch.bmm": [
        (lambda: Holding(lambda n, x: torch.bmm(x, n.w.expand(x.shape[0], 3, 5)), 3, 5), (2, 3))
    ],
    "operator.matmul": [
        (lambda: Holding(lambda n, x: x @ n.w, 3, 5), (3,)),
        (lambda: Holding(lambda n, x: x @ n.w.T, 5, 3), (3,)),
        (lambda: Holding(lambda n, x: n.w[1:] @ x, 4, 3), (3, 2)),
        (lambda: Calling(lambda x: x @ torch.ones(3, 2, dtype=x.dtype)), (3,)),
    ],
    ".matmul": [(lambda: Holding(lambda n, x: x.matmul(n.w), 3, 5), (2, 3))],
    ".mm": [(lambda: Holding(lambda n, x: x.mm(n.w.t()), 5, 3), (3,))],
    ".bmm": [(lambda: Holding(lambda n, x: x.bmm(n.w.expand(x.shape[0], 3, 5)), 3, 5), (2, 3))],
    "torch.einsum": [
        (lambda: Holding(lambda n, x: torch.einsum("nk,mk->nm", x, n.w), 5, 3), (3,)),
        (lambda: Holding(lambda n, x: torch.einsum("mk,nka->nma", [n.w, x]), 5, 3), (3, 2)),
    ],
    "nn.Conv1d": [
        (lambda: nn.Conv1d(2, 3, 3, padding=1, stride=2), (2, 7)),
        (lambda: nn.Conv1d(2, 4, 2, groups=2, dilation=3, bias=False), (2, 7)),
        (lambda: nn.Conv1d(2, 3, 3, padding=2, padding_mode="circular"), (2, 7)),
    ],
    "nn.Conv3d": [(lambda: nn.Conv3d(2, 3, (1, 2, 3), padding=1), (2, 3, 4, 3))],
    "F.conv1d": [(lambda: Holding(lambda n, x: F.conv1d(x, n.w, padding=1), 3, 2, 3), (2, 6))],
    "F.conv2d": [
        (lambda: Holding(lambda n, x: F.conv2d(x, n.w), 3, 2, 2, 2), (2, 5, 4)),
        (
            lambda: Holding(lambda n, x: F.conv2d(x, n.w, n.w[:, 0, 0, 0], 2, "valid"), 3, 2, 2, 2),
            (2, 5, 4),
        ),
        (lambda: Holding(lambda n, x: F.conv2d(x, n.w, groups=2), 4, 1, 2, 2), (2, 5, 4)),
    ],
    "F.conv3d": [(lambda: Holding(lambda n, x: F.conv3d(x, n.w), 2, 1, 2, 2, 2), (1, 3, 3, 3))],
    "nn.ConvTranspose1d": [
        (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2, output_padding=1), (2, 4))
    ],
    "nn.ConvTranspose2d": [
        (lambda: nn.ConvTranspose2d(2, 3, 2, stride=2), (2, 3, 4)),
        (lambda: nn.ConvTranspose2d(2, 4, 3, padding=1, groups=2, dilation=2), (2, 3, 4)),
        (lambda: nn.ConvTranspose2d(2, 3, 3, 2, 1, output_padding=1, bias=False), (2, 3, 4)),
    ],
    "nn.ConvTranspose3d": [(lambda: nn.ConvTranspose3d(1, 2, 2), (1, 2, 3, 2))],
    "F.conv_transpose1d": [
        (lambda: Holding(lambda n, x: F.conv_transpose1d(x, n.w, stride=2), 2, 3, 3), (2, 4))
    ],
    "F.conv_transpose2d": [
        (
            lambda: Holding(lambda n, x: F.conv_transpose2d(x, n.w, None, 2, 1, 1), 2, 3, 3, 3),
            (2, 3, 4),
        )
    ],
    "F.conv_transpose3d": [
        (lambda: Holding(lambda n, x: F.conv_transpose3d(x, n.w), 1, 2, 2, 2, 2), (1, 2, 3, 2))
    ],
    "nn.BatchNorm3d": [(lambda: with_statistics(nn.BatchNorm3d(2)), (2, 2, 3, 2))],
    "nn.SyncBatchNorm": [(lambda: with_statistics(nn.SyncBatchNorm(2)), (2, 3))],
    "F.batch_norm": [
        (
            lambda: Holding(
                lambda n, x: F.batch_norm(x, n.w[0], n.w[1] ** 2, n.w[2], n.w[3], eps=0.1),
                *(4, 3),
                buffer=True,
            ),
            (3, 2),
        )
    ],
    "torch.sub": [
        (lambda: Calling(lambda x: torch.sub(x, x.relu(), alpha=0.5)), (4,)),
        (lambda: Calling(lambda x: torch.sub(x, 3)), (4,)),
    ],
    "torch.subtract": [(lambda: Calling(lambda x: torch.subtract(x, x.relu())), (4,))],
    "operator.sub": [
        (lambda: Calling(lambda x: 1.0 - x), (4, 2)),
        (lambda: Calling(lambda x: x - x.relu()), (4, 2)),
        (lambda: Holding(lambda n, x: n.w - x, 4, 1), (1, 2)),
        (lambda: Holding(lambda n, x: x - n.w, 2, buffer=True), (4, 2)),
    ],
    "operator.isub": [(lambda: Calling(lambda x: operator.isub(x.clone(), x.relu())), (4,))],
    ".sub": [(lambda: Calling(lambda x: x.sub(x.relu())), (4,))],
    ".sub_": [(lambda: Calling(lambda x: x.clone().sub_(0.5)), (4,))],
    ".subtract": [(lambda: Calling(lambda x: x.subtract(x.relu())), (4,))],
    ".subtract_": [(lambda: Calling(lambda x: x.clone().subtract_(0.5)), (4,))],
    "torch.rsub": [(lambda: Calling(lambda x: torch.rsub(x, 2.0, alpha=3)), (4,))],
    "torch.mul": [(lambda: Calling(lambda x: torch.mul(x, -2)), (4,))],
    "torch.multiply": [(lambda: Calling(lambda x: torch.multiply(3.0, x)), (4,))],
    "operator.mul": [
        (lambda: Calling(lambda x: 2 * x), (4, 2)),
        (lambda: Calling(lambda x: x * -0.5), (4, 2)),
        (lambda: Calling(lambda x: x * torch.tensor([[1.0, -2.0]])), (4, 2)),
        (lambda: Holding(lambda n, x: x * n.w, 2), (4, 2)),
        (lambda: Holding(lambda n, x: n.w[:, None, None] * x, 3), (3, 2, 2)),
        (lambda: Holding(lambda n, x: n.w.view(1, -1, 1) * x, 3), (3, 2)),
        (lambda: Holding(lambda n, x: x * n.w, 1, 4, 1, buffer=True), (1, 3)),
    ],
    "operator.imul": [(lambda: Calling(lambda x: operator.imul(x.clone(), 3.0)), (4,))],
    ".mul": [(lambda: Holding(lambda n, x: x.mul(n.w), 4), (4,))],
    ".mul_": [(lambda: Calling(lambda x: x.clone().mul_(2)), (4,))],
    ".multiply": [(lambda: Calling(lambda x: x.multiply(2)), (4,))],
    ".multiply_": [(lambda: Calling(lambda x: x.clone().multiply_(2)), (4,))],
    "torch.neg": [(lambda: Calling(torch.neg), (4,))],
    "torch.neg_": [(lambda: Calling(torch.neg_), (4,))],
    "torch.negative": [(lambda: Calling(torch.negative), (4,))],
    "operator.neg": [(lambda: Calling(lambda x: -x), (4, 2))],
    ".neg": [(lambda: Calling(lambda x: x.neg()), (4,))],
    ".neg_": [(lambda: Calling(lambda x: x.neg_()), (4,))],
    ".negative": [(lambda: Calling(lambda x: x.negative()), (4,))],
    ".negative_": [(lambda: Calling(lambda x: x.negative_()), (4,))],
    "torch.div": [(lambda: Calling(lambda x: torch.div(x, -4)), (4,))],
    "torch.divide": [(lambda: Calling(lambda x: torch.divide(x, 4.0)), (4,))],
    "torch.true_divide": [(lambda: Calling(lambda x: torch.true_divide(x, 4.0)), (4,))],
    "operator.truediv": [
        (lambda: Calling(lambda x: x / 255), (4,)),
        (lambda: Holding(lambda n, x: x / n.w, 4), (4,)),
    ],
    "operator.itruediv": [(lambda: Calling(lambda x: operator.itruediv(x.clone(), 3.0)), (4,))],
    ".div": [(lambda: Calling(lambda x: x.div(3.0)), (4,))],
    ".div_": [(lambda: Calling(lambda x: x.clone().div_(3.0)), (4,))],
    ".divide": [(lambda: Calling(lambda x: x.divide(3.0)), (4,))],
    ".divide_": [(lambda: Calling(lambda x: x.clone().divide_(3.0)), (4,))],
    ".true_divide": [(lambda: Calling(lambda x: x.true_divide(3.0)), (4,))],
    ".true_divide_": [(lambda: Calling(lambda x: x.clone().true_divide_(3.0)), (4,))],
    "nn.AvgPool1d": [(lambda: nn.AvgPool1d(3, 2, padding=1, ceil_mode=True), (2, 6))],
    "nn.AvgPool3d": [(lambda: nn.AvgPool3d(2, divisor_override=3), (1, 2, 4, 3))],
    "F.avg_pool1d": [(lambda: Calling(lambda x: F.avg_pool1d(x, 2)), (2, 6))],
    "F.avg_pool3d": [(lambda: Calling(lambda x: F.avg_pool3d(x, 2)), (1, 2, 4, 3))],
    "nn.AdaptiveAvgPool1d": [(lambda: nn.AdaptiveAvgPool1d(3), (2, 7))],
    "nn.AdaptiveAvgPool2d": [
        (lambda: nn.AdaptiveAvgPool2d(1), (2, 5, 4)),
        (lambda: nn.AdaptiveAvgPool2d((3, None)), (2, 5, 4)),
    ],
    "nn.AdaptiveAvgPool3d": [(lambda: nn.AdaptiveAvgPool3d(2), (1, 3, 4, 2))],
    "F.adaptive_avg_pool1d": [(lambda: Calling(lambda x: F.adaptive_avg_pool1d(x, 2)), (2, 5))],
    "F.adaptive_avg_pool2d": [
        (lambda: Calling(lambda x: F.adaptive_avg_pool2d(x, (1, 1))), (2, 5, 4))
    ],
    "F.adaptive_avg_pool3d": [
        (lambda: Calling(lambda x: F.adaptive_avg_pool3d(x, 1)), (1, 3, 4, 2))
    ],
    "torch.mean": [
        (lambda: Calling(lambda x: torch.mean(x, 1)), (4, 3)),
        (lambda: Calling(lambda x: torch.mean(x, dim=(2, 3))), (4, 3, 2)),
    ],
    ".mean": [
        (lambda: Calling(lambda x: x.mean([-2, -1], keepdim=True)), (4, 3, 2)),
        (lambda: Calling(lambda x: x.mean(-1)), (3,)),
    ],
    "torch.sum": [(lambda: Calling(lambda x: torch.sum(x, dim=-1)), (4, 3))],
    ".sum": [(lambda: Calling(lambda x: x.sum((1, 2))), (4, 3))],
    "torch.cumsum": [(lambda: Calling(lambda x: torch.cumsum(x, 1)), (4, 3))],
    ".cumsum": [(lambda: Calling(lambda x: x.cumsum(dim=-1)), (4, 3))],
    "nn.Upsample": [
        (lambda: nn.Upsample(scale_factor=2), (2, 3, 2)),
        (lambda: nn.Upsample(size=(4, 5), mode="bilinear"), (2, 3, 2)),
        (lambda: nn.Upsample(scale_factor=1.5, mode="linear", align_corners=True), (2, 5)),
    ],
    "other interpolations": [
        (lambda: nn.Upsample(scale_factor=2, mode="trilinear"), (1, 2, 3, 2)),
        (lambda: nn.Upsample(scale_factor=2), (1, 2, 3, 2)),
        (lambda: nn.Upsample(size=3, mode="nearest-exact"), (1, 5)),
        (lambda: nn.Upsample(size=3, mode="nearest-exact"), (1, 5, 5)),
        (lambda: nn.Upsample(size=3, mode="nearest-exact"), (1, 2, 5, 5)),
    ],
    "winners alone": [
        (lambda: Calling(lambda x: F.max_pool1d(x, 2, return_indices=True)[0]), (2, 6)),
        (lambda: Calling(lambda x: F.max_pool2d(x, 2, return_indices=True)[0]), (2, 6, 4)),
        (lambda: Calling(lambda x: F.max_pool3d(x, 2, return_indices=True)[0]), (1, 2, 4, 4)),
        (lambda: Calling(lambda x: torch.fmax(x[:, :2], x[:, 2:])), (4,)),
        (lambda: Calling(lambda x: torch.fmin(x[:, :2], x[:, 2:])), (4,)),
    ],
    "written": [
        (lambda: Calling(lambda x: x.clone().zero_() + x), (4,)),
        (lambda: Calling(lambda x: x.clone().fill_(1.5) + x), (4,)),
        (lambda: Calling(lambda x: x.clone().copy_(x[:, :1]) + x), (4,)),
    ],
    "products": [
        (lambda: Holding(lambda n, x: x.mv(n.w)[:, None], 3), (3,)),
        (lambda: Holding(lambda n, x: torch.addmm(n.w[0], x, n.w), 3, 3), (3,)),
    ],
    "nn.UpsamplingNearest2d": [(lambda: nn.UpsamplingNearest2d(scale_factor=2), (2, 3, 2))],
    "nn.UpsamplingBilinear2d": [(lambda: nn.UpsamplingBilinear2d(size=(5, 5)), (2, 3, 2))],
    "F.interpolate": [
        (lambda: Calling(lambda x: F.interpolate(x, scale_factor=(2, 1.5))), (2, 3, 5)),
        (lambda: Calling(lambda x: F.interpolate(x, x.shape[-1] * 2)), (2, 5)),
    ],
    "F.pad": [
        (lambda: Calling(lambda x: F.pad(x, (1, 2))), (2, 3)),
        (lambda: Calling(lambda x: F.pad(x, (1, -1, 0, 2), value=-1.5)), (2, 3)),
        (lambda: Calling(lambda x: F.pad(x, (0, 0, 2, 1, 0, 0), "constant", 0)), (2, 3)),
        (lambda: Calling(lambda x: F.pad(x, (1, 1), mode="reflect")), (2, 3)),
    ],
    "nn.ZeroPad1d": [(lambda: nn.ZeroPad1d(1), (2, 3))],
    "nn.ZeroPad2d": [(lambda: nn.ZeroPad2d((1, 2, 0, 1)), (2, 3, 2))],
    "nn.ZeroPad3d": [(lambda: nn.ZeroPad3d(1), (1, 2, 2, 2))],
    "nn.ConstantPad1d": [(lambda: nn.ConstantPad1d(2, 3.5), (2, 3))],
    "nn.ConstantPad2d": [(lambda: nn.ConstantPad2d(1, -1), (2, 3, 2))],
    "nn.ConstantPad3d": [(lambda: nn.ConstantPad3d(1, 0.0), (1, 2, 2, 2))],
    "nn.ReflectionPad1d": [(lambda: nn.ReflectionPad1d(2), (2, 3))],
    "nn.ReflectionPad2d": [(lambda: nn.ReflectionPad2d(1), (2, 3, 3))],
    "nn.ReflectionPad3d": [(lambda: nn.ReflectionPad3d(1), (1, 2, 2, 2))],
    "nn.ReplicationPad1d": [(lambda: nn.ReplicationPad1d(2), (2, 3))],
    "nn.ReplicationPad2d": [(lambda: nn.ReplicationPad2d(1), (2, 3, 3))],
    "nn.ReplicationPad3d": [(lambda: nn.ReplicationPad3d(1), (1, 2, 2, 2))],
    "nn.CircularPad1d": [(lambda: nn.CircularPad1d(2), (2, 3))],
    "nn.CircularPad2d": [(lambda: nn.CircularPad2d(1), (2, 3, 3))],
    "nn.CircularPad3d": [(lambda: nn.CircularPad3d(1), (1, 2, 2, 2))],
    "nn.Unfold": [(lambda: nn.Unfold((2, 3), padding=1), (2, 4, 3))],
    "F.unfold": [(lambda: Calling(lambda x: F.unfold(x, 2, stride=2)), (2, 4, 4))],
    "nn.Fold": [(lambda: nn.Fold((4, 3), 2), (8, 6))],
    "F.fold": [(lambda: Calling(lambda x: F.fold(x, (4, 4), 2, stride=2)), (8, 4))],
    "torch.clone": [(lambda: Calling(torch.clone), (4, 2))],
    "torch.detach": [(lambda: Calling(torch.detach), (4, 2))],
    "torch.positive": [(lambda: Calling(torch.positive), (4, 2))],
    "operator.pos": [(lambda: Calling(lambda x: +x), (4, 2))],
    ".cpu": [(lambda: Calling(lambda x: x.cpu()), (4, 2))],
    ".detach": [(lambda: Calling(lambda x: x.detach()), (4, 2))],
    ".detach_": [(lambda: Calling(lambda x: x.clone().detach_()), (4, 2))],
    ".double": [(lambda: Calling(lambda x: x.double()), (4, 2))],
    ".positive": [(lambda: Calling(lambda x: x.positive()), (4, 2))],
    ".to": [
        (lambda: Calling(lambda x: x.to(x.dtype)), (4, 2)),
        (lambda: Calling(lambda x: x.to(x.device)), (4, 2)),
        (lambda: Holding(lambda n, x: x.to(n.w), 3), (4,)),
    ],
    ".type": [(lambda: Calling(lambda x: x.type(torch.float64)), (4, 2))],
    ".type_as": [(lambda: Holding(lambda n, x: x.type_as(n.w), 3), (4,))],
    "F.alpha_dropout": [(lambda: Calling(lambda x: F.alpha_dropout(x, training=False)), (4,))],
    "F.feature_alpha_dropout": [
        (lambda: Calling(lambda x: F.feature_alpha_dropout(x, training=False)), (4, 2))
    ],
    "torch.ravel": [(lambda: Calling(torch.ravel), (1,))],
    "torch.squeeze": [(lambda: Calling(lambda x: torch.squeeze(x, 2)), (4, 1))],
    "torch.unflatten": [(lambda: Calling(lambda x: torch.unflatten(x, 1, (2, 2))), (4,))],
    "torch.unsqueeze": [(lambda: Calling(lambda x: torch.unsqueeze(x, -1)), (4, 2))],
    ".ravel": [(lambda: Calling(lambda x: x.ravel()), (1, 1))],
    ".reshape_as": [(lambda: Calling(lambda x: x.reshape_as(x.flatten(1))), (4, 2))],
    ".squeeze": [
        (lambda: Calling(lambda x: x.squeeze()), (1, 4)),
        (lambda: Calling(lambda x: x.squeeze(-1)), (1,)),
    ],
    ".squeeze_": [(lambda: Calling(lambda x: x.clone().squeeze_(1)), (1, 4))],
    ".unflatten": [(lambda: Calling(lambda x: x.unflatten(-1, (2, 2))), (4,))],
    ".unsqueeze": [(lambda: Calling(lambda x: x.unsqueeze(1)), (4, 2))],
    ".unsqueeze_": [(lambda: Calling(lambda x: x.clone().unsqueeze_(1)), (4, 2))],
    ".view_as": [(lambda: Calling(lambda x: x.view_as(x.flatten(1))), (4, 2))],
    "torch.permute": [
        (lambda: Calling(lambda x: torch.permute(x, (0, 3, 1, 2))), (2, 3, 4)),
        (lambda: Calling(lambda x: torch.permute(x, dims=(0, -1, 1))), (2, 3)),
    ],
    ".permute": [
        (lambda: Calling(lambda x: x.permute(0, 2, 1)), (2, 3)),
        (lambda: Calling(lambda x: x.permute([0, 2, 1])), (2, 3)),
    ],
    "torch.transpose": [(lambda: Calling(lambda x: torch.transpose(x, 1, -1)), (2, 3, 4))],
    "torch.swapaxes": [(lambda: Calling(lambda x: torch.swapaxes(x, axis0=1, axis1=2)), (2, 3))],
    "torch.swapdims": [(lambda: Calling(lambda x: torch.swapdims(x, 1, 2)), (2, 3))],
    ".transpose": [(lambda: Calling(lambda x: x.transpose(-1, -2)), (2, 3))],
    ".swapaxes": [(lambda: Calling(lambda x: x.swapaxes(1, 2)), (2, 3))],
    ".swapdims": [(lambda: Calling(lambda x: x.swapdims(1, 2)), (2, 3))],
    "torch.movedim": [(lambda: Calling(lambda x: torch.movedim(x, 1, -1)), (2, 3, 4))],
    "torch.moveaxis": [(lambda: Calling(lambda x: torch.moveaxis(x, (1, 3), (2, 1))), (2, 3, 4))],
    ".movedim": [(lambda: Calling(lambda x: x.movedim((3, 2), (1, 2))), (2, 3, 4))],
    ".moveaxis": [(lambda: Calling(lambda x: x.moveaxis(-1, 1)), (2, 3, 4))],
    ".mT": [(lambda: Calling(lambda x: x.mT), (2, 3, 4))],
    "operator.getitem": [
        (lambda: Calling(lambda x: x[:, 1]), (4, 2)),
        (lambda: Calling(lambda x: x[:, -1, None, ::2]), (4, 5)),
        (lambda: Calling(lambda x: x[..., 1:]), (4, 2)),
        (lambda: Calling(lambda x: x[:]), (4,)),
        (lambda: Calling(lambda x: x[:, [2, 0, 2]]), (4, 2)),
        (lambda: Calling(lambda x: x[:, torch.tensor([[1, 3], [0, 1]])]), (4, 2)),
        (lambda: Calling(lambda x: x[:, torch.tensor([True, False, True])]), (3, 2)),
        (lambda: Calling(lambda x: x[:, [True, False, True]]), (3, 2)),
        (lambda: Calling(lambda x: x[:, [0, 1], [1, 0]]), (3, 2, 2)),
        (lambda: Calling(lambda x: x.chunk(2, 1)[1]), (4, 2)),
    ],
    "torch.narrow": [(lambda: Calling(lambda x: torch.narrow(x, 1, 1, 2)), (4, 2))],
    ".narrow": [(lambda: Calling(lambda x: x.narrow(-1, -2, 2)), (4, 3))],
    "torch.select": [(lambda: Calling(lambda x: torch.select(x, 1, 2)), (4, 2))],
    ".select": [(lambda: Calling(lambda x: x.select(-1, -1)), (4, 2))],
    "torch.index_select": [
        (lambda: Calling(lambda x: torch.index_select(x, 1, torch.tensor([2, 0]))), (4, 2))
    ],
    ".index_select": [(lambda: Calling(lambda x: x.index_select(2, torch.tensor(1))), (4, 2))],
    "torch.chunk": [(lambda: Calling(lambda x: torch.chunk(x, 2, dim=1)[0]), (5, 2))],
    ".chunk": [(lambda: Calling(lambda x: x.chunk(2, -1)[1]), (5, 3))],
    "torch.split": [(lambda: Calling(lambda x: torch.split(x, [1, 4], dim=1)[1]), (5, 2))],
    ".split": [(lambda: Calling(lambda x: x.split(2, dim=1)[-1]), (5, 2))],
    "torch.tensor_split": [
        (lambda: Calling(lambda x: torch.tensor_split(x, (1, 3), dim=1)[1]), (5, 2))
    ],
    ".tensor_split": [(lambda: Calling(lambda x: x.tensor_split(2, 1)[1]), (5, 2))],
    "torch.unbind": [(lambda: Calling(lambda x: torch.unbind(x, 1)[2]), (4, 2))],
    ".unbind": [(lambda: Calling(lambda x: x.unbind(dim=-1)[0]), (4, 2))],
    "torch.repeat_interleave": [
        (lambda: Calling(lambda x: torch.repeat_interleave(x, 2, dim=1)), (3, 2))
    ],
    ".repeat_interleave": [(lambda: Calling(lambda x: x.repeat_interleave(3, -1)), (3, 2))],
    "torch.cat": [
        (lambda: Calling(lambda x: torch.cat([x, x.relu()], 1)), (3, 2)),
        (lambda: Calling(lambda x: torch.cat((x, x, x), dim=-1)), (3, 2)),
        (lambda: Calling(lambda x: torch.cat(x.chunk(3, 1)[::-1], 1)), (3, 2)),
    ],
    "torch.concat": [(lambda: Calling(lambda x: torch.concat([x, x], 1)), (3, 2))],
    "torch.concatenate": [(lambda: Calling(lambda x: torch.concatenate([x, x], axis=1)), (3, 2))],
    "torch.stack": [
        (lambda: Calling(lambda x: torch.stack([x, x.relu()], 1)), (3, 2)),
        (lambda: Calling(lambda x: torch.stack((x, x), dim=-1)), (3,)),
    ],
    "torch.broadcast_to": [
        (lambda: Calling(lambda x: torch.broadcast_to(x, (x.shape[0], 3, 2))), (1, 2))
    ],
    ".broadcast_to": [(lambda: Calling(lambda x: x.broadcast_to(x.shape[0], 3, 2)), (1, 2))],
    ".expand": [(lambda: Calling(lambda x: x.expand(-1, 3, -1)), (1, 2))],
    ".expand_as": [
        (lambda: Calling(lambda x: x[:, :1].expand_as(x)), (3, 2)),
    ],
    "torch.tile": [(lambda: Calling(lambda x: torch.tile(x, (2,))), (3,))],
    ".repeat": [(lambda: Calling(lambda x: x.repeat(1, 2, 3)), (3, 2))],
    ".tile": [(lambda: Calling(lambda x: x.tile((2, 1))), (3, 2))],
    "torch.flip": [(lambda: Calling(lambda x: torch.flip(x, [1, -1])), (3, 2))],
    ".flip": [
        (lambda: Calling(lambda x: x.flip(1, 2)), (3, 2)),
        (lambda: Calling(lambda x: x.flip(dims=(1,))), (3, 2)),
    ],
    "torch.roll": [(lambda: Calling(lambda x: torch.roll(x, 2, 1)), (3, 2))],
    ".roll": [(lambda: Calling(lambda x: x.roll((1, -1), dims=(1, 2))), (3, 2))],
    "nn.PixelShuffle": [(lambda: nn.PixelShuffle(2), (4, 2, 3))],
    "F.pixel_shuffle": [(lambda: Calling(lambda x: F.pixel_shuffle(x, 2)), (4, 2, 3))],
    "nn.PixelUnshuffle": [(lambda: nn.PixelUnshuffle(2), (1, 2, 4))],
    "F.pixel_unshuffle": [(lambda: Calling(lambda x: F.pixel_unshuffle(x, 2)), (1, 2, 4))],
    "nn.ChannelShuffle": [(lambda: nn.ChannelShuffle(2), (4, 2, 2))],
    "F.channel_shuffle": [(lambda: Calling(lambda x: F.channel_shuffle(x, 2)), (4, 2, 2))],
    "nn.RReLU": [(lambda: nn.RReLU(), (4,)), (lambda: nn.RReLU(0.2, 0.4), (4, 2))],
    "F.rrelu": [(lambda: Calling(lambda x: F.rrelu(x, 0.1, 0.3, training=False)), (4,))],
    "nn.PReLU": [
        (lambda: nn.PReLU(), (4,)),
        (lambda: nn.PReLU(init=-0.5), (4, 2)),
        (lambda: with_slopes(nn.PReLU(3)), (3,)),
        (lambda: with_slopes(nn.PReLU(3)), (3, 2, 2)),
    ],
    "F.prelu": [(lambda: Holding(lambda n, x: F.prelu(x, n.w), 3), (3, 2))],
    ".prelu": [(lambda: Holding(lambda n, x: x.prelu(n.w), 1), (3, 2))],
    "torch.abs": [(lambda: Calling(torch.abs), (4,))],
    "torch.abs_": [(lambda: Calling(torch.abs_), (4,))],
    "torch.absolute": [(lambda: Calling(torch.absolute), (4,))],
    "operator.abs": [(lambda: Calling(operator.abs), (4,))],
    "builtins.abs": [(lambda: Calling(abs), (4, 2))],
    ".abs": [(lambda: Calling(lambda x: x.abs()), (4,))],
    ".abs_": [(lambda: Calling(lambda x: x.abs_()), (4,))],
    ".absolute": [(lambda: Calling(lambda x: x.absolute()), (4,))],
    ".absolute_": [(lambda: Calling(lambda x: x.absolute_()), (4,))],
    "torch.clamp": [
        (lambda: Calling(lambda x: torch.clamp(x, -0.5, 0.25)), (4,)),
        (lambda: Calling(lambda x: torch.clamp(x, min=0)), (4, 2)),
        (lambda: Calling(lambda x: torch.clamp(x, max=0.5)), (4,)),
        (lambda: Calling(lambda x: torch.clamp(x, float("-inf"), 0.5)), (4,)),
    ],
    "torch.clamp_": [(lambda: Calling(lambda x: torch.clamp_(x, 0, 1)), (4,))],
    "torch.clip": [(lambda: Calling(lambda x: torch.clip(x, 0, 1)), (4,))],
    "torch.clip_": [(lambda: Calling(lambda x: torch.clip_(x, 0, 1)), (4,))],
    ".clamp": [(lambda: Calling(lambda x: x.clamp(0.1)), (4,))],
    ".clamp_": [(lambda: Calling(lambda x: x.clamp_(max=1)), (4,))],
    ".clip": [(lambda: Calling(lambda x: x.clip(-1, 1)), (4,))],
    ".clip_": [(lambda: Calling(lambda x: x.clip_(-1, 1)), (4,))],
    "torch.clamp_min": [(lambda: Calling(lambda x: torch.clamp_min(x, 0.0)), (4,))],
    "torch.clamp_min_": [(lambda: Calling(lambda x: torch.clamp_min_(x, 0.5)), (4,))],
    ".clamp_min": [(lambda: Calling(lambda x: x.clamp_min(0)), (4,))],
    ".clamp_min_": [(lambda: Calling(lambda x: x.clamp_min_(0)), (4,))],
    "torch.clamp_max": [(lambda: Calling(lambda x: torch.clamp_max(x, 0.0)), (4,))],
    "torch.clamp_max_": [(lambda: Calling(lambda x: torch.clamp_max_(x, 0.5)), (4,))],
    ".clamp_max": [(lambda: Calling(lambda x: x.clamp_max(0)), (4,))],
    ".clamp_max_": [(lambda: Calling(lambda x: x.clamp_max_(0)), (4,))],
    "F.relu6": [(lambda: Calling(F.relu6), (4,))],
    "F.hardtanh_": [(lambda: Calling(lambda x: F.hardtanh_(x, -2.0, 0.5)), (4,))],
    "nn.Threshold": [(lambda: nn.Threshold(0.5, 0.5), (4,))],
    "F.threshold": [(lambda: Calling(lambda x: F.threshold(x, -0.5, -0.5)), (4,))],
    "F.threshold_": [(lambda: Calling(lambda x: F.threshold_(x, 0, 0)), (4,))],
    "torch.threshold": [(lambda: Calling(lambda x: torch.threshold(x, -0.5, -0.5)), (4,))],
    "torch.threshold_": [(lambda: Calling(lambda x: torch.threshold_(x, 0, 0)), (4,))],
    "nn.Hardsigmoid": [(lambda: nn.Hardsigmoid(), (4,))],
    "F.hardsigmoid": [(lambda: Calling(F.hardsigmoid), (4, 2))],
    "nn.Softshrink": [(lambda: nn.Softshrink(), (4,)), (lambda: nn.Softshrink(0.2), (4, 2))],
    "F.softshrink": [(lambda: Calling(lambda x: F.softshrink(x, 0.1)), (4,))],
}
