"""Runs the tests of the widgets' JavaScript with node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import shapely

from splineviz.display.frames import Frame
from splineviz.display.packing import pack
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.common.esm_bundle import module
from tests.widgets.standin import StandInRun, dense_program

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def node():
    path = shutil.which("node")
    if path is None:
        reason = "node is not installed"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"the tests of the JavaScript must run here: {reason}")
        pytest.skip(reason)
    return path


def frames(folder):
    """Two frames of a run, packed, and what is to be said of the first."""
    run = StandInRun(widths=(2, 9, 12, 3))
    plane = InputSlice.identity()
    first, later = (enumerate_regions(run.program(step), plane) for step in (100, 1000))
    graph = first.dual_graph()
    edges = first.edges
    own = edges.layer >= 0
    segments = shapely.linestrings(first.vertices[edges.vertices])
    nearest = []
    for region in range(0, len(first), 7):
        x, y = first.representative_points[region]
        mine = np.flatnonzero(own & (edges.regions == region).any(axis=1))
        distances = shapely.distance(segments[mine], shapely.Point(x, y))
        edge = mine[distances.argmin()]
        nearest.append(
            {
                "region": region,
                # From the corner of the domain.
                "x": x + 1,
                "y": y + 1,
                "layer": int(edges.layer[edge]),
                "neuron": int(edges.neuron[edge]),
                "distance": distances.min(),
            }
        )
    patterns = first.activation_patterns()
    known, new = (set(map(int, part.pattern_hashes())) for part in (first, later))
    # The class at the middle of each pixel of a picture, row by row from the top.
    middles = (np.arange(60) + 0.5) / 30 - 1
    pixels = np.stack(np.meshgrid(middles, -middles), axis=-1).reshape(-1, 2)
    facts = {
        "classes": first.program(plane.embed(pixels)).argmax(axis=1).tolist(),
        "areas": first.areas.tolist(),
        "hashes": first.pattern_hashes().tolist(),
        "counts": first.activation_counts().T.tolist(),
        "patterns": patterns.tolist(),
        "layers": [
            ["".join(map(str, row.astype(int))) for row in part]
            for part in np.split(patterns, np.cumsum([9]), axis=1)
        ],
        "neighbors": [sorted(graph[[r]].indices.tolist()) for r in range(len(first))],
        "nearest": nearest,
        "born": [int(hash_ not in known) for hash_ in later.pattern_hashes().tolist()],
        "vanished": [int(hash_ not in new) for hash_ in first.pattern_hashes().tolist()],
    }
    for name in ("active", "pattern", "random"):
        facts[name] = COLORINGS[name].values(first).tolist()
    paths = {name: folder / name for name in ("FRAME", "LATER_FRAME", "FRAME_FACTS")}
    paths["FRAME"].write_bytes(Frame.from_partition(first, 100).pack())
    paths["LATER_FRAME"].write_bytes(Frame.from_partition(later, 1000).pack())
    paths["FRAME_FACTS"].write_text(json.dumps(facts))
    return {name: str(path) for name, path in paths.items()}


def coinciding(folder):
    """A frame of a network whose neurons share boundaries, in a layer and across two."""
    first = (np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([0.0, 0.0, 0.3]))
    second = (np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 1.0]]), np.array([0.0, -0.2]))
    program = dense_program((2, 3, 2, 2), [first, second, (np.eye(2), np.zeros(2))])
    partition = enumerate_regions(program, InputSlice.identity())
    own = Coloring("active", "", "linear", lambda shapes: np.arange(len(shapes)) / 2)
    path = folder / "coinciding"
    path.write_bytes(Frame.from_partition(partition, 0, COLORINGS | {"active": own}).pack())
    return {"COINCIDING_FRAME": str(path)}


@pytest.mark.parametrize(
    "name",
    [
        "player/region_canvas.js",
        "export/page.js",
        "charts/step_cursor.js",
        "playground/point_pad.js",
        "slice_picker/sample_gallery.js",
    ],
)
def test_a_widget_has_one_module(name, node, tmp_path):
    """The modules put together are one that runs: no name twice, nothing imported."""
    path = tmp_path / "widget.mjs"
    path.write_text(module(name))
    code = f"import({str(path)!r}).then((widget) => console.log(Object.keys(widget)))"
    out = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[ 'default' ]\n"


@pytest.mark.parametrize("tests", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_javascript(tests, node, tmp_path):
    block = tmp_path / "block.bin"
    block.write_bytes(
        pack(
            {
                "small": np.array([[1, 2], [3, 4], [5, 6]], np.uint8),
                "wide": np.array([70000], np.uint32),
                "real": np.array([0.5, -2], np.float32),
            },
            {"step": 12, "name": "é"},
        )
    )
    environment = {"PACKED_BLOCK": str(block), **frames(tmp_path), **coinciding(tmp_path)}
    result = subprocess.run(
        [node, "--test", str(tests)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
