"""PlayerArguments: what a player shows, checked before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from splineviz.drawing.images import as_image_shape
from splineviz.drawing.metric_curves import choose_columns
from splineviz.errors import InvalidArgument
from splineviz.partition.plotting.colorings import ON_DEMAND, check_coloring
from splineviz.validation.names import as_names
from splineviz.validation.numbers import as_int, check_flags
from splineviz.validation.objects import as_callable, check_kind, check_run
from splineviz.widgets.common.checkpoint_traits import read_checkpoint_index
from splineviz.widgets.player.frame_source import (
    FrameSource,
    colorings_for,
    plane_to_draw,
    slice_traits,
)
from splineviz.widgets.player.user_colorings import UserColoring, check_colorings

if TYPE_CHECKING:
    from splineviz.network.program import Program
    from splineviz.partition.slices.input_segment import InputSegment
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.partition.spline_partition import SplinePartition
    from splineviz.training.runs import Run


@dataclass(frozen=True, eq=False)
class PlayerArguments:
    """What a player shows.

    Attributes
    ----------
    source : FrameSource
        The run, the slice, and what else decides the frames.
    steps : list of int
        Training steps of the checkpoints there are now.
    index : int
        Number of the checkpoint to show first.
    color : int
        Number of the coloring to show first, among the rows of the source.
    axis_labels : pair of str or None
    placed : dict
        The traits of a canvas that depend on the slice.
    captions : dict from int to str
        The classes of the slice's anchors.
    """

    source: FrameSource
    steps: list[int]
    index: int
    color: int
    axis_labels: tuple[str, ...] | None
    placed: dict[str, Any]
    captions: dict[int, str]

    @classmethod
    def read(
        cls,
        run: Run,
        plane: InputSlice | InputSegment,
        color: str,
        index: int,
        metrics: Sequence[str] | None,
        axis_labels: Sequence[str] | None,
        image_shape: Sequence[int] | None,
        colorings: Mapping[str, UserColoring] | None,
        background: bool,
        budget: int,
        partition: Callable[[Program, InputSlice], SplinePartition] | None,
    ) -> PlayerArguments:
        """Check the arguments of a RegionPlayer, which says what they are.

        Raises
        ------
        InvalidArgument, UnknownName, ShapeMismatch, RunCorrupt
            As ``RegionPlayer`` does.
        """
        check_flags(background=background)
        budget = as_int(budget, "budget", 0, advice="the bytes that frames may take")
        own = {} if colorings is None else colorings
        check_kind(own, Mapping, "colorings", "a dict of names to functions of a partition")
        if partition is not None:
            as_callable(partition, "partition", "a function of a Program and the slice")
        labels = None if axis_labels is None else as_names(axis_labels, "axis_labels", _LABELS)
        if labels is not None and len(labels) != 2:
            raise InvalidArgument(f"axis_labels must be {_LABELS}, not {labels}")
        check_run(run)
        plane = plane_to_draw([run], plane)
        known = colorings_for(plane)
        check_colorings(own, known)
        check_coloring({**known, **ON_DEMAND, **own}, color)
        if color not in known and color not in own:
            own = {**own, color: ON_DEMAND[color]}
        source = FrameSource.of(run, plane, own, partition, budget)
        as_image_shape(image_shape, plane.input_shape)
        steps = [int(step) for step in run.steps]
        if not steps:
            return cls(source, steps, 0, 0, labels, {}, {})
        index = read_checkpoint_index(index, len(steps))
        if metrics is not None:
            choose_columns(run.metrics, metrics)
        placed, captions = slice_traits(run, plane, labels)
        return cls(source, steps, index, [*source.rows].index(color), labels, placed, captions)


_LABELS = "two texts, one for each slice coordinate"
