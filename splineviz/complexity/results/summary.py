"""A summary of curves of local complexity: first, largest and last mean, by radius."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from splineviz.complexity.results.labels import radius_label
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

    from splineviz.complexity.results.curves import ComplexityCurves


def summarized(curves: ComplexityCurves) -> pd.DataFrame:
    """Make a row for each probe and radius; see :meth:`ComplexityCurves.summary`."""
    import pandas as pd

    rows = []
    for probe in curves.probes:
        means = curves.mean(probe).reshape(len(curves.steps), len(curves.radii))
        for radius, line in zip(curves.radii.tolist(), means.T, strict=True):
            rows.append((probe, radius, *_ends(curves.steps, line)))
    columns = ["probe", "radius", "first", "largest", "largest_step", "last"]
    return pd.DataFrame(rows, columns=columns)


def contradictions(summary: pd.DataFrame) -> list[str]:
    """Say of each probe whose change from first to last checkpoint has another sign by radius.

    The table is one of :func:`summarized`; there is a sentence for each such probe.
    """
    sentences = []
    for probe, rows in summary.groupby("probe", sort=False):
        change = np.sign(rows["last"] - rows["first"])
        up, down = (
            [f"{radius:.4g}" for radius in rows["radius"][change == sign]] for sign in (1, -1)
        )
        if up and down:
            sentences.append(
                f"{probe}: higher at the end at radius {' and '.join(up)}, "
                f"lower at radius {' and '.join(down)}"
            )
    return sentences


def table_lines(curves: ComplexityCurves, radius: float) -> list[str]:
    """The means at one of the radii as lines of text, a row for each checkpoint."""
    number, names = curves.number_of_radius(radius), curves.probes
    wide = [max(9, len(name)) for name in names]
    shape = (len(curves.steps), len(curves.radii))
    columns = [curves.mean(name).reshape(shape)[:, number] for name in names]
    heads = (f"{name:>{width}}" for name, width in zip(names, wide, strict=True))
    lines = [radius_label(radius), "  ".join([f"{'step':>9}", *heads])]
    for step, *means in zip(curves.steps, *columns, strict=True):
        cells = (f"{_two_decimals(mean):>{width}}" for mean, width in zip(means, wide, strict=True))
        lines.append("  ".join([f"{step:>9}", *cells]))
    return lines


def summary_lines(summary: pd.DataFrame) -> list[str]:
    """A table of :func:`summarized` as lines of text, with its contradictions below."""
    wide = max(9, *map(len, summary["probe"]))
    heads = f"{'radius':>7}  {'first':>8}  {'largest':>8}  {'at step':>9}  {'last':>8}"
    lines = ["from the first checkpoint to the last", f"{'points':<{wide}}  {heads}"]
    for row in summary.to_dict("records"):
        step = row["largest_step"] if row["largest_step"] >= 0 else "-"
        lines.append(
            f"{row['probe']:<{wide}}  {row['radius']:>7.4g}  {_two_decimals(row['first']):>8}  "
            f"{_two_decimals(row['largest']):>8}  {step:>9}  {_two_decimals(row['last']):>8}"
        )
    advice = "What rises at one radius may fall at another: compare several, and say which."
    return [*lines, "", advice, *(f"Here, {each}." for each in contradictions(summary))]


def _ends(steps: IntArray, means: FloatArray) -> tuple[float, float, int, float]:
    known = np.flatnonzero(np.isfinite(means))
    if len(known) == 0:
        return np.nan, np.nan, -1, np.nan
    highest = known[means[known].argmax()]
    first, largest, last = (float(means[place]) for place in (known[0], highest, known[-1]))
    return first, largest, int(steps[highest]), last


def _two_decimals(mean: float) -> str:
    """A mean for a column of text: with two decimals, as points are too few for more."""
    return f"{mean:.2f}" if np.isfinite(mean) else "-"
