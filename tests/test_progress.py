from __future__ import annotations

import io
import sys

import pytest

from splineviz.progress import reporting, showing


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(True, 20_000, "step") as tell:
        for step in range(20_001):
            tell(step)
    written = capsys.readouterr()
    assert written.err.splitlines() == [f"step {step}/20000" for step in range(2000, 20_001, 2000)]
    assert written.out == ""


def test_a_log_gets_no_more_lines_than_there_are_things(capsys: pytest.CaptureFixture[str]) -> None:
    with showing("activation") as show:
        for done in (1, 2, 3):
            show(done, 3, f"{done} regions")
    assert capsys.readouterr().err.splitlines() == [
        "activation 1/3, 1 regions",
        "activation 2/3, 2 regions",
        "activation 3/3, 3 regions",
    ]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with showing("activation") as show:
        show(1, 2, "10 regions")
        show(2, 2, "30 regions")
    shown = terminal.getvalue()
    assert shown.startswith("\r")
    assert "100%|" in shown
    assert "2/2" in shown
    assert "30 regions" in shown


def test_where_there_is_nowhere_to_write_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with reporting(True, 2) as tell:
        tell(2)
    assert capsys.readouterr().out == ""
