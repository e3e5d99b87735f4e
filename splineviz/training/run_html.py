"""What a run shows in a notebook: its accuracy curves, and its last network if that is small."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.html import (
    GRAY,
    SIDE,
    blank_figure,
    block,
    paragraph,
    picture,
    png_of,
    row,
)
from splineviz.drawing.images import png
from splineviz.drawing.metric_names import MetricName
from splineviz.drawing.palette import CLASS_COLORS
from splineviz.drawing.step_curve import StepCurve
from splineviz.drawing.step_plot import draw_step_curves
from splineviz.network.torch_modules.evaluation import predicted_classes

if TYPE_CHECKING:
    from splineviz.network.program import Program
    from splineviz.training.runs import Run

_MOST_CURVES = 6
# The last network is evaluated on a grid of so many points a side, if it has two inputs and no more
# neurons than this.
_GRID = 200
_MOST_NEURONS = 256


def run_html(run: Run) -> str:
    """The curves and the last network of a run."""
    text = paragraph(repr(run))
    if not run.checkpoints:
        return block(text)
    return block(text, row(_curves(run), _last(run)))


def _curves(run: Run) -> str:
    table = run.metrics
    names = [str(name) for name in table.columns if MetricName(str(name)).is_accuracy]
    if not names:
        return paragraph("no accuracies were recorded")
    steps = table.index.to_numpy(dtype=np.int64)
    curves = [
        StepCurve(name, steps, table[name].to_numpy(dtype=np.float64), number=number, sparse=True)
        for number, name in enumerate(names[:_MOST_CURVES])
    ]
    figure, ax = blank_figure(0.7)
    draw_step_curves(ax, curves, "accuracy", marked=False)
    ax.set_ylim(0, 1)
    figure.legend(frameon=False, fontsize=7, labelcolor=GRAY, loc="outside upper center", ncols=2)
    more = f"; {len(names) - _MOST_CURVES} more" if len(names) > _MOST_CURVES else ""
    return picture(png_of(figure), f"curves of {', '.join(names[:_MOST_CURVES])}{more}") + (
        paragraph(f"{len(names) - _MOST_CURVES} more accuracies in run.metrics") if more else ""
    )


def _last(run: Run) -> str:
    """Where neurons change sign at the last checkpoint, over the predicted classes, sampled."""
    step = run.checkpoints[-1].step
    program = run.program(step)
    if program.input_shape != (2,):
        return ""
    neurons = sum(z.shape[1] for z in program.pre_activations(np.zeros((1, 2))))
    if neurons > _MOST_NEURONS or math.prod(program.output_shape) > _MOST_NEURONS:
        return ""
    low, high = _bounds(run)
    image = _sampled(program, low, high)
    said = (
        f"step {step:,}: predicted classes; darker where a neuron changes sign, looked at on "
        f"{_GRID} × {_GRID} points"
    )
    return picture(png(image, 0.0, 1.0), said, SIDE * 7 // 10) + paragraph(said)


def _bounds(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """The box of the training points with a margin; that from -1 to 1 without any."""
    samples = run.samples
    if samples is None or not len(samples[0]):
        return np.full(2, -1.0), np.full(2, 1.0)
    points = np.asarray(samples[0], dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * max(float((high - low).max()), 1e-9)
    return low - margin, high + margin


def _sampled(program: Program, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Colors (3, height, width) from 0 to 1, the second input upward."""
    from matplotlib.colors import to_rgb

    x, y = np.linspace(low, high, _GRID).T
    inputs = np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2)
    changes = np.zeros((_GRID, _GRID), dtype=bool)
    for z in program.pre_activations(inputs):
        signs = (z > 0).reshape(_GRID, _GRID, -1)
        changes[:, 1:] |= (signs[:, 1:] != signs[:, :-1]).any(axis=-1)
        changes[1:] |= (signs[1:] != signs[:-1]).any(axis=-1)
    classes = predicted_classes(program(inputs).reshape(len(inputs), -1)).reshape(_GRID, _GRID)
    colors = np.array([to_rgb(color) for color in CLASS_COLORS])
    soft = 0.35 * colors[classes % len(colors)] + 0.65
    return np.where(changes[..., None], 0.45 * soft, soft).transpose(2, 0, 1)
