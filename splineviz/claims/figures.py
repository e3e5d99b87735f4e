"""Figures of the runs that decide claims."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from splineviz.claims.evidence import Evidence
from splineviz.drawing.step_curve import StepCurve
from splineviz.drawing.step_plot import draw_step_curves
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curves_figure(runs: Sequence[Evidence]) -> bytes:
    """Accuracy, local complexity and dead neurons over the steps of a training, over all seeds.

    Parameters
    ----------
    runs : sequence of Evidence
        One experiment with each seed.

    Returns
    -------
    bytes
        An SVG file: means over the seeds, and bands from the smallest to the largest.
    """
    figure = _figure(3)
    first, middle, last = figure.subplots(1, 3)
    accuracies: list[tuple[str, Callable[[Evidence], FloatArray]]] = [
        ("training", lambda run: run.accuracy("training")),
        ("test", lambda run: run.accuracy("test")),
    ]
    if all(run.has_attacks for run in runs):
        eps = runs[0].eps
        accuracies.append((f"test, attacked (eps {eps:g})", lambda run: run.robust_accuracy()))
    draw_step_curves(first, _curves(runs, accuracies), "accuracy", marked=False)
    first.set_ylim(0, 1.02)
    points = [name for name in runs[0].probes if all(name in run.probes for run in runs)]
    draw_step_curves(
        middle,
        _curves(runs, [(name, partial(Evidence.complexity, points=name)) for name in points]),
        f"local complexity, radius {runs[0].recipe.radius:g}",
        marked=False,
    )
    draw_step_curves(
        last,
        _curves(
            runs,
            [
                (f"hidden layer {number}", partial(Evidence.dead_share, layer=number))
                for number in range(1, 1 + runs[0].n_layers)
            ],
        ),
        "share of dead neurons",
        marked=False,
    )
    last.set_ylim(0, 1)
    for ax in (first, middle):
        _mark(ax, runs)
    for ax in (first, middle, last):
        ax.legend(frameon=False, fontsize=7)
    return _svg(figure)


def regions_figure(run: Evidence) -> bytes:
    """Exact regions on a slice at the first checkpoint, at the peak and at the end.

    Parameters
    ----------
    run : Evidence

    Returns
    -------
    bytes
        A PNG file: as vectors, tens of thousands of regions would take megabytes.
    """
    figure = _figure(3, height=3.4)
    steps = {"first": int(run.steps[0]), "peak": run.phases.peak_step, "end": int(run.steps[-1])}
    for ax, (name, step) in zip(figure.subplots(1, 3), steps.items(), strict=True):
        partition = run.partition(step)
        partition.plot(ax, colorbar=False, anchors=False)
        ax.set_title(f"{name}: step {step:,}, {len(partition):,} regions", fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80)
    return file.getvalue()


def _curves(
    runs: Sequence[Evidence], rows: Sequence[tuple[str, Callable[[Evidence], FloatArray]]]
) -> list[StepCurve]:
    curves = []
    for number, (label, values_of) in enumerate(rows):
        values = np.stack([values_of(run) for run in runs])
        curves.append(
            StepCurve(
                label,
                runs[0].steps,
                values.mean(0),
                values.min(0),
                values.max(0),
                number=number,
                sparse=True,
            )
        )
    return curves


def _mark(ax: Axes, runs: Sequence[Evidence]) -> None:
    """Mark the fit and the peak of each seed."""
    for run in runs:
        peak = run.phases.peak_step
        for step, style in ((run.fit_step, ":"), (peak, "--")):
            if np.isfinite(step):
                ax.axvline(max(step, 1), color="gray", linestyle=style, linewidth=0.7, zorder=0)


def _figure(columns: int, height: float = 2.8) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((4.2 * columns, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _svg(figure: Figure) -> bytes:
    import matplotlib as mpl

    file = io.BytesIO()
    # The same bytes each time; text as text, which is smaller and can be read aloud.
    with mpl.rc_context({"svg.hashsalt": "splineviz", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
