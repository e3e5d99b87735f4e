"""The rule of splineviz/README.md: what is a property, and what a method."""

from __future__ import annotations

import inspect
import sys
from functools import cached_property, partial

import pytest

import splineviz as sv
from splineviz.errors import RenamedAttribute
from splineviz.network import interpret

PROGRAM = sv.Run.bundled("checkerboard").program(30000)
SQUARE = sv.InputSlice.identity((-1, -1, 1, 1))
SEGMENT = sv.InputSlice.segment([-1, -1], [1, 1])

OBJECTS = {
    "SplinePartition": lambda: sv.enumerate_regions(PROGRAM, SQUARE),
    "SegmentPartition": lambda: sv.enumerate_regions(PROGRAM, SEGMENT),
    "Run": lambda: sv.Run.bundled("checkerboard"),
    "LocalComplexity": lambda: sv.local_complexity(PROGRAM, [[0.1, 0.2]], radius=0.1),
    "ActivationRegion": lambda: sv.region_at(PROGRAM, [0.1, 0.2]),
}

# Every network is run by these.
RUNNING = {interpret.walk.__code__, interpret.interpret.__code__}


def runs_a_network(function):
    ran = []

    def note(frame, event, _):
        ran.extend([True] * (event == "call" and frame.f_code in RUNNING))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    except RenamedAttribute:
        # An old name: it only says the new one.
        pass
    finally:
        sys.setprofile(before)
    return bool(ran)


def public(kind, which):
    """The names of public attributes of a class that are of a kind, those of its bases too."""
    return [
        name
        for name in dir(kind)
        if not name.startswith("_") and isinstance(inspect.getattr_static(kind, name), which)
    ]


@pytest.mark.parametrize("name", OBJECTS)
def test_no_property_runs_a_network(name):
    # A new object for each property: what one has computed, another one may read.
    properties = public(type(OBJECTS[name]()), property | cached_property)
    assert properties
    objects = {each: OBJECTS[name]() for each in properties}
    running = [each for each in properties if runs_a_network(partial(getattr, objects[each], each))]
    assert running == []


def test_what_runs_a_network_is_noticed():
    assert runs_a_network(OBJECTS["SplinePartition"]().predictions)
    assert runs_a_network(OBJECTS["SegmentPartition"]().values)
    assert runs_a_network(lambda: PROGRAM([[0.0, 0.0]]))
