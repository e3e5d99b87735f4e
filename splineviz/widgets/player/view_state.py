"""What a viewer has chosen in a player, as plain data: to keep it, and to show it again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument
from splineviz.partition.plotting.colorings import check_coloring
from splineviz.validation.names import as_step, check_name
from splineviz.validation.numbers import check_flags
from splineviz.validation.objects import check_kind
from splineviz.widgets.player.region_canvas import NO_COMPARISON, PREVIOUS_STEP

if TYPE_CHECKING:
    from splineviz.widgets.player.region_canvas import RegionCanvas

BEFORE = "step before"
_FLAGS = {"boundary": "show_boundary", "data": "show_points"}
_NAMES = ("step", "color", "compare", *_FLAGS, "view")


def view_state(canvas: RegionCanvas) -> dict[str, Any]:
    """The choices by name: the step and the color, and what differs from a new player's.

    The names are those of an address of a saved page (``static/player/toolbar/view_state.js``).
    """
    state: dict[str, Any] = {
        "step": canvas.steps[canvas.index],
        "color": list(canvas.rows)[canvas.coloring],
    }
    if canvas.compare >= 0:
        state["compare"] = canvas.steps[canvas.compare]
    elif canvas.compare == PREVIOUS_STEP:
        state["compare"] = BEFORE
    state |= {name: False for name, trait in _FLAGS.items() if not getattr(canvas, trait)}
    if canvas.viewport:
        state["view"] = [float(end) for end in canvas.viewport]
    return state


def traits_of_state(canvas: RegionCanvas, state: Mapping[str, Any]) -> dict[str, Any]:
    """The traits that a state sets; what it does not name is as in a new player.

    Raises
    ------
    InvalidArgument
        If it is no mapping, or a value is of the wrong kind.
    UnknownName
        If there is no such choice, or no such color.
    UnknownStep
        If there is no checkpoint at a step.
    """
    check_kind(state, Mapping, "state", "a dict such as {'step': 100, 'color': 'slope'}")
    for name in state:
        check_name(_NAMES, "choice", name)
    traits: dict[str, Any] = {"compare": NO_COMPARISON, "viewport": ()}
    if "step" in state:
        traits["index"] = canvas.steps.index(as_step(state["step"], canvas.steps, "the player"))
    if "color" in state:
        check_coloring(canvas.rows, state["color"])
        traits["coloring"] = list(canvas.rows).index(state["color"])
    if state.get("compare") == BEFORE:
        traits["compare"] = PREVIOUS_STEP
    elif "compare" in state:
        step = as_step(state["compare"], canvas.steps, "the player")
        traits["compare"] = canvas.steps.index(step)
    for name, trait in _FLAGS.items():
        traits[trait] = state.get(name, True)
        check_flags(**{name: traits[trait]})
    if "view" in state:
        traits["viewport"] = _viewport(state["view"])
    return traits


def _viewport(view: Any) -> tuple[float, ...]:
    """Four numbers, the lower ends before the upper ones."""
    ends = tuple(view) if isinstance(view, Sequence) and not isinstance(view, str | bytes) else ()
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
    known = len(ends) == 4 and numbers and all(map(math.isfinite, ends))
    if known and ends[0] < ends[2] and ends[1] < ends[3]:
        return tuple(map(float, ends))
    raise InvalidArgument(
        "the view of a state must be [xmin, ymin, xmax, ymax] in coordinates of the slice, not "
        f"{view!r}"
    )
