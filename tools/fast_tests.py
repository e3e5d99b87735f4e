"""Write tests/fast.txt, the list of what ``start.py test --fast`` leaves out, from measured times.

    python3 start.py test --durations=0 --durations-min=0 > durations.txt
    python tools/fast_tests.py durations.txt

The browser and the notebooks are always left out. Of the other tests, the slowest functions are,
one after another, until the rest fits ``SECONDS``. So nearly every file keeps its quick tests. What
the fixtures of a file take is shared evenly by its functions: a fixture that several of them use is
made once, and it is not saved before the last of them is gone.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAST = ROOT / "tests" / "fast.txt"
ALWAYS = ("tests/browser", "tests/notebooks")
SECONDS = 55.0
"""How long the tests that stay may take, one after another. Two workers need half of it; their
start, and checks without the cache of mypy, take as long again."""
A_CASE = 0.01
"""Seconds that pytest itself needs for a test, between its phases."""

DURATION = re.compile(r"\s*([\d.]+)s (setup|call|teardown)\s+(tests/[^:\s]+\.py)::((?:\w+::)?\w+)")


def main() -> None:
    """Read the durations of a run and write the list."""
    printed = Path(sys.argv[1]).read_text()
    if " hidden." in printed:
        raise SystemExit("quick tests are missing: run pytest with --durations-min=0")
    times = function_times(printed.splitlines())
    left_out = slowest(times, SECONDS)
    FAST.write_text("".join(f"{line}\n" for line in options(left_out)))
    stay = sum(seconds for function, seconds in times.items() if function not in left_out)
    print(f"{len(left_out)} functions are left out; what stays takes {stay:.0f} s")


def function_times(lines: Iterable[str]) -> dict[tuple[str, str], float]:
    """Return the seconds of each test function, from the lines that pytest prints.

    Parameters
    ----------
    lines : iterable of str
        Among them those of ``pytest --durations=0 --durations-min=0``.

    Returns
    -------
    dict
        For each file and function: all its cases, and its share of the file's fixtures.
    """
    times: Counter[tuple[str, str]] = Counter()
    fixtures: Counter[str] = Counter()
    for line in lines:
        if duration := DURATION.match(line):
            seconds, phase, file, function = duration.groups()
            is_call = phase == "call"
            times[file, function] += (A_CASE + float(seconds)) * is_call
            fixtures[file] += float(seconds) * (not is_call)
    functions = Counter(file for file, _ in times)
    return {
        (file, function): seconds + fixtures[file] / functions[file]
        for (file, function), seconds in times.items()
        if not file.startswith(ALWAYS)
    }


def defined_in(file: str) -> set[str]:
    """Return the names of the test functions of a file."""
    return {*re.findall(r"^ *def (test_\w+)", (ROOT / file).read_text(), re.MULTILINE)}


def slowest(times: dict[tuple[str, str], float], seconds: float) -> set[tuple[str, str]]:
    """Return the functions to leave out, so that the others take no longer than so many seconds."""
    rest = sum(times.values())
    left_out = set()
    for function in sorted(times, key=lambda each: -times[each]):
        if rest <= seconds:
            break
        rest -= times[function]
        left_out.add(function)
    return left_out


def options(left_out: set[tuple[str, str]]) -> list[str]:
    """Return pytest's options that leave functions out, and whole files if nothing else stays."""
    ignored = [*ALWAYS]
    deselected = []
    for file in sorted({file for file, _ in left_out}):
        slow = {function for each, function in left_out if each == file}
        if {function.rpartition("::")[2] for function in slow} >= defined_in(file):
            ignored.append(file)
        else:
            deselected += [f"{file}::{function}" for function in sorted(slow)]
    return [f"--ignore={name}" for name in ignored] + [f"--deselect={name}" for name in deselected]


if __name__ == "__main__":
    main()
