"""CountCache: counts that were made before, as files named by what they depend on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.files import make_folder, read_file, write_atomically
from splineviz.typing import IntArray

# What a file holds beside its two arrays.
_MOST_BESIDE = 4096


@dataclass(frozen=True)
class CountCache:
    """A folder with one safetensors file for each measurement.

    What cannot be read is taken for missing, and what cannot be written is not kept: a cache never
    is a reason to fail.

    Attributes
    ----------
    folder : Path or None
        Where the files are; made when it is needed. None for a cache that keeps nothing. What
        links lead out of the folder around it is neither read nor written.
    """

    folder: Path | None

    def read(self, key: str, shape: tuple[int, ...]) -> tuple[IntArray, IntArray] | None:
        """What is kept under a key.

        Parameters
        ----------
        key : str
            As :func:`content_key` makes it.
        shape : tuple of int
            Of each of the arrays.

        Returns
        -------
        counts, near : int64 array of that shape; or None
            None if nothing is there, or the file is truncated, altered or cannot be read.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        if self.folder is None:
            return None
        try:
            most = 2 * 8 * math.prod(shape) + _MOST_BESIDE
            arrays = load(read_file(self._file(key), most, inside=self.folder.parent))
        except (OSError, SafetensorError, ValueError, KeyError):
            return None
        if arrays.keys() != {"counts", "near", "sha256"}:
            return None
        counts, near = arrays["counts"], arrays["near"]
        if counts.shape != shape or near.shape != shape:
            return None
        if arrays["sha256"].tobytes() != _digest(counts, near):
            return None
        return counts.astype(np.int64), near.astype(np.int64)

    def write(self, key: str, counts: IntArray, near: IntArray) -> None:
        """Keep two arrays of the same shape under a key, if the disk lets one.

        Parameters
        ----------
        key : str
            As :func:`content_key` makes it.
        counts, near : int64 array
            Numbers of neurons.
        """
        from safetensors.numpy import save

        if self.folder is None:
            return
        # No layer has 2**31 neurons.
        small = [np.ascontiguousarray(array, dtype=np.int32) for array in (counts, near)]
        digest = np.frombuffer(_digest(*small), dtype=np.uint8)
        data = save({"counts": small[0], "near": small[1], "sha256": digest})
        try:
            make_folder(self.folder, inside=self.folder.parent)
            write_atomically(self._file(key), data, inside=self.folder.parent)
        except OSError:
            return

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{key}.safetensors"


def content_key(parts: Iterable[str | bytes | npt.NDArray[Any]]) -> str:
    """The SHA-256 of some parts in their order, in hexadecimal.

    Parameters
    ----------
    parts : iterable of str, bytes and arrays
        An array stands for its type, shape and numbers. Neither does a part run into the next, nor
        is a text the same as its bytes.
    """
    key = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            head, body = f"array {part.dtype.str} {part.shape}", part.tobytes()
        elif isinstance(part, str):
            head, body = "text", part.encode()
        else:
            head, body = "bytes", part
        key.update(f"{head} {len(body)}\n".encode())
        key.update(body)
    return key.hexdigest()


def _digest(*arrays: npt.NDArray[Any]) -> bytes:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest()
