"""Small networks and runs for the tests of recording."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from splineviz.training.recording.recorder import Recorder


@pytest.fixture
def network() -> Callable[..., torch.nn.Sequential]:
    """A function that makes a small MLP from widths and a seed, leaving global state alone."""

    def make(
        *widths: int, seed: int = 0, dtype: torch.dtype = torch.float32
    ) -> torch.nn.Sequential:
        generator = torch.Generator().manual_seed(seed)
        layers: list[torch.nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            layer = torch.nn.utils.skip_init(torch.nn.Linear, fan_in, fan_out, dtype=dtype)
            for parameter in layer.parameters():
                torch.nn.init.normal_(parameter, 0, 1 / math.sqrt(fan_in), generator=generator)
            layers += [layer, torch.nn.ReLU()]
        return torch.nn.Sequential(*layers[:-1])

    return make


@pytest.fixture
def nudge() -> Callable[[torch.nn.Module], None]:
    """A function that changes every weight a little, as a step of training does."""

    def change(model: torch.nn.Module) -> None:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.125

    return change


@pytest.fixture
def recorded(
    tmp_path: Path,
    network: Callable[..., torch.nn.Sequential],
    nudge: Callable[[torch.nn.Module], None],
) -> Path:
    """A finished run with checkpoints at the steps 0, 10, 20 and 30 and metrics at each."""
    path = tmp_path / "recorded"
    model = network(2, 5, 3)
    with Recorder(path, model, samples=([[0.0, 1.0], [2.0, 3.0]], [0, 1])) as recorder:
        for step in range(0, 40, 10):
            recorder.step(step, train_loss=1 / (step + 1))
            nudge(model)
    return path
