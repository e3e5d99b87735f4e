from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Callable
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
    UnsupportedLayer,
)
from splineviz.training.recording.recorder import Recorder
from splineviz.training.recording.schedule import log_schedule
from splineviz.training.runs import Run

Network = Callable[..., torch.nn.Sequential]
Nudge = Callable[[torch.nn.Module], None]


def files(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def test_a_run_consists_of_these_files(recorded: Path) -> None:
    assert files(recorded) == [
        "checkpoints/step-000000000.safetensors",
        "checkpoints/step-000000010.safetensors",
        "checkpoints/step-000000020.safetensors",
        "checkpoints/step-000000030.safetensors",
        "manifest.json",
        "metrics.csv",
        "samples.safetensors",
    ]
    assert (recorded / "metrics.csv").read_text() == (
        f"step,train_loss\n0,1.0\n10,{1 / 11!r}\n20,{1 / 21!r}\n30,{1 / 31!r}\n"
    )


def test_a_checkpoint_is_these_bytes(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 1))
    model.load_state_dict({"0.weight": torch.tensor([[1.0, -2.0]]), "0.bias": torch.tensor([0.5])})
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(3)
    header = (
        b'{"0.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}'
    )
    header += b" " * (-len(header) % 8)
    expected = len(header).to_bytes(8, "little") + header
    expected += np.array([0.5, 1.0, -2.0], dtype="<f4").tobytes()
    data = (tmp_path / "run" / "checkpoints" / "step-000000003.safetensors").read_bytes()
    assert data == expected
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["checkpoints"] == [
        {
            "step": 3,
            "file": "checkpoints/step-000000003.safetensors",
            "sha256": hashlib.sha256(expected).hexdigest(),
        }
    ]
    assert manifest["status"] == "finished"
    assert manifest["libraries"].keys() >= {"python", "torch", "numpy", "safetensors"}


def test_the_schedule_decides_and_metrics_are_always_logged(
    tmp_path: Path, network: Network
) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2), schedule=log_schedule(100, 5)) as recorder:
        written = [step for step in range(101) if recorder.step(step, loss=float(step))]
    run = Run(tmp_path / "run")
    assert written == run.steps.tolist() == [0, 1, 5, 22, 100]
    assert run.metrics["loss"].tolist() == list(range(101))


def test_due_announces_what_step_will_do(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2), schedule=[0, 10, 25]) as recorder:
        for step in range(0, 40, 4):
            assert recorder.due(step) == recorder.step(step)
        assert recorder.last_checkpoint == 28


def test_a_step_without_metrics_leaves_no_row(tmp_path: Path, network: Network) -> None:
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        recorder.step(0)
    assert not (tmp_path / "run" / "metrics.csv").exists()
    assert len(Run(tmp_path / "run").metrics) == 0


def test_weights_are_those_at_the_step(tmp_path: Path, network: Network, nudge: Nudge) -> None:
    model = network(3, 6, 4, 2)
    x = np.random.default_rng(0).normal(size=(20, 3))
    outputs = {}
    with Recorder(tmp_path / "run", model) as recorder:
        for step in (0, 1, 2):
            nudge(model)
            recorder.step(step)
            outputs[step] = model.double()(torch.from_numpy(x)).detach().numpy()
            model.float()
    run = Run(tmp_path / "run")
    for step, expected in outputs.items():
        np.testing.assert_allclose(run.program(step)(x), expected, rtol=1e-12, atol=1e-12)
        found = run.model(step)(torch.from_numpy(x).float()).detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stored", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_weights_are_stored_in_the_chosen_type(
    tmp_path: Path, network: Network, stored: str, dtype: torch.dtype
) -> None:
    model = network(2, 5, 2).to(dtype)
    with Recorder(tmp_path / "run", model, dtype=stored) as recorder:
        recorder.step(0)
    run = Run(tmp_path / "run")
    assert run.dtype == stored
    for name, parameter in model.state_dict().items():
        found = run.state(0)[name]
        assert found.dtype == np.dtype(stored)
        expected = parameter.double().numpy().astype(stored)
        assert found.tobytes() == expected.tobytes()
    kind = torch.float64 if stored == "float64" else torch.float32
    assert {parameter.dtype for parameter in run.model(0).parameters()} == {kind}


def test_a_network_with_state_beyond_parameters(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3),
        torch.nn.BatchNorm2d(3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(48, 2),
    )
    x = torch.randn(16, 1, 6, 6)
    model(x)
    with Recorder(tmp_path / "run", model, input_shape=(1, 6, 6)) as recorder:
        recorder.step(0)
        model(x + 3)
        recorder.step(1)
    run = Run(tmp_path / "run")
    assert (run.state(0)["1.running_mean"] != run.state(1)["1.running_mean"]).any()
    expected = model.eval()(x).detach().numpy()
    np.testing.assert_allclose(run.program(1)(x.numpy()), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(run.model(1)(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_tied_and_non_contiguous_weights(tmp_path: Path) -> None:
    first, second = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    second.weight = first.weight
    first.weight.data = torch.arange(9.0).reshape(3, 3).T
    model = torch.nn.Sequential(first, torch.nn.ReLU(), second)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
    state = Run(tmp_path / "run").state(0)
    np.testing.assert_array_equal(state["0.weight"], np.arange(9).reshape(3, 3).T)
    x = np.eye(3)
    expected = model(torch.eye(3)).detach().numpy()
    np.testing.assert_allclose(Run(tmp_path / "run").program(0)(x), expected, rtol=1e-5)


class Gate(torch.nn.Module):
    """A network with a single number, as ReZero has one for each block."""

    gate: torch.Tensor

    def __init__(self, buffer: bool) -> None:
        super().__init__()
        self.first, self.last = torch.nn.Linear(2, 6), torch.nn.Linear(6, 3)
        if buffer:
            self.register_buffer("gate", torch.tensor(0.5))
        else:
            self.gate = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.gate * torch.relu(self.first(x)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("buffer", [False, True])
@pytest.mark.parametrize("stored", ["float16", "float32", "float64"])
def test_single_numbers_are_kept_as_such(tmp_path: Path, buffer: bool, stored: str) -> None:
    model = Gate(buffer)
    with Recorder(tmp_path / "run", model, input_shape=2, dtype=stored) as recorder:
        recorder.step(0)
        model.gate.data.fill_(-2.0)
        recorder.step(1)
    run = Run(tmp_path / "run")
    assert [run.state(step)["gate"].shape for step in (0, 1)] == [(), ()]
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = model.double()(x).detach().numpy()
    near = 0.02 if stored == "float16" else 1e-6
    np.testing.assert_allclose(run.program(1)(x.numpy()), expected, rtol=near, atol=near)
    restored = Gate(buffer)
    found = {name: torch.from_numpy(array) for name, array in run.state(1).items()}
    restored.load_state_dict(found)
    assert restored.gate == -2.0


@pytest.mark.usefixtures("two_threads")
def test_model_and_random_state_are_untouched(tmp_path: Path) -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 6), torch.nn.Dropout(0.5), torch.nn.ReLU(), torch.nn.Linear(6, 2)
    )
    model.train()
    model[3].eval()
    model[0].weight.requires_grad_(False)
    model(torch.ones(1, 2)).sum().backward()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    pointers = [parameter.data_ptr() for parameter in model.parameters()]
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    modes = [module.training for module in model.modules()]
    threads, default = torch.get_num_threads(), torch.get_default_dtype()
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()

    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0, loss=1.0)

    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]
    assert random.getstate() == states[2]
    assert (torch.get_num_threads(), torch.get_default_dtype()) == (threads, default)
    assert [module.training for module in model.modules()] == modes
    assert [parameter.data_ptr() for parameter in model.parameters()] == pointers
    assert [parameter.requires_grad for parameter in model.parameters()] == [
        False,
        True,
        True,
        True,
    ]
    assert not model._forward_hooks
    assert not any(module._forward_hooks for module in model.modules())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        if gradient is None:
            assert parameter.grad is None
        else:
            assert parameter.grad is not None
            assert torch.equal(parameter.grad, gradient)


# Metrics ------------------------------------------------------------------------------------------


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


# Steps --------------------------------------------------------------------------------------------


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


# Samples and descriptions -------------------------------------------------------------------------


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


# The input shape ----------------------------------------------------------------------------------


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


# Networks -----------------------------------------------------------------------------------------


def test_a_network_that_cannot_be_replayed_is_refused_at_once(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Softmax(0), torch.nn.Linear(3, 1))
    with pytest.raises(UnsupportedLayer, match=r"softmax at '1' .* mixes the samples"):
        Recorder(tmp_path / "run", model)
    assert not (tmp_path / "run").exists()


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"model must be a torch\.nn\.Module"):
        Recorder(tmp_path / "run", [1, 2])  # type: ignore[arg-type]


def test_a_diverged_training_is_told_and_its_checkpoints_stay(
    tmp_path: Path, network: Network
) -> None:
    model = network(2, 4, 2)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0, loss=1.0)
        model[2].bias.data[0] = math.nan
        with pytest.raises(NonFiniteValues, match=r"step 1: .*'2.bias'.*diverged.*keeps the 1"):
            recorder.step(1, loss=math.nan)
    run = Run(tmp_path / "run")
    assert run.steps.tolist() == [0]
    assert run.metrics.index.tolist() == [0, 1]


def test_weights_too_large_for_the_stored_type_are_told(tmp_path: Path, network: Network) -> None:
    model = network(2, 4, 2)
    with Recorder(tmp_path / "run", model, dtype="float16") as recorder:
        model[0].bias.data[0] = 1e5
        with pytest.raises(NonFiniteValues, match="too large for float16"):
            recorder.step(0)


def test_a_network_that_changed_is_told(tmp_path: Path, network: Network) -> None:
    model = network(2, 4, 2)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
        model[2] = torch.nn.Linear(4, 3)
        with pytest.raises(RecordingError, match=r"'2.weight' had the shape \(2, 4\)"):
            recorder.step(1)
        model[2] = torch.nn.Identity()
        with pytest.raises(RecordingError, match=r"no longer has the parameter '2\.weight'"):
            recorder.step(2)
    assert Run(tmp_path / "run").steps.tolist() == [0]


# Folders and endings ------------------------------------------------------------------------------


def test_a_run_is_never_overwritten(recorded: Path, network: Network) -> None:
    before = {file: (recorded / file).read_bytes() for file in files(recorded)}
    with pytest.raises(RecordingError, match=r"4 checkpoints up to step 30.*resume=True"):
        Recorder(recorded, network(2, 5, 3))
    assert {file: (recorded / file).read_bytes() for file in files(recorded)} == before


@pytest.mark.parametrize("name", ["manifest.json", "metrics.csv"])
def test_parts_of_a_run_are_never_overwritten(recorded: Path, network: Network, name: str) -> None:
    (recorded / "manifest.json").unlink()
    if name == "metrics.csv":
        (recorded / name).unlink()
    for resume in (False, True):
        with pytest.raises(RecordingError, match="parts of a run"):
            Recorder(recorded, network(2, 5, 3), resume=resume)


def test_other_files_in_the_folder_do_no_harm(tmp_path: Path, network: Network) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with Recorder(tmp_path, network(2, 4, 2)) as recorder:
        recorder.step(0)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(Run(tmp_path)) == 1


def test_a_path_that_cannot_be_a_folder_is_told(tmp_path: Path, network: Network) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RecordingError, match="file is a file, not a folder"):
            Recorder(path, network(2, 4, 2))


def test_a_folder_that_may_not_be_looked_into_is_told(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(RecordingError, match=r"cannot be begun.*Permission denied"):
        Recorder(tmp_path / "run", network(2, 4, 2))


def test_paths_may_be_relative_or_begin_at_home(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Recorder("runs/a", network(2, 4, 2)) as recorder:
        monkeypatch.chdir("/")
        recorder.step(0)
    assert len(Run(tmp_path / "runs" / "a")) == 1
    with Recorder("~/b", network(2, 4, 2)):
        pass
    assert repr(Run("~/b")) == "Run('b': no checkpoints yet, finished)"
    assert (tmp_path / "home" / "b").is_dir()


def test_an_exception_leaves_a_complete_run(tmp_path: Path, network: Network) -> None:
    def train() -> None:
        with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
            recorder.step(0, loss=1.0)
            recorder.step(1, loss=2.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    run = Run(tmp_path / "run")
    assert run.status == "interrupted"
    assert run.steps.tolist() == run.metrics.index.tolist() == [0, 1]
    assert run.program(1).output_shape == (2,)


def test_an_exception_before_anything_is_recorded_leaves_nothing(
    tmp_path: Path, network: Network
) -> None:
    def train(resume: bool = False, **metrics: float) -> None:
        with Recorder(
            tmp_path / "run",
            network(2, 4, 2),
            schedule=[9],
            samples=([[0.0, 1.0]], [0]),
            resume=resume,
        ) as recorder:
            if metrics:
                recorder.step(0, **metrics)
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train()
        assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "samples.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        train()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["samples.txt"]
    with pytest.raises(KeyboardInterrupt):
        train(loss=1.0)
    assert len(Run(tmp_path / "run").metrics) == 1
    with pytest.raises(KeyboardInterrupt):
        train(resume=True)
    assert Run(tmp_path / "run").status == "interrupted"


def test_a_recording_can_be_discarded(recorded: Path, network: Network) -> None:
    recorder = Recorder(recorded.parent / "run", network(2, 4, 2))
    recorder.step(0, loss=1.0)
    recorder.discard()
    recorder.discard()
    recorder.close()
    assert not (recorded.parent / "run").exists()
    resumed = Recorder(recorded, network(2, 5, 3), resume=True)
    with pytest.raises(RecordingError, match="was resumed and is not discarded"):
        resumed.discard()
    assert Run(recorded).steps.tolist() == [0, 10, 20, 30]
    with Recorder(recorded, network(2, 5, 3), resume=True) as again:
        again.step(40)


def test_a_recorder_works_without_a_with_block(tmp_path: Path, network: Network) -> None:
    recorder = Recorder(tmp_path / "run", network(2, 4, 2))
    recorder.step(0, loss=1.0)
    assert Run(tmp_path / "run").status == "recording"
    recorder.close()
    recorder.close()
    assert Run(tmp_path / "run").status == "finished"
    assert "1 checkpoints, closed" in repr(recorder)
    with pytest.raises(RecordingError, match="is closed"):
        recorder.step(1)


def test_recordings_of_the_same_training_are_the_same_bytes(
    tmp_path: Path, network: Network, nudge: Nudge
) -> None:
    for name in ("a", "b"):
        model = network(2, 4, 2)
        with Recorder(tmp_path / name, model, samples=([[0.0, 1.0]], [0])) as recorder:
            for step in range(3):
                recorder.step(step, loss=step / 3)
                nudge(model)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    for file in files(tmp_path / "a"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_no_temporary_file_is_left_behind(recorded: Path) -> None:
    assert not list(recorded.rglob("*.tmp"))
