"""The metrics that a Recorder logs, and the steps at which it does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from splineviz.errors import (
    InvalidArgument,
    RecordingError,
)
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run
from tests.training.recorder_types import Network


def test_metrics_may_be_any_number(tmp_path: Path, network: Network) -> None:
    loss = torch.ones(1, requires_grad=True) * 0.5
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(
            np.int64(0), a=1, b=loss, c=np.float32(0.25), d=torch.tensor(3), e=True, f=np.array([2])
        )
    assert Run(tmp_path / "run").metrics.loc[0].tolist() == [1, 0.5, 0.25, 3, 1, 2]


def test_numbers_that_are_not_finite_are_kept(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(0, loss=math.nan, norm=math.inf)
        recorder.step(1, loss=torch.tensor(float("nan")), norm=-math.inf)
    metrics = Run(tmp_path / "run").metrics
    assert metrics["loss"].isna().all()
    assert metrics["norm"].tolist() == [math.inf, -math.inf]


def test_metrics_may_come_and_go(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(0, loss=1.0)
        recorder.step(1, accuracy=0.5)
        recorder.step(2, loss=2.0, accuracy=1.0)
    metrics = Run(tmp_path / "run").metrics
    assert list(metrics.columns) == ["loss", "accuracy"]
    assert metrics.isna().to_numpy().tolist() == [[False, True], [True, False], [False, False]]


@pytest.mark.parametrize(
    "value", [None, "0.5", [0.5], 1j, torch.zeros(2), np.zeros(3), {"a": 1}], ids=repr
)
def test_what_is_not_one_number_is_refused(tmp_path: Path, network: Network, value: Any) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        with pytest.raises(InvalidArgument, match="'loss' must be one number"):
            recorder.step(0, loss=value)
        # Nothing was recorded, so the step can be reported again.
        assert recorder.step(0, loss=1.0)


def test_a_metric_that_no_float_can_hold_is_refused(tmp_path: Path, network: Network) -> None:
    with (
        Recorder(tmp_path / "run", network(2, 4, 2)) as recorder,
        pytest.raises(InvalidArgument, match="'loss' is too large"),
    ):
        recorder.step(0, loss=10**400)


@pytest.mark.parametrize("name", ["step", "", " ", "a\nb", "a\tb"])
def test_names_that_break_a_table_are_refused(tmp_path: Path, network: Network, name: str) -> None:
    with (
        Recorder(tmp_path / "run", network(2, 4, 2)) as recorder,
        pytest.raises(InvalidArgument, match="cannot be named"),
    ):
        recorder.step(0, **{name: 1.0})


@pytest.mark.parametrize("step", [5, 4, 0])
def test_steps_must_grow(tmp_path: Path, network: Network, step: int) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(5)
        with pytest.raises(RecordingError, match=f"step {step} comes after step 5"):
            recorder.step(step, loss=1.0)
        recorder.step(6)
    assert Run(tmp_path / "run").steps.tolist() == [5, 6]


def test_micro_batches_of_one_update_are_one_step(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(0)
        with pytest.raises(RecordingError, match=r"an update of the weights, not a batch.*once"):
            recorder.step(0)
        recorder.step(1)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (-1, "step must be at least 0"),
        (0.5, "whole"),
        ("1", "whole"),
        (None, "whole"),
        (math.inf, "whole"),
        (2**63, "below"),
    ],
)
def test_a_step_is_a_whole_number(
    tmp_path: Path, network: Network, step: Any, message: str
) -> None:
    with (
        Recorder(tmp_path / "run", network(2, 4, 2)) as recorder,
        pytest.raises(InvalidArgument, match=message),
    ):
        recorder.step(step)


def test_huge_steps(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(10**12, loss=1.0)
        recorder.step(2**63 - 1, loss=0.5)
    run = Run(tmp_path / "run")
    assert run.steps.tolist() == run.metrics.index.tolist() == [10**12, 2**63 - 1]
