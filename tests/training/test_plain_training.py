"""Recipes and live trainings go the same way whatever the settings of torch are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from splineviz.errors import RecordingError
from splineviz.training import fit, recipes
from splineviz.training.data import two_moons
from splineviz.training.files.run_writer import RunWriter
from splineviz.training.live.live_training import LiveTraining
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


SETTINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "float64": lambda: default_dtype(torch.float64),
    "float16": lambda: default_dtype(torch.float16),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "meta": lambda: torch.device("meta"),
}


@pytest.fixture(params=SETTINGS)
def setting(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[Any]]:
    return SETTINGS[request.param]


def contents(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_is_the_same_run(
    tmp_path: Path, name: str, setting: Callable[[], AbstractContextManager[Any]]
) -> None:
    recipes.train(name, tmp_path / "plain", steps=5, progress=None, measure=False)
    with setting():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        dtype = torch.get_default_dtype()
        recipes.train(name, tmp_path / "set", steps=5, progress=None, measure=False)
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before
        assert torch.get_default_dtype() == dtype
    assert contents(tmp_path / "set") == contents(tmp_path / "plain")


def test_a_live_training_is_the_same(setting: Callable[[], AbstractContextManager[Any]]) -> None:
    data = two_moons(train=20, noise=0.1, seed=0)

    def trained() -> LiveTraining:
        return LiveTraining(data, width=5, depth=2, batch_norm=True, seed=1)

    plain = trained()
    plain.step(3)
    with setting():
        made = trained()
        made.step(3)
        measured = made.measure()
    state = made.state()
    for name, array in plain.state().items():
        np.testing.assert_array_equal(state[name], array)
    assert measured == plain.measure()
    made.learn(data)
    made.step()


# What fails before anything is learnt -------------------------------------------------------------


def fail(*args: object, **options: object) -> None:
    raise RuntimeError("no memory")


@pytest.mark.parametrize("at", ["first update", "first row", "first checkpoint"])
@pytest.mark.parametrize("there", [True, False])
def test_a_recipe_that_fails_before_its_first_step_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, there: bool
) -> None:
    out = tmp_path / "run"
    if there:
        out.mkdir()
        (out / "notes.txt").write_text("mine")
    place: tuple[Any, str] = {
        "first update": (torch.Tensor, "backward"),
        "first row": (Recorder, "step"),
        "first checkpoint": (RunWriter, "add_checkpoint"),
    }[at]
    monkeypatch.setattr(*place, fail)
    with pytest.raises(RuntimeError, match="no memory"):
        recipes.train("two-moons", out, steps=5, progress=None, measure=False)
    monkeypatch.undo()
    assert out.exists() == there
    if there:
        assert [path.name for path in out.iterdir()] == ["notes.txt"]
    assert (
        recipes.train("two-moons", out, steps=5, progress=None, measure=False).status == "finished"
    )


def test_a_recipe_that_fails_later_leaves_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(step: int, steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipes.train("two-moons", tmp_path / "run", steps=5, progress=stop)
    assert Run(tmp_path / "run").status == "interrupted"
    with pytest.raises(RecordingError, match="already holds a run"):
        recipes.train("two-moons", tmp_path / "run", steps=5, progress=None, measure=False)
    monkeypatch.setattr(fit, "batches", fail)
    with pytest.raises(RecordingError, match="already holds a run"):
        recipes.train("two-moons", tmp_path / "run", steps=5, progress=None, measure=False)
    assert len(Run(tmp_path / "run")) == 2
