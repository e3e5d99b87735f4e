"""How long a checkpoint takes, and how much of that it takes to compare it with the network.

    python -m pytest tests/benchmarks/test_recording_speed.py -q -s

prints milliseconds (medians) on one thread: a checkpoint, the share of the comparison in it, and a
checkpoint for which the network is traced again because a constant has changed. Most of the rest
is waiting for the disk.
"""

from __future__ import annotations

import time
from itertools import count, pairwise
from statistics import median

import pytest
from torch import nn

from splineviz.training.fit import one_thread
from splineviz.training.recording.recorded_network import RecordedNetwork
from splineviz.training.recording.recorder import Recorder

REPEATS = 15


class Scaled(nn.Module):
    """A network with a constant that can change."""

    def __init__(self, network):
        super().__init__()
        self.network, self.gain = network, 1.0

    def forward(self, x):
        return self.network(x) * self.gain


def dense(*widths):
    layers = [part for sizes in pairwise(widths) for part in (nn.Linear(*sizes), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def convolutional():
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 12 * 12, 10)),
    )


NETWORKS = {
    "2-32x3-2": (lambda: dense(2, 32, 32, 32, 2), (2,)),
    "2-32x20-2": (lambda: dense(2, *[32] * 20, 2), (2,)),
    "784-200x4-10": (lambda: dense(784, 200, 200, 200, 200, 10), (784,)),
    "two convolutions": (convolutional, (1, 28, 28)),
    "3072-1024x3-10": (lambda: dense(3072, 1024, 1024, 1024, 10), (3072,)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_checkpoint(name, tmp_path, monkeypatch):
    make, shape = NETWORKS[name]
    model, steps = Scaled(make()), count()
    read, spent = RecordedNetwork.read, []

    def timed(network):
        began = time.perf_counter()
        found = read(network)
        spent.append(time.perf_counter() - began)
        return found

    monkeypatch.setattr(RecordedNetwork, "read", timed)
    with one_thread(), Recorder(tmp_path / "run", model, input_shape=shape) as recorder:

        def checkpoint():
            began = time.perf_counter()
            recorder.step(next(steps))
            return time.perf_counter() - began

        times = [checkpoint() for _ in range(REPEATS)]
        compared = median(spent)
        again = []
        for _ in range(REPEATS):
            model.gain += 1.0
            again.append(checkpoint())
    whole = median(times)
    print(
        f"\n{name}: {1e3 * whole:.1f} ms, of which {1e3 * compared:.1f} ms "
        f"({compared / whole:.0%}) to read and compare; traced again {1e3 * median(again):.1f} ms"
    )
