from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from splineviz.errors import ShapeMismatch, UnknownArgument
from splineviz.widgets.common.base import PackedArray, SharedWidget, StrictWidget


class Dots(StrictWidget):
    _esm = "export default { render() {} }"

    points = PackedArray("f4", columns=2)
    classes = PackedArray("u2")


def test_unknown_arguments_are_refused():
    with pytest.raises(
        UnknownArgument, match="Dots has no argument colour; it has classes, points"
    ):
        Dots(colour="red")


def test_arguments_of_every_widget_are_known():
    assert Dots(layout={"width": "10px"}).layout.width == "10px"


def test_an_array_travels_as_its_bytes():
    state = Dots(points=[[0, 1], [2, 0.5]], classes=[1, 258]).get_state(["points", "classes"])
    assert state["points"] == np.array([0, 1, 2, 0.5], "<f4").tobytes()
    assert state["classes"] == b"\x01\x00\x02\x01"


def test_an_array_is_empty_at_first():
    dots = Dots()
    assert dots.points.shape == (0, 2)
    assert dots.classes.shape == (0,)
    assert dots.get_state(["points"])["points"] == b""


@pytest.mark.parametrize("points", [[1.0, 2.0], [[1.0, 2.0, 3.0]], np.zeros((2, 2, 2))])
def test_arrays_of_another_shape_are_refused(points):
    with pytest.raises(ShapeMismatch, match="points must have shape"):
        Dots(points=points)


def test_a_closed_widget_with_a_style_sheet_is_let_go_of(tmp_path):
    sheet = tmp_path / "dots.css"
    sheet.write_text("p { color: red }")

    class Styled(Dots):
        _css = sheet

    dots = Styled()
    assert dots.get_state()["_css"] == "p { color: red }"
    gone = weakref.ref(dots)
    dots.close()
    del dots
    gc.collect()
    assert gone() is None


def test_a_thread_knows_whether_it_holds_the_lock():
    widget = SharedWidget()
    held = [widget.holds_lock]
    with widget.lock:
        held.append(widget.holds_lock)
        other = threading.Thread(target=lambda: held.append(widget.holds_lock))
        other.start()
        other.join(5)
    assert [*held, widget.holds_lock] == [False, True, False, False]
