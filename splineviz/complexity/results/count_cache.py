"""CountCache: counts measured before, in files named by a hash of everything they depend on."""

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

    A file that cannot be read counts as missing, and a failed write is ignored: a cache is never a
    reason to fail.

    Attributes
    ----------
    folder : Path or None
        Where the files are, created on the first write. None for a cache that keeps nothing.
        Links that lead out of its parent folder are neither read nor written through.
    """

    folder: Path | None

    def read(self, key: str, shape: tuple[int, ...]) -> tuple[IntArray, IntArray] | None:
        """Read the arrays stored under a key.

        Parameters
        ----------
        key : str
            As :func:`content_key` makes it.
        shape : tuple of int
            Of each of the arrays.

        Returns
        -------
        counts, uncertain : int64 array of that shape; or None
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
        counts, uncertain = arrays["counts"], arrays["near"]
        if counts.shape != shape or uncertain.shape != shape:
            return None
        if arrays["sha256"].tobytes() != _digest(counts, uncertain):
            return None
        return counts.astype(np.int64), uncertain.astype(np.int64)

    def write(self, key: str, counts: IntArray, uncertain: IntArray) -> None:
        """Store two arrays of the same shape under a key, if the disk allows it.

        Parameters
        ----------
        key : str
            As :func:`content_key` makes it.
        counts, uncertain : int64 array
            Numbers of neurons.
        """
        from safetensors.numpy import save

        if self.folder is None:
            return
        # No layer has 2**31 neurons.
        small = [np.ascontiguousarray(array, dtype=np.int32) for array in (counts, uncertain)]
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
    """Hash some parts in their order: SHA-256, in hexadecimal.

    Parameters
    ----------
    parts : iterable of str, bytes and arrays
        Of an array, its dtype, shape and numbers. Parts cannot run into each other, and a text is
        not the same as its bytes.
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
