"""Runs that a stranger made: nothing outside their folder is read, written or deleted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from splineviz.errors import RecordingError, RunCorrupt, RunNotFound
from splineviz.training.files.manifest import SAMPLES
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

Network = Callable[..., torch.nn.Sequential]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of the user, with files named like those of a run."""
    path = tmp_path / "elsewhere"
    path.mkdir()
    for step in range(0, 40, 10):
        (path / f"step-{step:09d}.safetensors").write_bytes(b"mine")
    (path / "thesis.txt").write_bytes(b"mine")
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def edit(run: Path, change: Callable[[Any], object]) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    change(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest))


def measure(run: Path) -> Run:
    opened = Run(run)
    opened.local_complexity(radius=0.5, directions=2)
    return opened


# Links --------------------------------------------------------------------------------------------


def test_no_temporary_file_is_written_through_a_link(
    recorded: Path, network: Network, elsewhere: Path
) -> None:
    learnt = recorded.parent / "learnt"
    shutil.copytree(recorded, learnt)
    measure(learnt)
    names = [path.name for path in (learnt / "cache").iterdir()]
    (recorded / "cache").mkdir()
    for path in [Path("cache", name) for name in names] + [Path("manifest.json")]:
        (recorded / path.parent / f".{path.name}.tmp").symlink_to(elsewhere / "thesis.txt")
        if path.parent.name:
            (recorded / path).symlink_to(elsewhere / "thesis.txt")
    before = contents(elsewhere)
    measure(recorded)
    assert {path.name for path in (recorded / "cache").iterdir() if not path.is_symlink()} == set(
        names
    )
    with Recorder(recorded, network(2, 5, 3), resume=True) as recorder:
        recorder.step(40, train_loss=1.0)
    assert contents(elsewhere) == before


def test_a_cache_that_lies_elsewhere_is_neither_read_nor_written(
    recorded: Path, elsewhere: Path
) -> None:
    (recorded / "cache").symlink_to(elsewhere)
    before = contents(elsewhere)
    measure(recorded)
    assert contents(elsewhere) == before


@pytest.mark.parametrize("resume", [True, 10])
def test_checkpoints_that_lie_elsewhere_are_not_resumed(
    recorded: Path, network: Network, elsewhere: Path, resume: bool | int
) -> None:
    shutil.rmtree(recorded / "checkpoints")
    (recorded / "checkpoints").symlink_to(elsewhere)
    before = contents(recorded.parent)
    with pytest.raises(RecordingError, match="checkpoints leads out of"):
        Recorder(recorded, network(2, 5, 3), resume=resume)
    with pytest.raises(RunCorrupt, match="leads out of"):
        Run(recorded).program(10)
    assert contents(recorded.parent) == before


def test_a_new_run_is_not_begun_where_links_lead_away(
    tmp_path: Path, network: Network, elsewhere: Path
) -> None:
    shutil.rmtree(elsewhere)
    elsewhere.mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoints").symlink_to(elsewhere)
    with pytest.raises(RecordingError, match="checkpoints leads out of"):
        Recorder(tmp_path / "run", network(2, 5, 3))
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["manifest.json", "metrics.csv", SAMPLES])
def test_a_file_that_lies_elsewhere_is_not_read(
    recorded: Path, network: Network, name: str
) -> None:
    away = recorded.parent / "away"
    (recorded / name).rename(away)
    (recorded / name).symlink_to(away)
    with pytest.raises(RunCorrupt, match="leads out of"):
        read(recorded)
    if name != SAMPLES:
        with pytest.raises(RunCorrupt, match="leads out of"):
            Recorder(recorded, network(2, 5, 3), resume=True)


def test_a_run_behind_a_link_is_a_run(recorded: Path, network: Network) -> None:
    link = recorded.parent / "link"
    link.symlink_to(recorded)
    with Recorder(link, network(2, 5, 3), resume=10) as recorder:
        recorder.step(20, train_loss=1.0)
    run = measure(link)
    assert run.steps.tolist() == [0, 10, 20]
    assert run.name == "link"
    assert run.program(20).input_shape == (2,)
    assert len(list((recorded / "cache").iterdir())) == 2


def test_a_run_whose_links_stay_inside_is_read(recorded: Path) -> None:
    (recorded / "checkpoints").rename(recorded / "kept")
    (recorded / "checkpoints").symlink_to("kept")
    assert Run(recorded).program(10).input_shape == (2,)


# Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    [
        "manifest.json",
        "metrics.csv",
        SAMPLES,
        "link/thesis.txt",
        "checkpoints/step-000000010.safetensors",
        "checkpoints/step-30.safetensors",
        "checkpoints/../checkpoints/step-000000030.safetensors",
        "checkpoints/step-000000030.safetensors/",
        "checkpoints",
    ],
)
def test_a_checkpoint_has_one_name(
    recorded: Path, network: Network, elsewhere: Path, file: str
) -> None:
    (recorded / "link").symlink_to(elsewhere)
    edit(recorded, lambda manifest: manifest["checkpoints"][3].update(file=file))
    before = contents(recorded.parent)
    with pytest.raises(RunCorrupt, match="names no file of the run"):
        Recorder(recorded, network(2, 5, 3), resume=10)
    with pytest.raises(RunCorrupt, match="names no file of the run"):
        Run(recorded)
    assert contents(recorded.parent) == before


@pytest.mark.parametrize("file", ["manifest.json", "checkpoints/step-000000010.safetensors"])
def test_samples_have_one_name(recorded: Path, file: str) -> None:
    edit(recorded, lambda manifest: manifest["samples"].update(file=file))
    with pytest.raises(RunCorrupt, match="names no file of the run"):
        Run(recorded)


# What is no file, or too much ---------------------------------------------------------------------

FILES = ["manifest.json", "metrics.csv", SAMPLES, "checkpoints/step-000000010.safetensors"]


def read(path: Path) -> None:
    run = Run(path)
    assert run.metrics is not None
    assert run.samples is not None
    assert run.program(10) is not None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["pipe", "folder", "sparse", "circle"])
def test_what_is_no_file_of_a_run_is_told(
    recorded: Path, network: Network, name: str, kind: str
) -> None:
    path = recorded / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path.name)
    else:
        with open(path, "wb") as file:
            file.truncate(2**42)
    with pytest.raises((RunCorrupt, RunNotFound), match=path.name):
        read(recorded)
    if name in ("manifest.json", "metrics.csv") and kind != "circle":
        with pytest.raises(RunCorrupt, match=path.name):
            Recorder(recorded, network(2, 5, 3), resume=True)


@pytest.mark.parametrize("kind", ["pipe", "folder", "sparse"])
def test_what_is_no_file_of_a_cache_is_measured_anew(recorded: Path, kind: str) -> None:
    measure(recorded)
    for path in (recorded / "cache").iterdir():
        path.unlink()
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            with open(path, "wb") as file:
                file.truncate(2**42)
    measure(recorded)


def test_a_short_table_with_a_long_header_is_not_blown_up(recorded: Path) -> None:
    header = ",".join(["step", *map(str, range(100_000))])
    (recorded / "metrics.csv").write_text(header + "\n" + "1\n" * 100_000)
    with pytest.raises(RunCorrupt, match=r"100,000 rows of 100,000 metrics"):
        read(recorded)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step,loss,loss\n1,2,3\n", "line 1, names a metric twice"),
        ("step," + "a" * 200_000 + "\n", "line 1, does not name metrics"),
        (f"step,loss\n{2**63},1\n", "line 2, does not begin with a step"),
        ("step,loss\n-1,1\n", "line 2, does not begin with a step"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    recorded: Path, network: Network, text: str, message: str
) -> None:
    (recorded / "metrics.csv").write_text(text)
    with pytest.raises(RunCorrupt, match=message):
        read(recorded)
    with pytest.raises(RunCorrupt, match=message):
        Recorder(recorded, network(2, 5, 3), resume=True)


def test_a_manifest_that_nests_without_end_is_told(recorded: Path) -> None:
    (recorded / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(RunCorrupt, match="not valid JSON"):
        Run(recorded)


def test_a_step_beyond_all_numbers_is_told(recorded: Path) -> None:
    edit(recorded, lambda manifest: manifest["checkpoints"][3].update(step=2**63))
    with pytest.raises(RunCorrupt, match="whole numbers"):
        Run(recorded)


def test_what_would_not_be_read_is_not_written(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("splineviz.training.files.run_writer.MOST_SAMPLES_BYTES", 1000)
    with pytest.raises(RecordingError, match="give fewer of them"):
        Recorder(tmp_path / "a", network(2, 4, 2), samples=([[0.0, 1.0]] * 100, [0] * 100))
    assert not (tmp_path / "a").exists()
    monkeypatch.setattr("splineviz.training.files.run_writer.MOST_MANIFEST_BYTES", 5000)
    with pytest.raises(RecordingError, match="give less metadata"):
        Recorder(tmp_path / "b", network(2, 4, 2), metadata={"note": "x" * 10_000})
    recorder = Recorder(tmp_path / "c", network(2, 4, 2))
    for step in range(10):
        recorder.step(step)
    monkeypatch.setattr("splineviz.training.files.run_writer.MOST_MANIFEST_BYTES", 100)
    with pytest.raises(RecordingError, match="record fewer checkpoints"):
        recorder.step(10)
    monkeypatch.undo()
    recorder.close()
    run = Run(tmp_path / "c")
    assert run.steps.tolist() == list(range(10))
    assert run.program(9).input_shape == (2,)


def test_a_manifest_may_say_anything_of_the_shapes(recorded: Path) -> None:
    shapes: list[Any] = [None, "ab", [1e308, 1e308], [-1], {"a": 1}, [True], [10**400]]
    for shape in shapes:
        edit(
            recorded, lambda manifest, to=shape: manifest["network"]["state"].update({"0.bias": to})
        )
        with pytest.raises(RunCorrupt):
            Run(recorded).program(10)


@pytest.mark.parametrize("value", [None, {}, [], "x", -1, 1e308, [[]], [{"a": 1}], True])
@pytest.mark.parametrize("where", ["inputs", "params", "options", "kind", "name"])
def test_a_network_whose_parts_are_of_another_kind_is_told(
    recorded: Path, where: str, value: Any
) -> None:
    edit(recorded, lambda manifest: manifest["network"]["steps"][0].update({where: value}))
    # Some of these are as good as what was there.
    with suppress(RunCorrupt):
        Run(recorded).program(10)


def test_a_number_that_json_cannot_hold_is_told(recorded: Path, network: Network) -> None:
    edit(recorded, lambda manifest: manifest["metadata"].update(seed="SEED"))
    text = (recorded / "manifest.json").read_text().replace('"SEED"', "1e400")
    (recorded / "manifest.json").write_text(text)
    before = contents(recorded)
    with pytest.raises(RunCorrupt, match="holds a number that JSON cannot hold"):
        Recorder(recorded, network(2, 5, 3), resume=True)
    assert contents(recorded) == before


# Steps that lie ----------------------------------------------------------------------------------


def step(kind: str, reads: int, **options: Any) -> dict[str, Any]:
    return {"kind": kind, "inputs": [reads], "name": "evil", "params": {}, "options": options}


@pytest.mark.parametrize(
    ("lie", "shape"),
    [
        (step("getitem", 2, index=[[[0]]]), [5]),
        (step("getitem", 2, index=[{"places": [0]}]), [5]),
        (step("reshape", 2, shape=[5, 1]), [5]),
        (step("permute", 2, axes=[1, 0]), [5]),
        (step("cat", 2, axis=0), [5]),
        (step("relu", 2), [6]),
        (step("pad", 2, pad=[10**9, 10**9], mode="constant"), [2 * 10**9 + 5]),
        (step("repeat", 2, times=[1, 10**12]), [5 * 10**12]),
        (step("expand", 2, shape=[10**6, 10**6, 5]), [10**6, 10**6, 5]),
        (step("avg_pool1d", 2, kernel_size=[10**9], stride=[1], padding=[0]), [5]),
        (step("interpolate", 2, size=10**9, mode="linear"), [10**9]),
        (step("opaque", 2, operation="grid_sampler.default", arguments=[]), [5]),
        (step("opaque", 2, operation="as_strided.default", arguments=[]), [5]),
        (step("gelu", 2), [5]),
    ],
)
def test_a_step_that_makes_other_values_than_it_says_is_told(
    recorded: Path, lie: dict[str, Any], shape: list[int]
) -> None:
    def change(manifest: Any) -> None:
        network = manifest["network"]
        network["steps"] = [*network["steps"][:2], lie, {**step("relu", 3), "name": "last"}]
        network["shapes"] = [*network["shapes"][:3], shape, shape]
        network["output"] = 4

    edit(recorded, change)
    with pytest.raises(RunCorrupt, match=r"'evil'|unknown layer kind|value 3"):
        Run(recorded).program(10)


@pytest.mark.parametrize(
    "view", [[[5], [64], 0], [[5], [10**7], 0], [[5], [1], -1], [[5], [1]], "ab", [[5], 1, 0], None]
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_weight_that_is_read_from_outside_is_told(
    recorded: Path, view: Any, version: int
) -> None:
    def change(manifest: Any) -> None:
        manifest["network"]["version"] = version
        manifest["network"]["steps"][0]["options"] = {"views": {"bias": view}}

    edit(recorded, change)
    with pytest.raises(RunCorrupt, match="view"):
        Run(recorded).program(10)


# Samples ------------------------------------------------------------------------------------------


def put(run: Path, data: bytes, **fields: Any) -> None:
    """Make some bytes the samples of a run, with the hash that they have."""
    (run / SAMPLES).write_bytes(data)

    def change(manifest: Any) -> None:
        manifest["samples"]["sha256"] = hashlib.sha256(data).hexdigest()
        manifest.update(fields)

    edit(run, change)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (np.zeros((3, 2)), np.zeros(2), "3 inputs but targets"),
        (np.zeros((2, 2)), np.zeros(3), "2 inputs but targets"),
        (np.zeros((2, 2)), np.zeros(()), "2 inputs but targets"),
        (np.zeros((0, 2)), np.zeros(0), "at least one row"),
        (np.zeros(2), np.zeros(2), "at least one row"),
        (np.zeros((2, 3)), np.zeros(2), r"shape \(3,\), and the network .* takes \[2\]"),
        (np.zeros((2, 2, 1)), np.zeros(2), r"shape \(2, 1\), and the network .* takes \[2\]"),
        (np.full((2, 2), np.nan), np.zeros(2), "NaN or infinity"),
        (np.zeros((2, 2)), np.array([0, 2]), "the label 2, and class_names names 2 classes"),
        (np.zeros((2, 2)), np.array([0, -1]), "the label -1, and class_names names 2 classes"),
        (np.zeros((2, 2)), np.array([[0], [2**40]]), "the label 1099511627776"),
        (np.zeros((2, 2)), np.eye(3)[1:], "the label 2, and"),
    ],
)
def test_samples_that_fit_nothing_are_told(
    recorded: Path, inputs: Any, targets: Any, message: str
) -> None:
    data = save({"inputs": inputs, "targets": targets})
    put(recorded, data, class_names=["a", "b"])
    with pytest.raises(RunCorrupt, match=message) as error:
        _ = Run(recorded).samples
    assert SAMPLES in str(error.value)
    assert Run(recorded).program(0).input_shape == (2,)


@pytest.mark.parametrize(
    "targets",
    [np.array([0, 1]), np.array([-1, 1]), np.array([0.5, 7.5]), np.eye(2), np.array([[1], [0]])],
    ids=str,
)
def test_samples_that_fit_are_read(recorded: Path, targets: Any) -> None:
    data = save({"inputs": np.zeros((2, 2)), "targets": targets})
    put(recorded, data, class_names=["a", "b"])
    samples = Run(recorded).samples
    assert samples is not None
    np.testing.assert_array_equal(samples[1], targets)


@pytest.mark.parametrize("data", [b"", b"12345678", b"\xff" * 100, save({"inputs": np.ones(2)})])
def test_a_file_of_something_else_is_told(recorded: Path, data: bytes) -> None:
    put(recorded, data)
    with pytest.raises(RunCorrupt, match=SAMPLES):
        _ = Run(recorded).samples
