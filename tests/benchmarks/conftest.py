"""Prints the ratio to the peer behind pytest-benchmark's own table."""

from __future__ import annotations

from math import prod


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    medians: dict[str, dict[str, tuple[float, int]]] = {}
    for run in getattr(session, "benchmarks", []):
        peer = (run.params or {}).get("peer")
        if peer is not None:
            regions = run.extra_info["regions"]
            medians.setdefault(run.group, {})[peer] = (run.stats.median, regions)
    pairs = {group: peers for group, peers in medians.items() if len(peers) == 2}
    if not pairs:
        return
    terminalreporter.section("median seconds on one core, and how often as fast")
    ratios = []
    for group, peers in pairs.items():
        (own, regions), (other, theirs) = peers["splineviz"], peers["regioncam"]
        ratios.append(other / own)
        terminalreporter.write_line(
            f"{group:24} {regions:>8,} regions   splineviz {own:8.4f}   "
            f"regioncam {other:8.4f} ({theirs:,} regions)   {ratios[-1]:5.1f} x"
        )
    mean = prod(ratios) ** (1 / len(ratios))
    terminalreporter.write_line(f"geometric mean of the ratios: {mean:.1f} x")
