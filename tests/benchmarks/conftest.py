"""Prints a table of medians, ratios and memory behind pytest-benchmark's own."""

from __future__ import annotations

from math import prod

import pytest

_LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def lines_at_the_end(request):
    """Lines to print when all is measured."""
    return request.config.stash.setdefault(_LINES, [])


def pytest_addoption(parser):
    parser.addoption("--plot", metavar="FILE", help="draw what is measured, if it can be drawn")


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    groups: dict[str, dict[str, float]] = {}
    facts: dict[str, dict[str, float]] = {}
    for run in getattr(session, "benchmarks", []):
        peer = (run.params or {}).get("peer")
        if peer is not None:
            groups.setdefault(run.group, {})[peer] = run.stats.median
            facts.setdefault(run.group, {}).update(run.extra_info)
    for line in config.stash.get(_LINES, []):
        terminalreporter.write_line(line)
    if not groups:
        return
    terminalreporter.section("seconds (medians), ratios, and peak memory")
    columns = (
        "regions",
        "cold",
        "one core",
        "two cores",
        "gain",
        "regioncam",
        "ratio",
        "products",
        "ratio",
    )
    terminalreporter.write_line("".join([f"{'':12}", *(f"{c:>11}" for c in (*columns, "MB"))]))
    ratios = []
    for name, seconds in groups.items():
        own = seconds.get("one core")
        cells = [
            _number(facts[name].get("regions"), ","),
            _number(facts[name].get("cold"), ".4f"),
            _number(own, ".4f"),
            _number(seconds.get("two cores"), ".4f"),
            _number(_ratio(own, seconds.get("two cores")), ".2f"),
            _number(seconds.get("regioncam"), ".4f"),
            _number(_ratio(seconds.get("regioncam"), own), ".2f"),
            _number(seconds.get("products"), ".4f"),
            _number(_ratio(own, seconds.get("products")), ".2f"),
            _number(facts[name].get("megabytes"), ".0f"),
        ]
        terminalreporter.write_line("".join([f"{name:12}", *(f"{cell:>11}" for cell in cells)]))
        if "regioncam" in seconds and own:
            ratios.append(seconds["regioncam"] / own)
    if ratios:
        mean = prod(ratios) ** (1 / len(ratios))
        terminalreporter.write_line(f"geometric mean of the ratios to regioncam: {mean:.2f}")


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a and b else None


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
