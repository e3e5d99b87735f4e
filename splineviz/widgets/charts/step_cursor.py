"""StepCursor: choose a step, and the range that plays, on charts over training steps."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from splineviz.widgets.common.base import SharedWidget
from splineviz.widgets.common.esm_bundle import STATIC, module

_MODELS = ipywidgets.widget_serialization


class StepCursor(SharedWidget):
    """Choose a step, and the range that plays, with the mouse on charts over training steps.

    The widget is a row of buttons: does the mouse go to a step, or choose the range? All of it
    works in the browser, without the kernel. The charts are those inside the same element of the
    class ``splineviz-linked-charts``.
    All of them have the same axis of steps.

    Attributes
    ----------
    index : int
        Number of the checkpoint, from 0.
    play_range : tuple of int
        First and last checkpoint that play; empty for all.
    mode : {"step", "range"}
        Whether the mouse goes to a step or chooses the range.
    steps : list of int
        Training steps of the checkpoints.
    positions : list of float
        Their positions on the axis of steps.
    ends : tuple of float
        The ends of that axis.
    figures : list of bqplot.Figure
        The figures on which ranges are chosen.
    brushes : list of bqplot.BrushIntervalSelector
        The brushes for ranges, one for each figure.
    available : list of int or None
        Numbers of the checkpoints that can be shown so far, drawn below the slider; None for all.
    note : str
        Text after the buttons.
    slider : bool
        Whether there is a slider as well, for use without a player. It cannot change later.
    """

    _esm = module("charts/step_cursor.js")
    _css = STATIC / "charts" / "step_cursor.css"

    index = traitlets.Int(0).tag(sync=True, echo_update=False)
    play_range = traitlets.Tuple().tag(sync=True, echo_update=False)
    mode = traitlets.Enum(["step", "range"], "step").tag(sync=True, echo_update=False)
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    positions = traitlets.List(traitlets.Float()).tag(sync=True)
    ends = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(1.0, 10.0)).tag(
        sync=True
    )
    figures: traitlets.List[Any] = traitlets.List().tag(sync=True, **_MODELS)
    brushes: traitlets.List[Any] = traitlets.List().tag(sync=True, **_MODELS)
    available = traitlets.List(traitlets.Int(), None, allow_none=True).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    slider = traitlets.Bool(False).tag(sync=True)
