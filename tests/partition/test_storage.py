"""Partitions on disk: the same to the last bit, or a clear refusal."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from safetensors import safe_open
from safetensors.numpy import save, save_file

import splineviz as sv
from splineviz.errors import InvalidArgument, PartitionCorrupt, UnsafeFile
from splineviz.partition.one_dimensional.graph_partition import GraphPartition
from splineviz.partition.slices.graph_slice import graph_slice
from tests.partition.networks import FRAME_WITH_HOLES, partition_of, partitions, random_mlp

PLANE = sv.InputSlice.around(np.linspace(-1, 1, 5), seed=1)


@pytest.fixture(scope="module")
def partition():
    return sv.enumerate_regions(random_mlp(1, [5, 8, 70, 3]), PLANE)


@pytest.fixture
def saved(partition, tmp_path):
    partition.save(tmp_path / "one.partition")
    return tmp_path / "one.partition"


def assert_identical(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
    elif isinstance(a, shapely.Geometry):
        assert shapely.to_wkb(a) == shapely.to_wkb(b)
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for pair in zip(a, b, strict=True):
            assert_identical(*pair)
    elif hasattr(a, "items"):
        assert list(a) == list(b)
        for key in a:
            assert_identical(a[key], b[key])
    elif is_dataclass(a):
        for field in fields(a):
            assert_identical(getattr(a, field.name), getattr(b, field.name))
    else:
        assert a == b


@given(partitions())
def test_a_partition_comes_back_the_same_to_the_last_bit(tmp_path_factory, partition):
    path = tmp_path_factory.mktemp("partitions") / "a"
    partition.save(path)
    assert_identical(sv.SplinePartition.load(path), partition)


def test_slices_domains_and_wide_layers_come_back(partition, saved):
    found = sv.SplinePartition.load(str(saved))
    assert_identical(found, partition)
    assert found.plane.anchors.shape == (1, 2)
    found.verify(partition.program)
    holes = partition_of(FRAME_WITH_HOLES)
    holes.save(saved)
    assert_identical(sv.SplinePartition.load(saved), holes)
    assert [path.name for path in saved.parent.iterdir()] == ["one.partition"]


SEGMENT = sv.InputSlice.segment(np.zeros(5), np.linspace(-1, 3, 5), margin=0.25)


@pytest.fixture
def saved_segment(tmp_path):
    line = sv.enumerate_regions(random_mlp(1, [5, 8, 70, 3]), SEGMENT)
    line.save(tmp_path / "one.partition")
    return tmp_path / "one.partition"


@pytest.mark.parametrize("weight", [random_mlp(1, [5, 8, 70, 3]), random_mlp(3, [5, 2])])
def test_a_segment_comes_back_the_same_to_the_last_bit(tmp_path, weight):
    line = sv.enumerate_regions(weight, SEGMENT)
    line.save(tmp_path / "a")
    found = sv.SegmentPartition.load(str(tmp_path / "a"))
    assert_identical(found, line)
    assert found.segment.anchors.tolist() == SEGMENT.anchors.tolist()
    np.testing.assert_array_equal(found.breakpoints, line.breakpoints)
    found.verify(line.program)


def test_the_other_kind_of_partition_is_refused_by_its_name(partition, saved_segment, tmp_path):
    with pytest.raises(InvalidArgument, match=r"of a segment: open it with SegmentPartition\.load"):
        sv.SplinePartition.load(saved_segment)
    partition.save(tmp_path / "plane")
    with pytest.raises(InvalidArgument, match=r"of a plane: open it with SplinePartition\.load"):
        sv.SegmentPartition.load(tmp_path / "plane")
    # The picture of a function is drawn from a segment's partition, and is in no file.
    with pytest.raises(InvalidArgument, match=r"of a plane: open it with SplinePartition\.load"):
        GraphPartition.load(tmp_path / "plane")


def test_the_picture_of_a_segment_is_not_saved_as_a_plane(tmp_path):
    line = sv.InputSlice.identity(bounds=(-1, 1))
    program = random_mlp(1, [1, 4, 1])
    graph = sv.enumerate_regions(program, graph_slice([program], line))
    with pytest.raises(InvalidArgument, match="save the partition of its segment"):
        graph.save(tmp_path / "a")


def one_chain(arrays, contents):
    """The first inner edge lies along the border."""
    inner = np.flatnonzero((arrays["edges.regions"] >= 0).all(axis=1))[0]
    arrays["vertices"][arrays["edges.vertices"][inner], 1] = 0.0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (one_chain, "do not follow each other from left to right"),
        (lambda arrays, contents: arrays["slice.bounds"].fill(1.0), "bounds must be a lower"),
        (lambda arrays, contents: arrays["slice.direction"].fill(0.0), "direction is zero"),
        (lambda arrays, contents: arrays["slice.origin"].fill(np.nan), "NaN"),
        (lambda arrays, contents: arrays.pop("slice.anchors"), "slice.anchors"),
        (lambda arrays, contents: arrays.update({"slice.bounds": np.zeros((2, 2))}), "bounds"),
        (lambda arrays, contents: arrays.pop("slice.direction"), "domain"),
    ],
)
def test_a_segment_that_does_not_fit_is_refused(saved_segment, change, told):
    tamper(saved_segment, change)
    with pytest.raises(PartitionCorrupt, match=told):
        sv.SegmentPartition.load(saved_segment)


def test_convolutions_come_back(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 2)
    )
    partition = sv.enumerate_regions(network, sv.InputSlice.around(np.zeros((1, 4, 4)), 3.0))
    partition.save(tmp_path / "a")
    found = sv.SplinePartition.load(tmp_path / "a")
    assert_identical(found, partition)
    found.verify(network)


def test_the_format_is_safetensors(saved):
    with safe_open(saved, framework="numpy") as file:
        assert file.metadata()["format"] == "splineviz-partition"
        assert file.metadata()["version"] == "1"
        assert "vertices" in file.keys()  # noqa: SIM118


def test_every_truncated_file_is_refused(saved):
    data = saved.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, len(data) // 2, len(data) - 1]:
        saved.write_bytes(data[:length])
        with pytest.raises(PartitionCorrupt, match=r"one\.partition"):
            sv.SplinePartition.load(saved)
    saved.write_bytes(data + b"\0")
    with pytest.raises(PartitionCorrupt):
        sv.SplinePartition.load(saved)


def test_every_changed_byte_is_noticed(saved):
    data = saved.read_bytes()
    rng = np.random.default_rng(0)
    for place in [*range(8, 3000, 37), *rng.integers(3000, len(data), 60)]:
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        saved.write_bytes(changed)
        with pytest.raises(PartitionCorrupt):
            sv.SplinePartition.load(saved)


def rewritten(path, **changes):
    with safe_open(path, framework="numpy") as file:
        metadata = {**file.metadata(), **changes}
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    path.write_bytes(save(arrays, metadata))


def test_foreign_files_are_refused(saved):
    for data in (pickle.dumps([1, 2]), b"PK\x03\x04" + bytes(100), json.dumps({}).encode()):
        saved.write_bytes(data)
        with pytest.raises(PartitionCorrupt, match="is not a partition"):
            sv.SplinePartition.load(saved)
    save_file({"weight": np.zeros(3)}, saved)
    with pytest.raises(PartitionCorrupt, match="is not a partition: its format"):
        sv.SplinePartition.load(saved)


def test_a_file_of_a_newer_version_is_refused(saved):
    rewritten(saved, version="2")
    with pytest.raises(PartitionCorrupt, match=r"version 2 .* up to version 1: upgrade splineviz"):
        sv.SplinePartition.load(saved)
    rewritten(saved, version="new")
    with pytest.raises(PartitionCorrupt, match="was changed"):
        sv.SplinePartition.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays, contents: arrays.pop("ring_offsets"),
        lambda arrays, contents: arrays.update(vertices=arrays["vertices"].astype(np.float32)),
        lambda arrays, contents: arrays.pop("program.0.weight"),
        lambda arrays, contents: arrays.pop("layers.1.bits"),
        lambda arrays, contents: contents.pop("domain"),
        lambda arrays, contents: contents.update(domain="00"),
        lambda arrays, contents: contents["program"].update(version=99),
        lambda arrays, contents: contents.update(layers=None),
    ],
)
def test_a_file_that_lacks_something_is_refused(saved, change):
    tamper(saved, change)
    with pytest.raises(PartitionCorrupt, match="does not hold a whole partition"):
        sv.SplinePartition.load(saved)


def tamper(path, change):
    """Change what a file holds, and make its hash right."""
    from splineviz.partition.storage import _digest

    with safe_open(path, framework="numpy") as file:
        metadata = dict(file.metadata())
        arrays = {key: np.array(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118
    contents = json.loads(metadata["contents"])
    change(arrays, contents)
    arrays = {key: np.array(array, order="C") for key, array in arrays.items()}
    metadata["contents"] = json.dumps(contents)
    metadata["sha256"] = _digest(arrays, metadata["contents"])
    path.write_bytes(save(arrays, metadata))


def entry(name, place, value):
    def change(arrays, contents):
        arrays[name].reshape(-1)[place] = value

    return change


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("region_offsets", 1, 10_000),
        ("region_offsets", 1, -1),
        ("region_offsets", 0, 1),
        ("region_offsets", 1, 0),
        ("region_offsets", 1, 2**62),
        ("ring_offsets", -1, 2**40),
        ("ring_offsets", 1, 1),
        ("ring_vertices", 5, 2**31 - 1),
        ("ring_vertices", 5, -1),
        ("edges.vertices", 0, 10**6),
        ("edges.regions", 3, -2),
        ("edges.layer", 2, 2),
        ("edges.layer", 2, -2),
        ("edges.neuron", -1, -2),
        ("layers.0.parent", -1, 2**31 - 1),
        ("layers.1.parent", 0, 3),
        ("layers.1.bits", 1, 2**63),
        ("vertices", 0, np.nan),
        ("vertices", 0, 1e300),
    ],
)
def test_a_number_that_leads_outside_is_refused_by_the_name_of_its_array(saved, name, place, value):
    tamper(saved, entry(name, place, value))
    with pytest.raises(PartitionCorrupt, match=rf"{re.escape(name)}\b|an edge names a"):
        sv.SplinePartition.load(saved)


MUTATIONS = """
import sys
from pathlib import Path
import numpy as np
import splineviz as sv
from splineviz.errors import PartitionCorrupt, SplinevizError
from tests.partition.test_storage import tamper
from tests.partition.networks import FRAME_WITH_HOLES, random_mlp

if sys.argv[2] == "plane":
    where = sv.InputSlice(np.zeros(2), np.eye(2), FRAME_WITH_HOLES)
else:
    where = sv.InputSlice.segment([-1.0, 0.5], [1.0, 0.7])
partition = sv.enumerate_regions(random_mlp(2, [2, 6, 7, 2]), where)
wild = [-1, -2, 0, 1, 2, 10_000, 2**31 - 1, -(2**31), 2**40, 2**62]
refused = 0
for seed in range(250):
    rng = np.random.default_rng(seed)

    def change(arrays, contents):
        indices = ("ring_", "region", "edges", "layers")
        name = rng.choice([key for key in sorted(arrays) if key.startswith(indices)])
        array, kind = arrays[name], rng.integers(5)
        if kind < 2:
            value = wild[rng.integers(len(wild))]
            array.reshape(-1)[rng.integers(array.size)] = np.array(value).astype(array.dtype)
        elif kind == 2:
            arrays[name] = array[: rng.integers(len(array))]
        elif kind == 3:
            arrays[name] = array.astype(rng.choice(["int16", "int64", "float64", "uint64"]))
        else:
            rng.shuffle(array)

    partition.save(sys.argv[1])
    tamper(Path(sys.argv[1]), change)
    try:
        loaded = type(partition).load(sys.argv[1])
    except PartitionCorrupt:
        refused += 1
        continue
    loaded.affine_maps(), loaded.pattern_hashes(), loaded.decision_boundary()
    if sys.argv[2] == "plane":
        loaded.areas, loaded.representative_points, loaded.dual_graph(), loaded.merge_linear()
    else:
        loaded.values, loaded.crossings(), loaded.linear_regions(), loaded.locate([0.5, 9.0])
    try:
        loaded.verify(partition.program)
    except SplinevizError:
        refused += 1
print(refused)
"""


@pytest.mark.parametrize("where", ["plane", "segment"])
def test_whatever_is_changed_in_a_file_it_is_refused_or_read_without_a_crash(tmp_path, where):
    done = subprocess.run(
        [sys.executable, "-c", MUTATIONS, str(tmp_path / "a"), where],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 190


def test_no_file_and_no_folder_are_the_usual_errors(partition, tmp_path):
    with pytest.raises(FileNotFoundError):
        sv.SplinePartition.load(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        partition.save(tmp_path / "none" / "a")
    with pytest.raises(IsADirectoryError):
        sv.SplinePartition.load(tmp_path)


def test_only_files_of_bounded_size_are_read(saved, partition, monkeypatch):
    with open(saved, "wb") as file:
        file.truncate(2**40)
    with pytest.raises(PartitionCorrupt, match=r"1,099,511,627,776 bytes"):
        sv.SplinePartition.load(saved)
    saved.unlink()
    os.mkfifo(saved)
    with pytest.raises(PartitionCorrupt, match="is a pipe"):
        sv.SplinePartition.load(saved)
    with pytest.raises(UnsafeFile, match="is a pipe"):
        partition.save(saved)
    monkeypatch.setattr("splineviz.partition.storage.MOST_BYTES", 1000)
    with pytest.raises(InvalidArgument, match="smaller slices"):
        partition.save(saved.with_name("large"))
    assert not saved.with_name("large").exists()


def test_a_partition_behind_a_link_of_the_user_is_read(saved, partition):
    link = saved.with_name("link")
    link.symlink_to(saved)
    assert_identical(sv.SplinePartition.load(link), partition)
