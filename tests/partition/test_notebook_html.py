"""What slices, partitions and certificates show in a notebook."""

from __future__ import annotations

import base64
import io
import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import splineviz as sv
from splineviz.partition import notebook_html

RNG = np.random.default_rng(0)
PLANE = sv.InputSlice.identity((-1, -1, 1, 1))
SEGMENT = sv.InputSlice.identity((-1, 1))


def network(*widths):
    pairs = list(pairwise(widths))
    weights = [RNG.normal(size=(out, given)) for given, out in pairs]
    return sv.dense_network(weights, [RNG.normal(size=out) * 0.3 for _, out in pairs])


def pictures(made):
    found = re.findall(r"data:image/png;base64,([^\"]+)", made)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_partition_shows_a_small_picture_beside_its_numbers(outputs):
    partition = sv.enumerate_regions(network(2, 12, outputs), PLANE)
    made = partition._repr_html_()
    [image] = pictures(made)
    assert max(image.size) <= 320
    assert len(image.convert("RGB").getcolors(10**6)) > 20
    assert f"SplinePartition({len(partition)} regions" in made
    assert "There is no picture" not in made
    assert repr(partition).startswith("SplinePartition(")


def test_the_work_for_a_partition_is_bounded(monkeypatch):
    partition = sv.enumerate_regions(network(2, 12, 2), PLANE)
    monkeypatch.setattr(notebook_html, "_MOST_WITH_LINES", 5)
    assert "lines between regions are left out" in partition._repr_html_()
    monkeypatch.setattr(notebook_html, "_MOST_NUMBERS", 5)
    assert "color: area" in partition._repr_html_()
    monkeypatch.setattr(notebook_html, "_MOST_DRAWN", 5)
    made = partition._repr_html_()
    assert pictures(made) == []
    assert "partition.plot() draws them" in made


def test_one_region_and_a_dead_network():
    dead = sv.dense_network([np.zeros((3, 2)), np.zeros((1, 3))], [np.zeros(3), np.zeros(1)])
    made = sv.enumerate_regions(dead, PLANE)._repr_html_()
    assert len(pictures(made)) == 1
    assert "There is no picture" not in made


def test_a_partition_of_a_segment_shows_its_function():
    partition = sv.enumerate_regions(network(1, 6, 2), SEGMENT)
    made = partition._repr_html_()
    [image] = pictures(made)
    assert max(image.size) <= 320
    assert f"{len(partition.breakpoints)} breakpoints" in made
    assert "There is no picture" not in made


def test_a_slice_shows_its_anchors_as_images():
    a, b, c = RNG.random((3, 64))
    made = sv.InputSlice.through(a, b, c)._repr_html_()
    assert len(pictures(made)) == 3
    assert len(pictures(sv.InputSlice.segment(a, b)._repr_html_())) == 2


@pytest.mark.parametrize(
    ("plane", "said"),
    [
        (sv.InputSlice.through([0, 0, 1], [1, 0, 0], [0, 0.25, 0]), "C: -"),
        (sv.InputSlice.segment([0.0, 0.5], [1.0, 0.5]), "A: 0, 0.5"),
        (PLANE, "direction 2: 0, 1"),
        (SEGMENT, "direction 1: 1"),
    ],
)
def test_a_slice_of_other_inputs_shows_numbers(plane, said):
    made = plane._repr_html_()
    assert pictures(made) == []
    assert said.removesuffix("-") in made
    assert "There is no picture" not in made


@pytest.mark.parametrize("plane", [PLANE, SEGMENT], ids=["plane", "segment"])
def test_a_certificate_lists_what_it_proved_and_what_not(plane):
    net = network(2 if plane is PLANE else 1, 6, 1)
    certificate = sv.enumerate_regions(net, plane).verify(net)
    made = certificate._repr_html_()
    proved, not_proved = made.split("Not proved:")
    assert proved.count("<li>") == len(str(certificate).splitlines()) - 1
    assert "at one point inside each region" in not_proved
    assert ("corner" in not_proved) == (plane is PLANE)
    assert "within rounding of zero" not in not_proved
