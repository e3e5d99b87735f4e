"""Time of tracing a network, beside that of torch.export alone.

    python -m pytest tests/benchmarks/test_trace_speed.py

prints for each network the median of the ratios of `sv.trace` to `torch.export.export` of a float64
copy on one thread; each round does both, as the machine's speed changes. Each round has a new
network, since a network that has been traced before is not exported again; `again` is such a
second call.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from statistics import median

import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.training.fit import one_thread
from tests.complexity.plain import mlp, resnet18
from tests.network import image_architectures as images
from tests.network.sequence_architectures import Block, TorchBlock

ROUNDS = 7


def wide_mlp() -> nn.Module:
    return mlp(784, 200, 200, 200, 200, 10)


def vit() -> nn.Module:
    return images.ViT(*(TorchBlock(64, 4) for _ in range(6)), width=64)


def own_vit() -> nn.Module:
    return images.ViT(*(Block(64, 4) for _ in range(6)), width=64)


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "784-200x4-10": (wide_mlp, (784,)),
    "pre-activation ResNet18, 32 pixels": (lambda: resnet18(64), (3, 32, 32)),
    "ViT, 6 blocks": (vit, (3, 8, 8)),
    "ViT with an attention of its own": (own_vit, (3, 8, 8)),
}


def seconds(what: Callable[[], object]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


@pytest.mark.parametrize("name", NETWORKS)
def test_tracing(benchmark, name):
    make, shape = NETWORKS[name]
    x = torch.zeros((31, *shape), dtype=torch.float64)
    ratios, again = [], []
    found = {}

    def alone() -> None:
        torch.export.export(copy.deepcopy(found["model"]).double().eval(), (x,), strict=False)

    def export_first() -> None:
        found["model"] = make()
        found["alone"] = seconds(alone)

    def trace() -> None:
        ratios.append(seconds(lambda: sv.trace(found["model"], shape)) / found["alone"])
        again.append(seconds(lambda: sv.trace(found["model"], shape)) / found["alone"])

    with one_thread():
        export_first()
        trace()
        ratios.clear()
        again.clear()
        benchmark.pedantic(trace, setup=export_first, rounds=ROUNDS)
    benchmark.extra_info |= {
        "export_s": round(found["alone"], 3),
        "ratio": round(median(ratios), 2),
        "again": round(median(again), 2),
    }
    print(f"\n{name}: {benchmark.extra_info}")
