"""Partitions as files: safetensors, with the program and the slice as JSON in their metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from splineviz.errors import InvalidArgument, PartitionCorrupt, SplinevizError, UnsafeFile
from splineviz.files import check_file, write_atomically
from splineviz.network.program import Program
from splineviz.network.unsupported import refuse_opaque
from splineviz.partition.edge_table import EdgeTable
from splineviz.partition.one_dimensional.left_to_right import from_left_to_right
from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
from splineviz.partition.patterns import LayerPattern
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.partition.spline_partition import SplinePartition
from splineviz.partition.stored_partition import StoredPartition
from splineviz.partition.verification.consistency import check_arrays

Kind = TypeVar("Kind", bound=StoredPartition)

FORMAT = "splineviz-partition"
VERSION = 1

# Larger files are refused; this holds some tens of millions of regions.
MOST_BYTES = 2**34

Arrays = dict[str, npt.NDArray[Any]]


def save_partition(partition: StoredPartition, path: Path) -> None:
    """Write a partition, its network and its slice as one file: in full, or not at all."""
    regions, slices, domain = _parts(partition)
    edges = regions.edges
    arrays: Arrays = {
        "vertices": regions.vertices,
        "edges.vertices": edges.vertices,
        "edges.regions": edges.regions,
        "edges.layer": edges.layer,
        "edges.neuron": edges.neuron,
        "ring_vertices": regions.ring_vertices,
        "ring_offsets": regions.ring_offsets,
        "region_offsets": regions.region_offsets,
        **slices,
    }
    for i, layer in enumerate(regions.layers):
        arrays[f"layers.{i}.parent"] = layer.parent
        arrays[f"layers.{i}.bits"] = layer.bits
    for key, weights in regions.program.state.items():
        arrays[f"program.{key}"] = weights
    contents = {
        "program": regions.program.to_json(),
        **domain,
        "layers": [{"name": layer.name, "width": layer.width} for layer in regions.layers],
    }
    # safetensors reads the memory of an array as it lies.
    arrays = {key: np.array(array, order="C") for key, array in arrays.items()}
    text = json.dumps(contents, allow_nan=False)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "contents": text,
        "sha256": _digest(arrays, text),
    }
    data = save(arrays, metadata)
    if len(data) > MOST_BYTES:
        raise InvalidArgument(
            f"the partition has {len(data):,} bytes, and no more than {MOST_BYTES:,} are read from "
            "a file: save partitions of smaller slices"
        )
    write_atomically(path, data)


def _parts(
    partition: StoredPartition,
) -> tuple[SplinePartition, Arrays, dict[str, str]]:
    """The regions in two dimensions, the slice as arrays, and its domain.

    A segment needs no domain: its strip follows from it.
    """
    if isinstance(partition, SegmentPartition):
        segment = partition.segment
        arrays = {"slice.direction": segment.direction, "slice.bounds": np.array(segment.bounds)}
        arrays |= {"slice.origin": segment.origin, "slice.anchors": segment.anchors}
        return partition.strip, arrays, {}
    if not isinstance(partition, SplinePartition) or type(partition.plane) is not InputSlice:
        raise InvalidArgument(
            "this is the picture of a function of one input: save the partition of its segment, "
            "which enumerate_regions(model, segment) gives"
        )
    plane = partition.plane
    arrays = {"slice.origin": plane.origin, "slice.basis": plane.basis}
    arrays["slice.anchors"] = plane.anchors
    return partition, arrays, {"domain": shapely.to_wkb(plane.domain, hex=True)}


def load_partition(path: Path, kind: type[Kind]) -> Kind:
    """Read a partition back, the same to the last bit.

    Parameters
    ----------
    path : Path
    kind : type
        SplinePartition or SegmentPartition.

    Raises
    ------
    PartitionCorrupt
        If the file is not a partition, is truncated, was changed, or was written by a newer
        version.
    InvalidArgument
        If it is a partition of the other kind.
    FileNotFoundError
        If there is no such file.
    """
    arrays, metadata = _read(path)
    if metadata.get("format") != FORMAT:
        raise PartitionCorrupt(f"{path} is not a partition: its format is not {FORMAT!r}")
    version = metadata.get("version", "")
    if version.isdecimal() and int(version) > VERSION:
        raise PartitionCorrupt(
            f"{path} has version {version} of the partition format, and this splineviz reads up "
            f"to version {VERSION}: upgrade splineviz to open it"
        )
    text = metadata.get("contents", "")
    if version != str(VERSION) or metadata.get("sha256") != _digest(arrays, text):
        raise PartitionCorrupt(
            f"{path} was changed after it was written: enumerate the partition again"
        )
    try:
        partition = _decode(arrays, json.loads(text))
    except (
        *(SplinevizError, shapely.GEOSException, LookupError, TypeError, ValueError),
        *(AttributeError, OverflowError, RecursionError),
    ) as error:
        raise PartitionCorrupt(f"{path} does not hold a whole partition: {error}") from error
    if not isinstance(partition, kind):
        where = "segment" if "slice.direction" in arrays else "plane"
        raise InvalidArgument(
            f"{path} holds the partition of a {where}: open it with {type(partition).__name__}.load"
        )
    return partition


def _read(path: Path) -> tuple[Arrays, Mapping[str, str]]:
    """All arrays of a file, and its metadata."""
    try:
        if not path.is_dir():
            check_file(path, MOST_BYTES)
    except UnsafeFile as error:
        raise PartitionCorrupt(f"this is not the file of a partition: {error}") from error
    with open(path, "rb"):  # its errors say more than those of safetensors
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise PartitionCorrupt(
            f"{path} is not a partition, or was truncated: it is not a whole safetensors file "
            f"({error})"
        ) from error


def _decode(arrays: Arrays, contents: Mapping[str, Any]) -> SplinePartition | SegmentPartition:

    origin, anchors = arrays["slice.origin"], arrays["slice.anchors"]
    if "slice.direction" in arrays:
        bounds = arrays["slice.bounds"].tolist()
        segment = InputSegment(origin, arrays["slice.direction"], bounds, anchors)
        partition = SegmentPartition(segment, _decode_regions(arrays, contents, segment.strip))
        from_left_to_right(partition.strip)  # raises if the regions do not follow each other
        return partition
    domain = shapely.from_wkb(contents["domain"])
    plane = InputSlice(origin, arrays["slice.basis"], domain, anchors)
    return _decode_regions(arrays, contents, plane)


def _decode_regions(
    arrays: Arrays, contents: Mapping[str, Any], plane: InputSlice
) -> SplinePartition:

    prefix = "program."
    state = {key.removeprefix(prefix): a for key, a in arrays.items() if key.startswith(prefix)}
    program = Program.from_json(contents["program"], state)
    refuse_opaque(program)
    partition = SplinePartition(
        program=program,
        plane=plane,
        vertices=arrays["vertices"],
        edges=EdgeTable(
            vertices=arrays["edges.vertices"],
            regions=arrays["edges.regions"],
            layer=arrays["edges.layer"],
            neuron=arrays["edges.neuron"],
        ),
        ring_vertices=arrays["ring_vertices"],
        ring_offsets=arrays["ring_offsets"],
        region_offsets=arrays["region_offsets"],
        layers=tuple(
            LayerPattern(
                name=layer["name"],
                width=layer["width"],
                parent=arrays[f"layers.{i}.parent"],
                bits=arrays[f"layers.{i}.bits"],
            )
            for i, layer in enumerate(contents["layers"])
        ),
    )
    check_arrays(partition)
    return partition


def _digest(arrays: Arrays, text: str) -> str:
    """A hash of everything that a file holds."""
    digest = hashlib.sha256(text.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
