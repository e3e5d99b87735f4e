"""What a Recorder writes: the files of a run and the weights in them, exactly as given."""

from __future__ import annotations

import hashlib
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    RecordingError,
    UnsupportedLayer,
)
from splineviz.training.recording.recorder import Recorder
from splineviz.training.recording.schedule import log_schedule
from splineviz.training.runs import Run
from tests.training.recorder_types import Network, Nudge, files


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
