"""manifest.json: what a run on disk consists of."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from splineviz.errors import RunCorrupt

FORMAT = "splineviz-run"
# Version 2 has checkpoints with constants of their own. A run without them is written as version 1,
# which says the same.
VERSION = 2

MANIFEST = "manifest.json"
METRICS = "metrics.csv"
PROBES = "probes.csv"
SAMPLES = "samples.safetensors"
CHECKPOINTS = "checkpoints"

# No more is read. Samples are what is drawn, and the manifest of 400,000 checkpoints is smaller.
MOST_MANIFEST_BYTES = 2**26
MOST_SAMPLES_BYTES = 2**32
MOST_CONSTANTS_BYTES = 2**25

DTYPES = ("float16", "float32", "float64")
STATUSES = ("recording", "finished", "interrupted")

_MOST_BESIDE_WEIGHTS = 2**20
_MOST_STEP = 2**63 - 1

_ADVICE = (
    "The checkpoints beside it may be intact: restore this file from a copy, or record the run "
    "again"
)


_NO_FILE = "that names no file of the run"


@dataclass(frozen=True)
class StoredFile:
    """A file of a run and what it must contain.

    Attributes
    ----------
    file : str
        Its path relative to the run's folder, with forward slashes.
    sha256 : str
        The hash of its bytes, in hexadecimal.
    """

    file: str
    sha256: str


@dataclass(frozen=True)
class Checkpoint:
    """The weights at one step of training, as a file of the run.

    Attributes
    ----------
    step : int
        The step of training; 0 is the untrained network.
    file : str
        Its path relative to the run's folder, with forward slashes.
    sha256 : str
        The hash of its bytes, in hexadecimal. In one run equal hashes are equal networks.
    constants : bool
        Whether constants of the network, such as a slope, differ from those in the manifest; the
        file holds them.
    """

    step: int
    file: str
    sha256: str
    constants: bool = False

    def to_json(self) -> dict[str, Any]:
        """The entry in the manifest."""
        entry = {"step": self.step, "file": self.file, "sha256": self.sha256}
        return {**entry, "constants": True} if self.constants else entry


@dataclass(frozen=True)
class Manifest:
    """Everything about a run but its numbers.

    Attributes
    ----------
    network : mapping
        The graph of the network as ``Program.to_json()`` gives it, so that a run is replayed
        without the code of the model.
    dtype : str
        The type the weights are stored in: one of `DTYPES`.
    checkpoints : tuple of Checkpoint
        By increasing step.
    status : str
        ``"recording"`` while the recorder is open (and for ever, if its process was killed),
        ``"finished"``, or ``"interrupted"`` by an exception.
    samples : StoredFile or None
        The training points kept with the run.
    class_names : tuple of str or None
        Names of the classes, in the order of the labels.
    metadata : mapping
        JSON values given by whoever recorded the run: recipe, seed, optimizer.
    libraries : mapping of str to str
        The versions of the libraries that wrote the run.
    """

    network: Mapping[str, Any]
    dtype: str
    checkpoints: tuple[Checkpoint, ...] = ()
    status: str = "recording"
    samples: StoredFile | None = None
    class_names: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = None
    libraries: Mapping[str, str] | None = None

    def most_checkpoint_bytes(self) -> int:
        """How many bytes a checkpoint may have, by the network's weights and constants."""
        most = _MOST_BESIDE_WEIGHTS
        if any(checkpoint.constants for checkpoint in self.checkpoints):
            most += MOST_CONSTANTS_BYTES
        state = self.network.get("state")
        for key, shape in state.items() if isinstance(state, dict) else ():
            # Anything else is found when the program is made.
            if isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape):
                most += 8 * math.prod(shape) + 12 * len(key) + 256
        return most

    def to_bytes(self) -> bytes:
        """Encode as indented UTF-8 JSON with a fixed order of keys.

        Raises
        ------
        TypeError, ValueError
            If the metadata holds something that JSON cannot hold.
        """
        samples = self.samples
        document = {
            "format": FORMAT,
            "version": 2 if any(checkpoint.constants for checkpoint in self.checkpoints) else 1,
            "status": self.status,
            "libraries": dict(self.libraries or {}),
            "metadata": dict(self.metadata or {}),
            "class_names": None if self.class_names is None else list(self.class_names),
            "dtype": self.dtype,
            "network": dict(self.network),
            "samples": samples and {"file": samples.file, "sha256": samples.sha256},
            "checkpoints": [checkpoint.to_json() for checkpoint in self.checkpoints],
        }
        return (json.dumps(document, indent=1, allow_nan=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes, path: Path) -> Manifest:
        """Decode and check a manifest.

        Parameters
        ----------
        data : bytes
            The contents of the file.
        path : Path
            The file they come from, for the message of an error.

        Raises
        ------
        RunCorrupt
            If the file is truncated, of another format, of a newer version, or contradicts itself.
        """

        def check(condition: bool, what: str) -> None:
            if not condition:
                raise RunCorrupt(f"{path} {what}. {_ADVICE}")

        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RunCorrupt(
                f"{path} is not valid JSON ({error}): it was truncated or edited. {_ADVICE}"
            ) from error
        check(
            isinstance(document, dict) and document.get("format") == FORMAT,
            f"is not the manifest of a run: its format is not {FORMAT!r}",
        )
        version = document.get("version")
        if isinstance(version, int) and version > VERSION:
            raise RunCorrupt(
                f"{path} has version {version} of the run format, and this splineviz reads up to "
                f"version {VERSION}: upgrade splineviz to open it"
            )
        check(version in (1, 2), f"names no version of the run format that exists ({version!r})")
        network, metadata = document.get("network"), document.get("metadata")
        libraries, status = document.get("libraries"), document.get("status")
        class_names, dtype = document.get("class_names"), document.get("dtype")
        check(isinstance(network, dict), "holds no network")
        check(isinstance(metadata, dict), "holds no metadata object")
        check(isinstance(libraries, dict), "holds no library versions")
        check(status in STATUSES, f"has the unknown status {status!r}")
        check(dtype in DTYPES, f"has the unknown dtype {dtype!r}")
        check(
            class_names is None
            or (isinstance(class_names, list) and all(isinstance(n, str) for n in class_names)),
            "has class names that are not a list of strings",
        )
        rows = document.get("checkpoints")
        check(isinstance(rows, list), "holds no list of checkpoints")
        samples = document.get("samples")
        for row in [*rows, *([] if samples is None else [samples])]:
            check(_names_a_file(row), f"has an entry {_NO_FILE}: {row!r}")
        steps = [row.get("step") for row in rows]
        check(
            all(type(step) is int and 0 <= step <= _MOST_STEP for step in steps)
            and all(a < b for a, b in pairwise(steps)),
            "has checkpoints whose steps are not increasing whole numbers",
        )
        for row in rows:
            check(row["file"] == checkpoint_file(row["step"]), f"has an entry {_NO_FILE}: {row!r}")
        check(
            samples is None or samples["file"] == SAMPLES,
            f"has an entry {_NO_FILE}: {samples!r}",
        )
        return cls(
            network=network,
            dtype=dtype,
            checkpoints=tuple(
                Checkpoint(row["step"], row["file"], row["sha256"], row.get("constants") is True)
                for row in rows
            ),
            status=status,
            samples=samples and StoredFile(samples["file"], samples["sha256"]),
            class_names=class_names and tuple(class_names),
            metadata=metadata,
            libraries=libraries,
        )


def checkpoint_file(step: int) -> str:
    """The only name that the checkpoint of a step may have."""
    return f"{CHECKPOINTS}/step-{step:09d}.safetensors"


def _names_a_file(row: Any) -> bool:
    """Whether an entry has the name of a file and a hash."""
    return (
        isinstance(row, dict)
        and isinstance(row.get("file"), str)
        and isinstance(row.get("sha256"), str)
    )
