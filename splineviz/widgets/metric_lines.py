"""MetricLines: curves of metrics over training steps, before anything draws them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.drawing.step_axis import StepAxis
from splineviz.errors import UnknownName
from splineviz.widgets.step_figure import round_ticks

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

_ACCURACY = {"acc", "accuracy"}
_MOST_POINTS = 1000


@dataclass(frozen=True, eq=False)
class MetricLines:
    """Curves over a logarithmic axis of steps.

    Parameters
    ----------
    names : list of str
        What to call them.
    lines : list of (x, y)
        float64 arrays (n,): positions on `axis`, and values; both finite.
    axis : StepAxis
        Of the steps.
    label : str
        What the values are, if one word says it.
    ticks : float64 array
        Round values, the first and the last of which are the ends of their axis.
    tick_format : str
        How to write them.
    positions : list of float
        Where each checkpoint stands on `axis`.
    """

    names: list[str]
    lines: list[tuple[FloatArray, FloatArray]]
    axis: StepAxis
    label: str
    ticks: FloatArray
    tick_format: str
    positions: list[float]

    @classmethod
    def of(
        cls, metrics: pd.DataFrame, steps: Sequence[int], columns: Sequence[str] | None = None
    ) -> MetricLines | None:
        """The curves of a table of metrics; with the parameters of ``accuracy_curves``."""
        table = metrics if "step" in metrics.columns else metrics.reset_index(names="step")
        for name in columns or []:
            if name not in table.columns:
                raise UnknownName("metric", name, [str(known) for known in table.columns])
        columns = list(columns) if columns is not None else accuracy_columns(table)
        if not columns or len(table) == 0 or len(steps) == 0:
            return None
        all_steps = np.concatenate([table["step"].to_numpy(), np.asarray(steps)]).astype(np.int64)
        axis = StepAxis.of(all_steps)
        lines = []
        for name in columns:
            rows = table[["step", name]]
            rows = rows[np.isfinite(rows[name].to_numpy(dtype=np.float64))]
            rows = rows.iloc[_spread(rows["step"].to_numpy())]
            x = axis.positions(rows["step"].to_numpy())
            lines.append((x, rows[name].to_numpy(dtype=np.float64)))
        label, ticks, tick_format = _values(table, columns)
        return cls(
            names=[_readable(name, label) for name in columns],
            lines=lines,
            axis=axis,
            label=label,
            ticks=ticks,
            tick_format=tick_format,
            positions=axis.positions(steps).tolist(),
        )


def accuracy_columns(metrics: pd.DataFrame) -> list[str]:
    """The columns that hold accuracies: numbers whose name has the word acc or accuracy in it.

    Words are what stands between characters that are neither letters nor digits: ``val_acc``,
    ``val/acc`` and ``accuracy.test`` are accuracies, ``pace`` is none.

    Parameters
    ----------
    metrics : DataFrame
        One row a logged step.

    Returns
    -------
    list of str
        In the order of the table.
    """
    return [
        str(name) for name in metrics.select_dtypes("number").columns if _is_accuracy(str(name))
    ]


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name) if word]


def _is_accuracy(name: str) -> bool:
    return bool(_ACCURACY & {word.lower() for word in _words(name)})


def _values(table: pd.DataFrame, columns: list[str]) -> tuple[str, FloatArray, str]:
    """What the values are, the ticks of their axis, and how to write these."""
    values = table[columns].to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    if all(map(_is_accuracy, columns)) and np.all((values >= 0) & (values <= 1)):
        return "accuracy", np.linspace(0, 1, 6), ".1f"
    label = _readable(columns[0], "") if len(columns) == 1 else ""
    return label, round_ticks(values), "~g"


def _spread(steps: np.ndarray) -> np.ndarray:
    """Row numbers of at most about a thousand points, spread evenly over a logarithmic axis."""
    if len(steps) <= _MOST_POINTS:
        return np.arange(len(steps))
    wanted = np.geomspace(1, max(2, steps.max()), _MOST_POINTS)
    rows = np.searchsorted(steps, wanted).clip(0, len(steps) - 1)
    return np.unique(np.concatenate([[0], rows, [len(steps) - 1]]))


def _readable(name: str, axis_label: str) -> str:
    """A metric's name in words; of train_accuracy "train" is enough if the axis says the rest."""
    said = _ACCURACY if axis_label == "accuracy" else set()
    return " ".join(word for word in _words(name) if word.lower() not in said) or name
