from __future__ import annotations

import math

import pytest
import torch

from splineviz.training.fit import batches, one_thread, reporter
from splineviz.training.mlp import scaled_mlp


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("points", "batch", "steps"), [(150, 100, 30), (7, 3, 2500), (5, 12, 9)])
def test_batches_are_epochs_one_after_the_other(points: int, batch: int, steps: int) -> None:
    drawn = list(batches(points, batch, steps, generator()))
    assert len(drawn) == steps
    assert all(indices.shape == (batch,) for indices in drawn)
    stream = torch.cat(drawn)
    for first in range(0, len(stream) - points + 1, points):
        assert stream[first : first + points].sort().values.tolist() == list(range(points))


def test_batches_follow_from_the_seed() -> None:
    first, same, other = (torch.cat(list(batches(50, 10, 20, generator(s)))) for s in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_initial_weights_have_the_scale_and_follow_from_the_seed() -> None:
    state = torch.get_rng_state()
    model = scaled_mlp((400, 300, 10), scale=3.0, generator=generator(5))
    same = scaled_mlp((400, 300, 10), scale=3.0, generator=generator(5))
    assert torch.equal(torch.get_rng_state(), state)
    assert [type(layer).__name__ for layer in model] == ["Linear", "ReLU", "Linear"]
    for parameter, twin in zip(model.parameters(), same.parameters(), strict=True):
        assert torch.equal(parameter, twin)
    for layer, fan_in in ((model[0], 400), (model[2], 300)):
        bound = 3 / math.sqrt(fan_in)
        for parameter in layer.parameters():
            assert parameter.abs().max() <= bound
            assert parameter.dtype == torch.float32
            assert parameter.requires_grad
        assert layer.weight.abs().max() > 0.99 * bound
        assert layer.weight.detach().std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


@pytest.mark.usefixtures("two_threads")
def test_the_number_of_threads_is_put_back() -> None:
    threads = torch.get_num_threads()

    def fail() -> None:
        with one_thread():
            assert torch.get_num_threads() == 1
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("steps", [1, 7, 1000, 12345])
def test_progress_is_told_some_200_times_and_ends_at_the_last_step(steps: int) -> None:
    told: list[tuple[int, int]] = []
    with reporter(lambda step, steps: told.append((step, steps)), steps) as report:
        for step in range(1, steps + 1):
            report(step)
    assert told[-1] == (steps, steps)
    assert len(told) <= 205
    assert len(told) == len(set(told))


def test_a_progress_bar_reaches_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter(True, 777) as report:
        for step in range(1, 778):
            report(step)
    assert "777/777" in capsys.readouterr().err
    with reporter(None, 5) as report:
        report(5)
    assert capsys.readouterr().err == ""
