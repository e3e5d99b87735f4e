from __future__ import annotations

import numpy as np
import pytest

from splineviz.widgets.playground.point_pad import PointPad


@pytest.fixture
def pad():
    return PointPad(class_names=["a", "b"], bounds=(-1, -1, 1, 1))


def hear(pad, **content):
    pad._handle_message(pad, content, [])


def test_points_are_drawn_and_rubbed_out(pad):
    hear(pad, do="draw", points=[[0, 0], [0.5, 0.5]], **{"class": 1})
    hear(pad, do="draw", points=[[0.1, 0]], **{"class": 0})
    assert pad.points.tolist() == [[0, 0], [0.5, 0.5], [np.float32(0.1), 0]]
    assert pad.point_classes.tolist() == [1, 1, 0]
    hear(pad, do="rub", points=[[0, 0]], radius=0.2)
    assert pad.points.tolist() == [[0.5, 0.5]]
    assert pad.edits == 3


@pytest.mark.parametrize(
    ("point", "number"), [([2, 0], 0), ([float("nan"), 0], 0), ([0, 0], 2), ([0, 0], -1)]
)
def test_what_cannot_be_drawn_is_left_out(pad, point, number):
    pad.draw([point], number)
    assert len(pad.points) == 0
    assert pad.edits == 0


def test_messages_that_say_nothing_do_nothing(pad):
    hear(pad, do="dance")
    hear(pad)
    assert pad.edits == 0


def test_clearing(pad):
    pad.clear()
    assert pad.edits == 0
    pad.draw([[0, 0]], 0)
    pad.clear()
    assert len(pad.points) == len(pad.point_classes) == 0
    assert pad.edits == 2


def test_showing_other_points_is_no_edit(pad):
    pad.current = 1
    pad.show([[0, 0]], [0], ("one",))
    assert pad.current == 0
    assert pad.edits == 0
