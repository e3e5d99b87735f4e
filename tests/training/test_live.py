from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidArgument, NonFiniteValues, RecordingError, UnknownName
from splineviz.training.data import Dataset, blobs, two_moons
from splineviz.training.live.live_training import SCHEDULE, LiveTraining
from splineviz.training.live.settings import OPTIMIZERS
from splineviz.training.runs import Run


@pytest.fixture
def data() -> Dataset:
    return two_moons(60, 100)


def empty(data: Dataset) -> Dataset:
    return replace(
        data, train_inputs=np.empty((0, 2), np.float32), train_labels=np.empty(0, np.int64)
    )


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_learns(data: Dataset, optimizer: str, batch_norm: bool) -> None:
    training = LiveTraining(
        data, width=16, depth=2, optimizer=optimizer, batch_norm=batch_norm, learning_rate=0.05
    )
    before = training.measure()
    training.step(200)
    after = training.measure()
    assert training.steps == 200
    assert after["train_loss"] < before["train_loss"]
    assert after["test_accuracy"] > 0.8


def test_the_program_is_the_network_in_evaluation(data: Dataset) -> None:
    training = LiveTraining(data, width=8, depth=2, batch_norm=True)
    for _ in range(2):
        training.step(5)
        program = training.program()
        training.model.eval()
        with torch.no_grad():
            wanted = training.model.double()(torch.from_numpy(data.test_inputs).double())
        training.model.float().train()
        np.testing.assert_allclose(program(data.test_inputs.astype(float)), wanted, atol=1e-9)
    assert training.model.training


def test_a_network_changed_under_its_hands_is_traced_again(data: Dataset) -> None:
    training = LiveTraining(data, width=8, depth=2)
    training.program()
    training.model[1] = torch.nn.LeakyReLU(0.5)
    for slope in (0.5, 0.25):
        training.model[1].negative_slope = slope
        program = training.program()
        with torch.no_grad():
            wanted = training.model.double()(torch.from_numpy(data.test_inputs).double())
        training.model.float()
        np.testing.assert_allclose(program(data.test_inputs.astype(float)), wanted, atol=1e-9)


def test_the_same_seed_is_the_same_training_however_it_is_cut(data: Dataset) -> None:
    one, same, other = (LiveTraining(data, width=8, depth=1, seed=seed) for seed in (4, 4, 5))
    one.step(30)
    for count in (1, 9, 20):
        same.step(count)
    other.step(30)
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, same.state()[name])
    assert not np.array_equal(one.state()["0.weight"], other.state()["0.weight"])


def test_nothing_global_changes(data: Dataset) -> None:
    random, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    try:
        training = LiveTraining(data, width=8, depth=2, batch_norm=True)
        training.step(3)
        training.measure()
        training.program()
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() == torch.float64
        assert torch.equal(torch.get_rng_state(), random)
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)


def test_training_without_gradients_around(data: Dataset) -> None:
    training = LiveTraining(data, width=8, depth=1)
    with torch.no_grad():
        before = training.state()["0.weight"]
        training.step()
    assert not np.array_equal(training.state()["0.weight"], before)


def test_learning_rate_and_weight_decay_apply_at_once(data: Dataset) -> None:
    training = LiveTraining(data, width=8, depth=1, optimizer="SGD")
    training.learning_rate, training.weight_decay = 0.0, 0.5
    assert (training.learning_rate, training.weight_decay) == (0.0, 0.5)
    before = training.state()["0.weight"]
    training.step(3)
    np.testing.assert_array_equal(training.state()["0.weight"], before)


def test_training_that_diverges_says_so(data: Dataset) -> None:
    training = LiveTraining(data, width=32, depth=3, optimizer="SGD", learning_rate=1e6)
    with pytest.raises(NonFiniteValues, match=r"diverged at step \d+: lower the learning rate"):
        training.step(500)
    training.model[0].weight.data[0, 0] = float("nan")
    with pytest.raises(NonFiniteValues, match=r"training diverged .*0\.weight holds NaN"):
        training.program()


def test_points_can_be_added_on_the_way(data: Dataset) -> None:
    training = LiveTraining(empty(data), width=8, depth=1)
    with pytest.raises(InvalidArgument, match="draw some first"):
        training.step()
    with pytest.raises(InvalidArgument, match="draw some first"):
        training.measure()
    assert training.steps == 0
    assert training.program().output_shape == (2,)
    one = replace(data, train_inputs=data.train_inputs[:1], train_labels=data.train_labels[:1])
    training.learn(one)
    training.step(5)
    training.learn(data)
    training.step(5)
    assert training.steps == 10
    with pytest.raises(InvalidArgument, match="data has 3 classes, and the network tells 2 apart"):
        training.learn(blobs(9, 9))


def test_without_test_points(data: Dataset) -> None:
    bare = replace(data, test_inputs=data.test_inputs[:0], test_labels=data.test_labels[:0])
    assert set(LiveTraining(bare).measure()) == {"train_loss", "train_accuracy"}


def test_more_points_in_a_batch_than_there_are() -> None:
    training = LiveTraining(blobs(9, 9), width=4, depth=1, batch=500)
    training.step(3)
    training.batch = 1
    training.step(3)
    assert training.steps == 6


def test_settings_without_meaning(data: Dataset) -> None:
    with pytest.raises(UnknownName, match="unknown optimizer 'Adam'"):
        LiveTraining(data, optimizer="Adam")
    for setting in ({"width": 0}, {"depth": 0}, {"scale": 0.0}, {"learning_rate": -1.0}):
        with pytest.raises(InvalidArgument, match="must be"):
            LiveTraining(data, **setting)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="with batch normalization needs at least 2 points"):
        LiveTraining(data, batch_norm=True, batch=1)
    with pytest.raises(InvalidArgument, match="needs at least 1 point"):
        LiveTraining(data, batch=0)


def test_a_recording_is_a_run(data: Dataset, tmp_path: Path) -> None:
    training = LiveTraining(data, width=8, depth=1, seed=3)
    training.step(2)
    assert 41 not in SCHEDULE
    training.record(tmp_path / "run", data="two moons")
    training.step(39)
    run = Run(tmp_path / "run")
    assert run.steps[:6].tolist() == [2, 3, 4, 5, 6, 7]
    training.close()
    training.close()
    assert training.recording == tmp_path / "run"
    run = Run(tmp_path / "run")
    np.testing.assert_array_equal(run.program(41).state["0.weight"], training.state()["0.weight"])
    assert {"train_loss", "train_accuracy", "test_accuracy"} <= set(run.metrics.columns)
    assert run.class_names == data.class_names
    with pytest.raises(RecordingError):
        LiveTraining(data).record(tmp_path / "run")


def test_a_recorded_training_that_diverges_keeps_its_checkpoints(
    data: Dataset, tmp_path: Path
) -> None:
    training = LiveTraining(data, optimizer="SGD", learning_rate=1e6)
    training.record(tmp_path / "run")
    with pytest.raises(NonFiniteValues, match="training diverged at step"):
        training.step(100)
    training.close()
    assert Run(tmp_path / "run").steps[0] == 0


def test_threads_take_turns(data: Dataset) -> None:
    training = LiveTraining(data, width=8, depth=2)
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(20):
                training.step(2)
                training.learning_rate *= 0.99
                training.program()
                training.measure()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert training.steps == 120
