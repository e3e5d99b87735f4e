"""A checkpoint as bytes: weights, and constants that differ from those of the run's first network.

Constants stand in the metadata of the file, so that its hash tells of them too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy.typing as npt

from splineviz.errors import RecordingError
from splineviz.training.files.manifest import MOST_CONSTANTS_BYTES

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]
Options: TypeAlias = Mapping[str, Mapping[str, Any]]
"""The options of steps of a program, by the steps' names."""

_OPTIONS = "options"


def encode_checkpoint(weights: Arrays, options: Options) -> bytes:
    """Make the bytes of a safetensors file.

    Parameters
    ----------
    weights : mapping of str to array
    options : mapping of str to mapping
        Of the steps whose options differ from those in the manifest: all of them, as JSON values.

    Returns
    -------
    bytes

    Raises
    ------
    RecordingError
        If the options are too large to be read again.
    """
    import safetensors.numpy

    metadata = {_OPTIONS: json.dumps(options, sort_keys=True, allow_nan=False)} if options else None
    size = len(json.dumps(metadata))
    if size > MOST_CONSTANTS_BYTES:
        raise RecordingError(
            f"the constants of the network that have changed take {size / 2**20:.0f} MB as text, "
            f"and {MOST_CONSTANTS_BYTES / 2**20:.0f} MB at most are kept. Make large ones buffers "
            "with register_buffer, which are kept as weights are"
        )
    return safetensors.numpy.save(dict(weights), metadata)


def options_of(data: bytes) -> dict[str, Any]:
    """The options in a file that `encode_checkpoint` made.

    Parameters
    ----------
    data : bytes
        A whole safetensors file.

    Returns
    -------
    dict
        By the names of steps; empty if all are those in the manifest.

    Raises
    ------
    ValueError
        If they are not an object of objects.
    """
    size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    options = json.loads(metadata.get(_OPTIONS, "{}"))
    if not isinstance(options, dict) or not all(isinstance(v, dict) for v in options.values()):
        raise ValueError("its constants are not an object of objects")
    return options


def with_options(network: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """The graph of a network with other options for some steps.

    Parameters
    ----------
    network : mapping
        As ``Program.to_json()`` gives it.
    options : mapping of str to mapping
        By the names of steps.

    Returns
    -------
    dict
        Another graph; the one given stays as it is.

    Raises
    ------
    ValueError
        If there is no step of a name.
    """
    if not options:
        return dict(network)
    names = [step["name"] for step in network["steps"]]
    for name in options:
        if name not in names:
            raise ValueError(f"it has constants for a step {name!r} that the network lacks")
    steps = [
        {**step, "options": options.get(step["name"], step["options"])} for step in network["steps"]
    ]
    return {**network, "steps": steps}
