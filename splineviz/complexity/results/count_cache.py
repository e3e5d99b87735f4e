"""CountCache: counts measured before, in files named by a hash of everything they depend on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.files import make_folder, read_file, write_atomically
from splineviz.typing import IntArray

# What a file holds beside its arrays, in bytes.
_MOST_BESIDE = 4096
_DIGEST = "sha256"


@dataclass(frozen=True)
class CountCache:
    """A folder with one safetensors file for each measurement.

    A file that cannot be read counts as missing, and a failed write is ignored: a cache is never a
    reason to fail.

    Attributes
    ----------
    folder : Path or None
        Where the files are, created on the first write. None for a cache that keeps nothing.
        Links that lead out of its parent folder are neither read nor written through.
    """

    folder: Path | None

    def read(self, key: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, IntArray] | None:
        """Read the arrays stored under a key, by their names and shapes in the order of `write`.

        None if nothing is there, or the file is truncated, altered or cannot be read.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        if self.folder is None:
            return None
        try:
            most = 8 * sum(map(math.prod, shapes.values())) + _MOST_BESIDE
            arrays = load(read_file(self._file(key), most, inside=self.folder.parent))
        except (OSError, SafetensorError, ValueError, KeyError):
            return None
        digest = arrays.pop(_DIGEST, None)
        if digest is None or {name: each.shape for name, each in arrays.items()} != {**shapes}:
            return None
        if digest.tobytes() != _digest(arrays[name] for name in shapes):
            return None
        return {name: arrays[name].astype(np.int64) for name in shapes}

    def write(self, key: str, arrays: Mapping[str, IntArray]) -> None:
        """Store arrays of numbers of neurons under a key, if the disk allows it."""
        from safetensors.numpy import save

        if self.folder is None:
            return
        # No layer has 2**31 neurons.
        small = {name: np.ascontiguousarray(each, np.int32) for name, each in arrays.items()}
        digest = np.frombuffer(_digest(small.values()), dtype=np.uint8)
        data = save({**small, _DIGEST: digest})
        try:
            make_folder(self.folder, inside=self.folder.parent)
            write_atomically(self._file(key), data, inside=self.folder.parent)
        except OSError:
            return

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{key}.safetensors"


def content_key(parts: Iterable[str | bytes | npt.NDArray[Any]]) -> str:
    """Hash some parts in their order: SHA-256, in hexadecimal.

    Parameters
    ----------
    parts : iterable of str, bytes and arrays
        Of an array, its dtype, shape and numbers. Parts cannot run into each other, and a text is
        not the same as its bytes.
    """
    key = hashlib.sha256()
    for value in parts:
        if isinstance(value, np.ndarray):
            head, body = f"array {value.dtype.str} {value.shape}", value.tobytes()
        elif isinstance(value, str):
            head, body = "text", value.encode()
        else:
            head, body = "bytes", value
        key.update(f"{head} {len(body)}\n".encode())
        key.update(body)
    return key.hexdigest()


def _digest(arrays: Iterable[npt.NDArray[Any]]) -> bytes:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest()
