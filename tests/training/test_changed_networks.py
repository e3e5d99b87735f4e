"""A network that changes beside its weights while it is recorded: replayed, or refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from splineviz.errors import NetworkChanged, NonFiniteValues, RecordingError, RunCorrupt
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

Network = Callable[..., torch.nn.Sequential]


class Changing(torch.nn.Module):
    """A network with all that can change beside its weights."""

    fade: torch.Tensor
    kept: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (torch.nn.Linear(*sizes) for sizes in ((2, 8), (8, 8), (8, 3)))
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            torch.nn.init.normal_(parameter, 0, 0.5, generator=generator)
        self.slope, self.gain, self.depth, self.bound = 0.5, 1.0, 1, 50.0
        self.mask = torch.ones(8)
        self.order = [0, 1, 2]
        self.register_buffer("fade", torch.ones(8), persistent=False)
        self.register_buffer("kept", torch.ones(8))
        self.act: torch.nn.Module = torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.leaky_relu(self.a(x), self.slope) * self.mask * self.fade * self.kept
        for _ in range(self.depth):
            x = self.act(self.b(x))
        return (self.c(x) * self.gain).clamp(max=self.bound)[:, self.order]


def outputs(model: torch.nn.Module, x: torch.Tensor) -> Any:
    """What a network makes of inputs in float64, where plain tensors are float32 numbers."""
    with torch.no_grad():
        return model(x.float()).double().numpy()


X = 3 * torch.randn(200, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

RECORDED: dict[str, Callable[[Changing], object]] = {
    "weights": lambda net: net.a.weight.data.add_(0.3),
    "a persistent buffer": lambda net: net.kept.mul_(2.0),
    "a buffer that is not": lambda net: net.fade.mul_(2.0),
    "a plain tensor": lambda net: setattr(net, "mask", torch.arange(8.0) / 4),
    "a slope": lambda net: setattr(net, "slope", 0.05),
    "a factor": lambda net: setattr(net, "gain", 3.0),
    "a bound": lambda net: setattr(net, "bound", 0.5),
    "an order": lambda net: setattr(net, "order", [2, 0, 1]),
    "a little": lambda net: setattr(net, "slope", 0.5 + 1e-6),
    "an order and a factor": lambda net: net.__dict__.update(order=[1, 0, 2], gain=-1.0),
}


@pytest.mark.parametrize("name", RECORDED)
def test_changed_numbers_are_recorded(tmp_path: Path, name: str) -> None:
    model = Changing()
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        recorder.step(0)
        first = outputs(model, X)
        RECORDED[name](model)
        recorder.step(1)
    run = Run(tmp_path / "run")
    for step, expected in ((0, first), (1, outputs(model, X))):
        np.testing.assert_allclose(run.program(step)(X.numpy()), expected, rtol=2e-6, atol=2e-6)
        found = outputs(run.model(step), X)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert run.state(0).keys() == run.state(1).keys() == model.state_dict().keys()
    assert run.checkpoints[0].sha256 != run.checkpoints[1].sha256


def replaced(net: Changing) -> None:
    net.act = torch.nn.LeakyReLU(0.3)


def hooked(net: Changing) -> None:
    net.b.register_forward_hook(lambda module, given, made: made * 2)


REFUSED: dict[str, tuple[Callable[[Changing], object], str]] = {
    "depth": (lambda net: setattr(net, "depth", 3), r"has 4 more steps \('b_1', 'act_1', "),
    "no depth": (lambda net: setattr(net, "depth", 0), r"has 2 fewer steps \('b', 'act'\)"),
    "activation": (replaced, r"step 'act' was relu and is now leaky_relu \(negative_slope 0\.3\)"),
    "no slope": (
        lambda net: setattr(net, "slope", 1.0),
        r"'leaky_relu' was leaky_relu \(negative_slope 0\.5\) and is now identity",
    ),
    "hook": (hooked, r"it has 1 more step \('b\.linear'\)"),
    "fewer outputs": (lambda net: setattr(net, "order", [0, 1]), r"shape \(3,\).*of shape \(2,\)"),
    "curved": (lambda net: setattr(net, "act", torch.nn.GELU()), r"'act' was .* and is now opaque"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_network_is_refused_and_told(tmp_path: Path, name: str) -> None:
    change, message = REFUSED[name]
    model = Changing()
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        recorder.step(0, loss=1.0)
        before = dict(model.__dict__), model.act
        change(model)
        with pytest.raises(NetworkChanged, match=rf"no checkpoint at step 1: .*{message}"):
            recorder.step(1, loss=0.5)
        model.__dict__.update(before[0])
        model.act = before[1]
        model.b._forward_hooks.clear()
        recorder.step(2, loss=0.25)
    run = Run(tmp_path / "run")
    assert run.steps.tolist() == [0, 2]
    assert run.metrics["loss"].tolist() == [1.0, 0.5, 0.25]
    assert run.status == "finished"


class Gated(torch.nn.Module):
    """A block that has no say yet, as at the beginning of a training with ReZero."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = torch.nn.Linear(2, 6), torch.nn.Linear(6, 2)
        self.gate = torch.nn.Parameter(torch.zeros(1))
        self.bound = 0.25
        self.register_buffer("shift", torch.zeros(6), persistent=False)
        self.kinds = [torch.nn.functional.relu]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.kinds[0](self.first(x) + self.shift).clamp(max=self.bound)
        return x + self.gate * self.last(made)


def test_a_change_that_does_not_show_in_the_outputs(tmp_path: Path) -> None:
    model: Any = Gated()
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        recorder.step(0)
        model.bound = 0.75
        recorder.step(1)
        model.shift.add_(1.0)
        recorder.step(2)
        model.kinds = [torch.nn.functional.relu6]
        with pytest.raises(NetworkChanged, match=r"step 'relu' was relu and is now clamp"):
            recorder.step(3)
    run = Run(tmp_path / "run")
    bounds = [
        float(activation.rule.breakpoints[0])  # type: ignore[union-attr]
        for step in (0, 1, 2)
        for activation in run.program(step).activations
        if activation.name.startswith("clamp")
    ]
    assert bounds == [0.25, 0.75, 0.75]
    first, second = (run.program(step).pre_activations(X.numpy())[0] for step in (1, 2))
    np.testing.assert_allclose(second - first, 1.0, rtol=0, atol=1e-6)


def test_what_only_looks_like_a_change_is_none(tmp_path: Path) -> None:
    model: Any = Changing()
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        for step in range(3):
            model.epoch, model.history = step, {"losses": [0.5] * step}
            model.b.register_forward_hook(lambda module, given, made: None)
            recorder.step(step)
    assert not any(checkpoint.constants for checkpoint in Run(tmp_path / "run").checkpoints)


def test_weights_that_are_no_longer_one_are_told(tmp_path: Path, network: Network) -> None:
    model: Any = network(2, 8, 8, 8, 3)
    model[4].weight = model[2].weight
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
        model[4].weight = torch.nn.Parameter(model[4].weight.detach() + 0.5)
        with pytest.raises(NetworkChanged, match=r"'2.weight' and '4.weight' were one tensor and"):
            recorder.step(1)
        model[4].weight = model[2].weight
        recorder.step(2)
    assert Run(tmp_path / "run").steps.tolist() == [0, 2]


def test_weights_that_become_one_are_told(tmp_path: Path, network: Network) -> None:
    model: Any = network(2, 8, 8, 8, 3)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
        model[4].weight = model[2].weight
        # Both are still there to be read, under their own names.
        recorder.step(1)
    x = X.numpy()
    expected = model.double()(X).detach().numpy()
    np.testing.assert_allclose(Run(tmp_path / "run").program(1)(x), expected, rtol=1e-6, atol=1e-6)


def test_a_constant_that_changes_at_each_step(tmp_path: Path) -> None:
    model = Changing()
    found = []
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        for step, slope in enumerate((0.5, 0.4, 0.4, 0.5)):
            model.slope = slope
            recorder.step(step)
            found.append(outputs(model, X))
    run = Run(tmp_path / "run")
    for step, expected in enumerate(found):
        np.testing.assert_allclose(run.program(step)(X.numpy()), expected, rtol=1e-6, atol=1e-6)
    assert [checkpoint.constants for checkpoint in run.checkpoints] == [False, True, True, False]
    hashes = [checkpoint.sha256 for checkpoint in run.checkpoints]
    assert hashes[0] == hashes[3] != hashes[1] == hashes[2]


def test_only_a_run_with_constants_of_its_own_has_the_new_version(tmp_path: Path) -> None:
    model = Changing()
    versions = []
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        for step in (0, 1):
            recorder.step(step)
            versions.append(json.loads((tmp_path / "run" / "manifest.json").read_text())["version"])
            model.slope = 0.25
    assert versions == [1, 2]


def test_constants_that_do_not_fit_are_told(tmp_path: Path) -> None:
    model = Changing()
    path = tmp_path / "run"
    with Recorder(path, model, input_shape=2) as recorder:
        recorder.step(0)
        model.slope = 0.25
        recorder.step(1)
    manifest = json.loads((path / "manifest.json").read_text())
    for step in manifest["network"]["steps"]:
        step["name"] = f"other_{step['name']}"
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunCorrupt, match=r"constants in .* for a step 'leaky_relu' that the"):
        Run(path).program(1)


def test_a_resumed_run_goes_on_with_changed_constants(tmp_path: Path) -> None:
    model = Changing()
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        recorder.step(0)
        model.slope = 0.25
        recorder.step(1)
    second = outputs(model, X)
    model.slope, model.gain = 0.125, 2.0
    with Recorder(tmp_path / "run", model, input_shape=2, resume=True) as recorder:
        recorder.step(2)
    third = outputs(model, X)
    model.slope, model.gain = 0.5, 1.0
    run = Run(tmp_path / "run")
    for step, expected in enumerate((outputs(model, X), second, third)):
        np.testing.assert_allclose(run.program(step)(X.numpy()), expected, rtol=1e-6, atol=1e-6)
    model.depth = 2
    with pytest.raises(RecordingError, match=r"another network than this model: it has 2 more"):
        Recorder(tmp_path / "run", model, input_shape=2, resume=True)


def test_counts_are_kept_for_the_constants_they_belong_to(tmp_path: Path) -> None:
    model = Changing()
    measured = []
    for bounds in ((0.1, 0.2), (0.1, 5.0)):
        model.bound = bounds[0]
        with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
            recorder.step(0)
            model.bound = bounds[1]
            recorder.step(1)
        run = Run(tmp_path / "run")
        for cache in (True, False):
            curves = run.local_complexity(X.numpy(), radius=1.0, directions=2, cache=cache)
            measured.append(curves.counts["probe"])
        # What was counted stays in the folder, and another run is recorded there.
        for file in [*(tmp_path / "run").glob("*.*"), *(tmp_path / "run").glob("checkpoints/*")]:
            file.unlink()
    np.testing.assert_array_equal(measured[0], measured[1])
    np.testing.assert_array_equal(measured[2], measured[3])
    assert (measured[0] != measured[2]).any()


# No false alarms, and nothing touched -------------------------------------------------------------


@pytest.mark.parametrize("stored", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_coarse_numbers_are_no_change(tmp_path: Path, stored: str, dtype: torch.dtype) -> None:
    model = Changing().to(dtype)
    model.mask = model.mask.to(dtype)
    with Recorder(tmp_path / "run", model, input_shape=2, dtype=stored) as recorder:
        for step in range(3):
            for parameter in model.parameters():
                parameter.data.add_(torch.randn(parameter.shape).to(dtype) / 8)
            model.kept.mul_(1.25)
            recorder.step(step)
    assert not any(checkpoint.constants for checkpoint in Run(tmp_path / "run").checkpoints)


@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e8, 1e30])
def test_weights_of_any_size_are_no_change(tmp_path: Path, network: Network, scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    model: Any = network(20, 64, 64, 64, 5)
    for i in (1, 4, 7):
        model.insert(i, torch.nn.BatchNorm1d(64))
    with Recorder(tmp_path / "run", model) as recorder:
        for step in range(4):
            for name, tensor in model.state_dict().items():
                if tensor.is_floating_point():
                    size = scale ** torch.randint(-1, 2, tensor.shape, generator=generator)
                    torch.nn.init.normal_(tensor, generator=generator)
                    tensor.mul_(size).add_(1.0 if "mean" in name else 0.0)
                if "var" in name:
                    tensor.abs_()
            recorder.step(step)


def test_autocast_and_other_defaults_are_no_change(tmp_path: Path, network: Network) -> None:
    model = network(2, 16, 16, 3)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
        with torch.autocast("cpu", torch.bfloat16):
            recorder.step(1)
        torch.set_default_dtype(torch.float64)
        try:
            recorder.step(2)
        finally:
            torch.set_default_dtype(torch.float32)
        with torch.inference_mode():
            recorder.step(3)


def test_a_network_that_overflows_is_told(tmp_path: Path, network: Network) -> None:
    model = network(2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2)
    with Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
        for parameter in model.parameters():
            parameter.data.fill_(1e30)
        with pytest.raises(NonFiniteValues, match=r"no checkpoint at step 1: .*overflows"):
            recorder.step(1, loss=2.0)
    assert Run(tmp_path / "run").metrics.index.tolist() == [1]


class Remembering(torch.nn.Module):
    """Keeps and counts what it sees, as networks do whose features are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(2, 4), torch.nn.Dropout(0.5), torch.nn.ReLU(), torch.nn.Linear(4, 2)
        )
        self.register_buffer("calls", torch.zeros(()))
        self.seen: dict[str, Any] = {}

    def forward(self, x: torch.Tensor) -> Any:
        self.calls = self.calls + 1
        self.seen.update(last=[self.layers[0](x)], again=self.seen)
        return self.layers(x)


def test_the_network_is_as_it_was(tmp_path: Path) -> None:
    model = Remembering()
    model.train()
    with Recorder(tmp_path / "run", model, input_shape=2) as recorder:
        for step in (0, 1):
            model(torch.ones(3, 2)).sum().backward()
            seen, calls = model.seen["last"][0], model.calls.clone()
            states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
            recorder.step(step)
            assert torch.equal(torch.get_rng_state(), states[0])
            assert np.random.get_state()[1].tolist() == states[1]
            assert random.getstate() == states[2]
            assert model.seen["last"][0] is seen
            assert torch.equal(model.calls, calls)
            assert all(module.training for module in model.modules())
            assert all(parameter.requires_grad for parameter in model.parameters())
