"""A recorder whose folder is no longer its own, or that is used in another process."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from splineviz.errors import RecordingError
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

Network = Callable[..., torch.nn.Sequential]
Use = Callable[[Recorder], object]

USES: dict[str, Use] = {
    "step": lambda recorder: recorder.step(2),
    "metrics": lambda recorder: recorder.step(2, loss=1.0),
    "new metrics": lambda recorder: recorder.step(2, accuracy=1.0),
    "close": Recorder.close,
    "leave": lambda recorder: recorder.__exit__(None, None, None),
}


def contents(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture(params=USES)
def use(request: pytest.FixtureRequest) -> Use:
    return USES[request.param]


@pytest.fixture
def recorder(tmp_path: Path, network: Network) -> Iterator[Recorder]:
    """A recorder with two steps."""
    recorder = Recorder(tmp_path / "run", network(2, 4, 2), dtype="float64")
    recorder.step(0, loss=1.0)
    recorder.step(1, loss=0.5)
    yield recorder
    with suppress(RecordingError):
        recorder.close()


def lose(path: Path, how: str) -> None:
    if how == "deleted":
        shutil.rmtree(path)
    else:
        path.rename(path.parent / "moved")


@pytest.mark.parametrize("how", ["deleted", "moved"])
@pytest.mark.parametrize("finished", [True, False])
def test_the_run_of_another_recorder_is_not_touched(
    recorder: Recorder, network: Network, use: Use, how: str, finished: bool
) -> None:
    lose(recorder.path, how)
    other = Recorder(recorder.path, network(2, 4, 2, seed=1))
    for step in range(5):
        other.step(step, loss=float(step))
    if finished:
        other.close()
    before = contents(recorder.path.parent)
    with pytest.raises(RecordingError, match="no longer the folder that this recording began in"):
        use(recorder)
    assert contents(recorder.path.parent) == before
    if not finished:
        other.step(5, loss=5.0)
        other.close()
    run = Run(recorder.path)
    assert run.status == "finished"
    assert [run.program(int(step)).input_shape for step in run.steps] == [(2,)] * len(run)


@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_a_folder_that_is_gone_is_not_made_anew(recorder: Recorder, use: Use, how: str) -> None:
    lose(recorder.path, how)
    with pytest.raises(RecordingError, match="deleted, moved or replaced"):
        use(recorder)
    assert not recorder.path.exists()


def test_a_copy_in_its_place_is_another_folder(recorder: Recorder, use: Use) -> None:
    lose(recorder.path, "moved")
    shutil.copytree(recorder.path.parent / "moved", recorder.path)
    before = contents(recorder.path.parent)
    with pytest.raises(RecordingError, match="no longer the folder"):
        use(recorder)
    assert contents(recorder.path.parent) == before


def test_a_folder_that_was_moved_and_came_back_is_the_same(recorder: Recorder) -> None:
    lose(recorder.path, "moved")
    with pytest.raises(RecordingError, match="no longer the folder"):
        recorder.step(2, loss=0.25)
    (recorder.path.parent / "moved").rename(recorder.path)
    recorder.step(3, loss=0.125)
    recorder.close()
    assert Run(recorder.path).steps.tolist() == [0, 1, 3]


def test_a_moved_run_is_resumed_where_it_is(recorder: Recorder, network: Network) -> None:
    lose(recorder.path, "moved")
    with pytest.raises(RecordingError):
        recorder.close()
    moved = recorder.path.parent / "moved"
    with Recorder(moved, network(2, 4, 2), dtype="float64", resume=True) as again:
        again.step(2)
    assert Run(moved).steps.tolist() == [0, 1, 2]


def test_the_exception_of_a_training_is_not_hidden(recorder: Recorder) -> None:
    shutil.rmtree(recorder.path)

    def train() -> None:
        with recorder:
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as error:
        train()
    assert "no longer the folder" in error.value.__notes__[0]


def test_metrics_that_were_replaced_or_deleted_go_on_in_the_new_file(recorder: Recorder) -> None:
    table = recorder.path / "metrics.csv"
    edited = table.with_name("edited")
    edited.write_text("step,acc,loss\n0,0.1,1.0\n")
    edited.rename(table)
    recorder.step(2, loss=0.25)
    assert table.read_text() == "step,acc,loss\n0,0.1,1.0\n2,,0.25\n"
    table.unlink()
    recorder.step(3, loss=0.125)
    recorder.step(4, loss=0.5)
    assert table.read_text() == "step,loss\n3,0.125\n4,0.5\n"
    recorder.close()


# In another process -------------------------------------------------------------------------------


def test_a_forked_process_does_not_record(recorder: Recorder, use: Use) -> None:
    before = contents(recorder.path)
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns where there are threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            use(recorder)
            os.write(write, b"no error")
        except BaseException as error:
            os.write(write, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        said = file.read().decode()
    os.waitpid(child, 0)
    assert said.startswith("RecordingError: ")
    assert f"belongs to process {os.getpid()}" in said
    assert str(child) in said
    assert contents(recorder.path) == before
    recorder.step(2, loss=0.25)
    recorder.close()
    run = Run(recorder.path)
    assert run.steps.tolist() == run.metrics.index.tolist() == [0, 1, 2]
