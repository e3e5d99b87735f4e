"""What an error says of what would have worked."""

from __future__ import annotations

from splineviz.errors import UnknownName


def test_numbers_are_near_by_their_size():
    few = UnknownName("step", "5", ["100", "20", "3"])
    assert str(few) == "unknown step '5'; known: 3, 20, 100"
    many = [str(10 * each) for each in range(40)]
    assert "the nearest of 40: 200, 210, 190," in str(UnknownName("step", "201", many))


def test_names_are_near_by_their_spelling():
    many = [f"layer{each}.conv" for each in range(40)]
    assert "the nearest of 40: layer7.conv," in str(UnknownName("layer", "layer7.con", many))
