"""StepCursor: a place in a training, and a range of it, chosen on figures over its steps."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from splineviz.widgets.common.base import SharedWidget
from splineviz.widgets.common.esm_bundle import STATIC, module

_MODELS = ipywidgets.widget_serialization


class StepCursor(SharedWidget):
    """A place in a training, and a range of it, chosen with the mouse on figures over its steps.

    What is shown is a row of buttons: whether the mouse goes to a step or chooses what plays. All
    of it works in the browser, without the kernel. The figures are those that stand together with
    the cursor in an element of the class ``splineviz-linked-charts``; they have one axis of steps.

    Attributes
    ----------
    index : int
        Number of the checkpoint, from 0.
    play_range : tuple of int
        First and last checkpoint to run over; empty for all.
    mode : {"step", "range"}
        What the mouse does.
    steps : list of int
        Training steps of the checkpoints.
    positions : list of float
        Where they stand on the axis of steps.
    ends : tuple of float
        The ends of that axis.
    figures : list of bqplot.Figure
        On which ranges are chosen.
    brushes : list of bqplot.BrushIntervalSelector
        With what, one for each figure.
    available : list of int or None
        Numbers of the checkpoints that can be shown yet, drawn below the slider; None for all.
    note : str
        What is said behind the buttons.
    slider : bool
        Whether there is a slider too, for those who have no player to move; fixed once the widget
        exists.
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
