from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splineviz.errors import RunCorrupt
from splineviz.training.files.manifest import Checkpoint, Manifest, StoredFile

PATH = Path("runs/moons/manifest.json")

MANIFEST = Manifest(
    network={"format": "splineviz-program", "steps": []},
    dtype="float16",
    checkpoints=(
        Checkpoint(0, "checkpoints/step-000000000.safetensors", "aa"),
        Checkpoint(7, "checkpoints/step-000000007.safetensors", "bb"),
    ),
    status="finished",
    samples=StoredFile("samples.safetensors", "cc"),
    class_names=("cat", "Käfer"),
    metadata={"seed": 3, "note": None},
    libraries={"numpy": "2.0"},
)


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(MANIFEST.to_bytes()), **fields}).encode()


def test_what_is_written_is_read_back() -> None:
    assert Manifest.from_bytes(MANIFEST.to_bytes(), PATH) == MANIFEST


def test_the_document_has_a_fixed_shape() -> None:
    document = json.loads(MANIFEST.to_bytes())
    assert list(document) == [
        "format",
        "version",
        "status",
        "libraries",
        "metadata",
        "class_names",
        "dtype",
        "network",
        "samples",
        "checkpoints",
    ]
    assert document["format"] == "splineviz-run"
    assert document["version"] == 1
    assert document["checkpoints"][1] == {
        "step": 7,
        "file": "checkpoints/step-000000007.safetensors",
        "sha256": "bb",
    }
    assert MANIFEST.to_bytes().endswith(b"]\n}\n")


def test_little_is_needed() -> None:
    small = Manifest(network={}, dtype="float32")
    read = Manifest.from_bytes(small.to_bytes(), PATH)
    assert read.checkpoints == ()
    assert read.status == "recording"
    assert read.samples is None
    assert read.class_names is None


@given(cut=st.integers(0, len(MANIFEST.to_bytes()) - 2))
def test_a_truncated_manifest_is_refused(cut: int) -> None:
    with pytest.raises(RunCorrupt, match=r"manifest\.json"):
        Manifest.from_bytes(MANIFEST.to_bytes()[:cut], PATH)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": "something"}, "not the manifest of a run"),
        ({"version": 3}, "upgrade splineviz"),
        ({"version": 0}, "no version"),
        ({"version": "1"}, "no version"),
        ({"status": "lost"}, "unknown status"),
        ({"dtype": "int8"}, "unknown dtype"),
        ({"network": None}, "holds no network"),
        ({"metadata": []}, "holds no metadata"),
        ({"libraries": None}, "holds no library"),
        ({"class_names": "ab"}, "class names"),
        ({"checkpoints": None}, "no list of checkpoints"),
        ({"checkpoints": [1]}, "names no file"),
        ({"checkpoints": [{"step": 0, "file": "a"}]}, "names no file"),
        ({"checkpoints": [{"step": 0.5, "file": "a", "sha256": "b"}]}, "whole numbers"),
        ({"checkpoints": [{"step": -1, "file": "a", "sha256": "b"}]}, "whole numbers"),
        ({"checkpoints": [{"step": 3, "file": "a", "sha256": "b"}] * 2}, "not increasing"),
        ({"samples": {}}, "names no file"),
        ({"samples": "samples.safetensors"}, "names no file"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunCorrupt, match=message) as error:
        Manifest.from_bytes(changed(**fields), PATH)
    assert str(PATH) in str(error.value)


@pytest.mark.parametrize(
    "file",
    [
        "../other/secret",
        "checkpoints/../../secret",
        "/etc/passwd",
        "..",
        "",
        "C:/secret",
        "a\\..\\b",
        3,
    ],
)
def test_files_outside_the_run_are_refused(file: object) -> None:
    with pytest.raises(RunCorrupt, match="names no file of the run"):
        Manifest.from_bytes(changed(samples={"file": file, "sha256": "x"}), PATH)


@pytest.mark.parametrize("data", [b"[]", b"null", b"3", b"\xff\xfe", b'{"format": NaN}'])
def test_other_json_is_refused(data: bytes) -> None:
    with pytest.raises(RunCorrupt):
        Manifest.from_bytes(data, PATH)
