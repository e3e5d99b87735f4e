from __future__ import annotations

from pathlib import Path

import pytest

from splineviz.terminal import printable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("loss, ε = 0.1 (日本)", "loss, ε = 0.1 (日本)"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\nb\r\tc\0", r"a\nb\r\tc\x00"),
        ("\x9b31m", r"\x9b31m"),
        ("turned \u202eround", r"turned \u202eround"),
        ("hidden\u200b", r"hidden\u200b"),
        ("tag \U000e0041", r"tag \U000e0041"),
        (Path("/runs/\udcff\x07"), r"/runs/\udcff\x07"),
        (3.5, "3.5"),
        ({"a": "\x1b"}, r"{'a': '\x1b'}"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_its_escape(value: object, shown: str) -> None:
    assert printable(value) == shown
    assert printable(value).isprintable()
