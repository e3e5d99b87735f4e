"""Samples, class names, metadata and the input shape that a Recorder keeps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    RecordingError,
    ShapeMismatch,
)
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run
from tests.training.recorder_types import Network


def test_samples_are_kept(tmp_path: Path, network: Network) -> None:
    inputs = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    labels = torch.arange(7, dtype=torch.int32)
    with Recorder(tmp_path / "run", network(3, 4, 2), samples=(inputs, labels)):
        pass
    samples = Run(tmp_path / "run").samples
    assert samples is not None
    np.testing.assert_array_equal(samples[0], inputs)
    assert samples[0].dtype == np.float32
    assert samples[1].tolist() == list(range(7))
    assert samples[1].dtype == np.int64


def test_samples_of_other_types(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1))
    images = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2)
    with Recorder(tmp_path / "run", model, samples=(images, [0.5, -0.5])):
        pass
    samples = Run(tmp_path / "run").samples
    assert samples is not None
    assert samples[0].dtype == np.float32
    assert samples[0].shape == (2, 1, 2, 2)
    assert samples[1].tolist() == [0.5, -0.5]
    with Recorder(
        tmp_path / "other", model, samples=(torch.ones(2, 1, 2, 2).bfloat16(), torch.ones(2, 3))
    ):
        pass
    samples = Run(tmp_path / "other").samples
    assert samples is not None
    assert samples[1].shape == (2, 3)


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (np.zeros((5, 2)), InvalidArgument, "a pair"),
        (3, InvalidArgument, "a pair"),
        (([[0, 1]], [0, 1]), ShapeMismatch, "1 inputs but targets of shape"),
        (([0, 1], [0, 1]), ShapeMismatch, "at least one row"),
        ((np.zeros((0, 2)), []), ShapeMismatch, "at least one row"),
        (([[0, math.nan]], [0]), NonFiniteValues, r"samples\[0\]\[0\] holds NaN"),
        (([["a", "b"]], [0]), InvalidArgument, "real numbers"),
        (([[0, 1], [2]], [0, 1]), ShapeMismatch, r"samples\[0\] must make an array"),
        (([[0, 1], [2, 3]], [[0], [0, 1]]), ShapeMismatch, r"samples\[1\] must make an array"),
        (([[0, 1, 2]], [0]), ShapeMismatch, "."),
    ],
)
def test_samples_that_do_not_fit_are_refused(
    tmp_path: Path, network: Network, samples: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Recorder(tmp_path / "run", network(2, 4, 2), samples=samples)
    assert not (tmp_path / "run").exists()


def test_metadata_and_class_names_are_kept(tmp_path: Path, network: Network) -> None:
    metadata = {"seed": 1, "optimizer": {"name": "AdamW", "betas": (0.9, 0.99)}}
    with Recorder(
        tmp_path / "run", network(2, 4, 2), metadata=metadata, class_names=["cat", "dog"]
    ):
        pass
    run = Run(tmp_path / "run")
    assert run.metadata == {"seed": 1, "optimizer": {"name": "AdamW", "betas": [0.9, 0.99]}}
    assert run.class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("targets", "label"),
    [([0, 2], 2), ([0, -1], -1), ([[0, 0, 1], [0, 1, 0]], 2), ([False, 7], 7)],
)
def test_every_label_has_a_name(tmp_path: Path, network: Network, targets: Any, label: int) -> None:
    samples = ([[0.0, 1.0], [1.0, 0.0]], targets)
    with pytest.raises(InvalidArgument, match=f"the label {label}, and class_names names 2"):
        Recorder(tmp_path / "run", network(2, 4, 2), samples=samples, class_names=["cat", "dog"])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("targets", [[0, 1], [-1, 1], [[1.0], [-3.5]], [[0, 1], [1, 0]]])
def test_signs_values_and_one_hot_rows_have_names(
    tmp_path: Path, network: Network, targets: Any
) -> None:
    samples = ([[0.0, 1.0], [1.0, 0.0]], targets)
    names = ["cat", "dog"]
    with Recorder(tmp_path / "run", network(2, 4, 2), samples=samples, class_names=names):
        pass
    assert Run(tmp_path / "run").samples is not None


@pytest.mark.parametrize(
    "value", [math.nan, object(), {1, 2}, np.zeros(2)], ids=["nan", "object", "set", "array"]
)
def test_metadata_that_json_cannot_hold_is_refused(
    tmp_path: Path, network: Network, value: object
) -> None:
    with pytest.raises(InvalidArgument, match="metadata"):
        Recorder(tmp_path / "run", network(2, 4, 2), metadata={"x": value})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("names", ["ab", b"ab", 2, {"a": 1}, [None], [1, 2]], ids=repr)
def test_class_names_are_a_list(tmp_path: Path, network: Network, names: Any) -> None:
    with pytest.raises(InvalidArgument, match="class_names must be a list"):
        Recorder(tmp_path / "run", network(2, 4, 2), class_names=names)
    assert not (tmp_path / "run").exists()


def test_an_unknown_dtype_is_refused(tmp_path: Path, network: Network) -> None:
    with pytest.raises(InvalidArgument, match="float16, float32, float64"):
        Recorder(tmp_path / "run", network(2, 4, 2), dtype="int8")


def test_the_input_shape_follows_from_a_first_linear_layer(
    tmp_path: Path, network: Network
) -> None:
    model = torch.nn.Sequential(torch.nn.Dropout(0.1), network(7, 4, 2))
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
    assert Run(tmp_path / "run").program(0).input_shape == (7,)


def test_the_input_shape_follows_from_the_samples(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 2))
    with Recorder(tmp_path / "run", model, samples=(np.zeros((4, 2, 3)), np.zeros(4))) as recorder:
        recorder.step(0)
    assert Run(tmp_path / "run").program(0).input_shape == (2, 3)


@pytest.mark.parametrize(
    "model", [torch.nn.Conv2d(1, 2, 3), torch.nn.Sequential(torch.nn.ReLU())], ids=str
)
def test_an_input_shape_that_does_not_follow_is_asked_for(
    tmp_path: Path, model: torch.nn.Module
) -> None:
    with pytest.raises(RecordingError, match="Pass input_shape"):
        Recorder(tmp_path / "run", model)
    with Recorder(tmp_path / "run", model, input_shape=(1, 5, 5)) as recorder:
        recorder.step(0)


@pytest.mark.parametrize("shape", [2, (2,), [np.int64(2)]], ids=repr)
def test_an_input_shape_may_be_one_number(tmp_path: Path, network: Network, shape: Any) -> None:
    samples = (np.zeros((1, 2)), [0])
    with Recorder(tmp_path / "run", network(2, 4, 2), input_shape=shape, samples=samples):
        pass
    with Recorder(tmp_path / "other", network(2, 4, 2), input_shape=shape) as recorder:
        recorder.step(0)
    assert Run(tmp_path / "other").program(0).input_shape == (2,)


@pytest.mark.parametrize("shape", ["2", 2.5, (0.5,), None, [None]], ids=repr)
def test_what_is_no_input_shape_is_refused(tmp_path: Path, network: Network, shape: Any) -> None:
    with pytest.raises(ShapeMismatch, match="input_shape is the shape of one input"):
        Recorder(tmp_path / "run", network(2, 4, 2), input_shape=(shape,))


def test_an_input_shape_that_contradicts_the_samples_is_refused(
    tmp_path: Path, network: Network
) -> None:
    with pytest.raises(ShapeMismatch, match="input_shape is"):
        Recorder(tmp_path / "run", network(2, 4, 2), input_shape=(3,), samples=([[0.0, 1.0]], [0]))
