"""The list of what the fast tests leave out, and how it is made from measured times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import fast_tests

ROOT = Path(__file__).parent.parent

HERE = Path(__file__).relative_to(ROOT).as_posix()
DURATIONS = f"""
40.00s setup    {HERE}::test_cases_are_summed_and_fixtures_shared[first-descent]
0.00s teardown {HERE}::test_cases_are_summed_and_fixtures_shared[first-descent]
5.00s call     {HERE}::test_cases_are_summed_and_fixtures_shared[first-descent]
2.00s call     {HERE}::test_cases_are_summed_and_fixtures_shared[a case: 1]
0.00s call     {HERE}::test_what_the_fast_tests_leave_out_is_there
1.00s call     tests/test_extending.py::TestClass::test_method
9.00s call     tests/notebooks/test_facts_01.py::test_facts
4013 passed, 1 skipped in 60.00s
"""


def test_cases_are_summed_and_fixtures_shared() -> None:
    times = fast_tests.function_times(DURATIONS.splitlines())
    assert times == {
        (HERE, "test_cases_are_summed_and_fixtures_shared"): 7.0 + 2 * fast_tests.A_CASE + 20.0,
        (HERE, "test_what_the_fast_tests_leave_out_is_there"): fast_tests.A_CASE + 20.0,
        ("tests/test_extending.py", "TestClass::test_method"): 1.0 + fast_tests.A_CASE,
    }


@pytest.mark.parametrize(("seconds", "left"), [(10, ""), (9, "b"), (5, "b"), (4, "ba"), (0, "bac")])
def test_the_slowest_are_left_out_until_the_rest_fits(seconds: float, left: str) -> None:
    times = {("f", "a"): 4.0, ("f", "b"): 5.0, ("g", "c"): 1.0}
    assert {name for _, name in fast_tests.slowest(times, seconds)} == {*left}


def test_a_file_without_any_other_test_is_left_out_whole() -> None:
    names = [name for name in globals() if name.startswith("test_")]
    assert fast_tests.options({(HERE, name) for name in names})[2:] == [f"--ignore={HERE}"]
    assert fast_tests.options({(HERE, name) for name in names[1:]})[2:] == [
        f"--deselect={HERE}::{name}" for name in sorted(names[1:])
    ]


def test_what_the_fast_tests_leave_out_is_there() -> None:
    for line in (ROOT / "tests" / "fast.txt").read_text().splitlines():
        option, name = line.split("=")
        assert option == ("--deselect" if "::" in name else "--ignore")
        path, _, test = name.partition("::")
        assert (ROOT / path).exists(), path
        function = test.rpartition("::")[2]
        assert not test or f"def {function}(" in (ROOT / path).read_text(), name
