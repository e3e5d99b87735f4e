"""Arrays in the files of a run, checked before they are believed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy.typing as npt

from splineviz.errors import RunCorrupt, SplinevizError
from splineviz.files import read_file
from splineviz.training.files.manifest import (
    MANIFEST,
    MOST_SAMPLES_BYTES,
    Checkpoint,
    Manifest,
    StoredFile,
)
from splineviz.training.files.samples import as_samples, check_classes

Array = npt.NDArray[Any]

_ADVICE = (
    "Restore it from a copy of the run; the other files of the run are not affected. If the run is "
    "being recorded anew, call refresh()"
)


def read_stored(folder: Path, stored: StoredFile | Checkpoint, most: int) -> bytes:
    """The bytes of a file of a run, as they were recorded.

    Parameters
    ----------
    folder : Path
        The folder of the run.
    stored : StoredFile or Checkpoint
        Which file, and its hash.
    most : int
        How many bytes it may have.

    Raises
    ------
    RunCorrupt
        If the file is missing, cannot be read, or was truncated or altered.
    """
    path = folder / stored.file
    try:
        data = read_file(path, most, inside=folder)
    except FileNotFoundError as error:
        raise RunCorrupt(f"{path} is missing. {_ADVICE}") from error
    except OSError as error:
        raise RunCorrupt(f"{path} cannot be read: {error}. {_ADVICE}") from error
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise RunCorrupt(
            f"{path} ({len(data)} bytes) is not the file that was recorded: its SHA-256 "
            f"differs from the one in {MANIFEST}, so it was truncated or altered. {_ADVICE}"
        )
    return data


def decoded(data: bytes, path: Path) -> dict[str, Array]:
    """The arrays in the bytes of a safetensors file, free to change.

    Parameters
    ----------
    data : bytes
        What `read_stored` gave.
    path : Path
        Of which file, for the message of an error.

    Raises
    ------
    RunCorrupt
        If they hold no arrays.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return {name: array.copy() for name, array in load(data).items()}
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunCorrupt(f"{path} holds no arrays that can be read ({error}). {_ADVICE}") from error


def read_samples(folder: Path, manifest: Manifest) -> tuple[Array, Array] | None:
    """The training points kept with a run, or None.

    Raises
    ------
    RunCorrupt
        If the file cannot be read, or its inputs and targets fit neither each other nor the run.
    """
    if manifest.samples is None:
        return None
    path = folder / manifest.samples.file
    arrays = decoded(read_stored(folder, manifest.samples, MOST_SAMPLES_BYTES), path)
    if arrays.keys() != {"inputs", "targets"}:
        raise RunCorrupt(
            f"{path} holds {sorted(arrays)} where "
            "'inputs' and 'targets' are expected: it was not written by this package"
        )
    try:
        checked = as_samples((arrays["inputs"], arrays["targets"]))
    except SplinevizError as error:
        raise RunCorrupt(
            f"{path} holds no samples: {error}. It was not written by this package"
        ) from error
    shapes = manifest.network.get("shapes")
    shape = [*checked["inputs"].shape[1:]]
    if isinstance(shapes, list) and shapes and shapes[0] != shape:
        raise RunCorrupt(
            f"{path} holds inputs of shape {tuple(shape)}, and the network in {MANIFEST} takes "
            f"{shapes[0]!r}: it was not written by this package"
        )
    try:
        check_classes(checked["targets"], manifest.class_names)
    except SplinevizError as error:
        raise RunCorrupt(
            f"{path} does not fit its {MANIFEST}: {error}. Give class_names there one name for "
            "each class, or null"
        ) from error
    return checked["inputs"], checked["targets"]
