import numpy as np
import pytest

from splineviz.exercises import check


@pytest.mark.parametrize(
    ("answer", "expected", "tolerance", "first"),
    [
        (4, 4, 0, "Right: 4."),
        (5, 4, 0, "Not yet: expected 4, got 5."),
        (0.31, 0.3, 0.02, "Right: 0.31."),
        ([1, 2], (1, 2), 0, "Right: [1, 2]."),
        ([1], (1, 2), 0, "Not yet: expected [1, 2], got [1]."),
        (True, True, 0, "Right: True."),
        (" The Last ", "the last", 0, "Right:  The Last ."),
        (np.zeros(20), np.zeros(20), 0, "Right: 20 numbers."),
        (np.nan, 1, 1, "Not yet: expected 1, got nan."),
        ("four", 4, 0, "Not yet: expected 4, got four."),
        (print, 4, 0, "Not yet: expected 4, got builtin_function_or_method."),
        (None, 4, 0, "Not yet: expected 4, got None."),
    ],
)
def test_answers(answer, expected, tolerance, first, capsys):
    check(answer, expected, tolerance=tolerance)
    assert capsys.readouterr().out == first + "\n"


def test_an_open_exercise(capsys):
    check(..., 4)
    assert capsys.readouterr().out.startswith("Open: ")


def test_a_function_says_what_is_right(capsys):
    check(7, lambda n: n % 2 == 1, wanted="an odd number", because="So it is.")
    check(8, lambda n: n % 2 == 1, wanted="an odd number", because="So it is.")
    check("x", lambda n: n % 2 == 1, wanted="an odd number")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Right: 7. So it is.", "Not yet: expected an odd number, got 8. So it is."]
    assert lines[2].startswith("Not yet: expected an odd number")
