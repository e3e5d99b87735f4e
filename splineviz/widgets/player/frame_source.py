"""FrameSource: everything that decides the frames of a player; and the samples on its slice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.display.frames import Frame
from splineviz.drawing.palette import CLASS_COLORS
from splineviz.partition.one_dimensional.graph_partition import GRAPH_COLORINGS
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.graph_slice import GraphSlice, graph_slice
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.widgets.common.rerun_cells import same
from splineviz.widgets.player.samples import match_anchors, samples_on_graph, samples_on_slice
from splineviz.widgets.player.user_colorings import array_for_step, coloring_row

if TYPE_CHECKING:
    from splineviz.network.program import Program
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run


@dataclass(frozen=True, eq=False)
class FrameSource:
    """Everything that decides the frames of a player.

    If two sources agree, frames of the one can be reused for the other.

    Attributes
    ----------
    run : Run
    plane : InputSlice
    colorings : mapping
        The user's colorings.
    partition : callable or None
        The function that computes partitions; None for the default.
    budget : int
        The most bytes of frames to keep.
    checkpoints : list
        The checkpoints: their steps, and their hashes if the run has them.
    network : object
        The network, without its weights.
    """

    run: Run
    plane: InputSlice
    colorings: Mapping[str, Any]
    partition: Callable[..., Any] | None
    budget: int
    checkpoints: list[Any]
    network: Any

    @classmethod
    def of(
        cls,
        run: Run,
        plane: InputSlice,
        colorings: Mapping[str, Any],
        partition: Callable[..., Any] | None,
        budget: int,
    ) -> FrameSource:
        """Create a source with the checkpoints that the run has now."""
        known = _checkpoints(run)
        network = run.program(int(run.steps[0])).steps if known else None
        return cls(run, plane, dict(colorings), partition, budget, known, network)

    @cached_property
    def own_rows(self) -> dict[str, Coloring]:
        """The user's colorings as rows."""
        return {name: coloring_row(name, one) for name, one in self.colorings.items()}

    @property
    def rows(self) -> dict[str, Coloring]:
        """All colorings of the regions: the built-in ones, then the user's."""
        return colorings_for(self.plane) | self.own_rows

    def draw(self, step: int) -> Frame:
        """Compute the regions at a checkpoint, and draw their frame.

        Parameters
        ----------
        step : int
            Its training step.

        Raises
        ------
        Exception
            What reading the checkpoint, finding its regions or a user's coloring raises.
        """
        partition = (self.partition or _exact_partition())(self.run.program(step), self.plane)
        rows = self.rows
        for name, one in self.colorings.items():
            if isinstance(one, Mapping):
                rows[name] = coloring_row(name, partial(array_for_step, one, step))
        return Frame.from_partition(partition, step, rows)

    def map_of(self, frame: Frame, region: int) -> dict[str, Any]:
        """The affine map of one region of a frame, as the card shows it.

        Parameters
        ----------
        frame : Frame
            What :meth:`draw` made.
        region : int

        Returns
        -------
        dict
            ``slope``, two numbers for each output, and ``offset``, one for each, as JSON values in
            slice coordinates; or ``problem``, why there is none.
        """
        from splineviz.partition.affine_maps import region_map

        if isinstance(self.plane, GraphSlice):
            return {"problem": "not for graphs"}
        if self.partition is not None:
            return {"problem": "not for a partition of your own"}
        if not 0 <= region < len(frame):
            return {"problem": "the region is no longer there"}
        try:
            program = self.run.program(frame.step)
            slope, offset = region_map(program, self.plane, frame.layers, region)
        except Exception as problem:
            return {"problem": f"could not be computed: {problem}"}
        if not (np.isfinite(slope).all() and np.isfinite(offset).all()):
            return {"problem": "not finite"}
        return {"slope": slope.tolist(), "offset": offset.tolist()}

    def follow_run(self) -> None:
        """Add the new checkpoints of the run."""
        self.checkpoints.extend(_checkpoints(self.run)[len(self.checkpoints) :])

    def can_reuse_frames_for(self, later: FrameSource) -> bool:
        """Whether frames of this source are also frames of a later one, which may have more."""
        count = len(self.checkpoints)
        known = hasattr(self.run, "checkpoints")
        return (
            (self.run is later.run or (known and same(self.run, later.run)))
            and self.checkpoints == later.checkpoints[:count]
            and same(self.network, later.network)
            and same(self.plane, later.plane)
            and same(self.colorings, later.colorings)
            and self.partition is later.partition
            and self.budget == later.budget
        )


def _exact_partition() -> Callable[[Program, InputSlice], Any]:
    from splineviz.partition.enumeration import enumerate_regions

    return enumerate_regions


def _checkpoints(run: Run) -> list[Any]:
    return list(getattr(run, "checkpoints", run.steps))


def plane_to_draw(runs: Sequence[Run], plane: InputSlice | InputSegment) -> InputSlice:
    """Return the plane to draw; for a segment, the plane of the graphs at all checkpoints.

    Raises
    ------
    InvalidArgument
        If `plane` is not a slice.
    ShapeMismatch
        If the segment does not fit the network's input.
    """
    if isinstance(plane, InputSegment):
        programs = (run.program(int(step)) for run in runs for step in run.steps)
        return graph_slice(programs, plane)
    check_slice(plane, graphs=True)
    return plane


def colorings_for(plane: InputSlice) -> dict[str, Coloring]:
    """The built-in colorings for the regions on a plane."""
    return GRAPH_COLORINGS if isinstance(plane, GraphSlice) else COLORINGS


def slice_traits(
    run: Run, plane: InputSlice, axis_labels: tuple[str, ...] | None
) -> tuple[dict[str, Any], dict[int, str]]:
    """Compute the traits of a canvas that depend on the slice, and the classes of its anchors.

    Raises
    ------
    ShapeMismatch
        If the slice does not fit the network's input.
    """
    outputs = math.prod(run.program(int(run.steps[0])).output_shape)
    names = _class_names(run, outputs)
    if isinstance(plane, GraphSlice):
        points, classes, names = samples_on_graph(run, plane, outputs, names)
    else:
        points, classes = samples_on_slice(run, plane, outputs)
    # Samples that span the slice are drawn as stars, not as points.
    anchors = match_anchors(points, plane)
    free = anchors < 0
    captions = {
        int(anchor): names[k] if k < len(names) else f"class {k}"
        for anchor, k in zip(anchors[~free], classes[~free], strict=True)
    }
    corner = plane.domain.bounds[:2]
    placed = {
        "bounds": tuple(float(bound) for bound in plane.domain.bounds),
        "axis_labels": plane.axis_labels if axis_labels is None else axis_labels,
        "stretch": plane.stretch,
        "line_name": plane.line_name,
        "line_names": _line_names(plane, outputs, names),
        "points": points[free] - corner,
        "point_classes": classes[free],
        "anchors": plane.anchors - corner,
        "class_names": names,
    }
    return placed, captions


def _line_names(plane: InputSlice, outputs: int, classes: list[str]) -> list[str]:
    """The names of the lines: one graph per output; empty for a single line or too many."""
    if not isinstance(plane, GraphSlice) or not 1 < outputs <= len(CLASS_COLORS):
        return []
    named = classes if len(classes) >= outputs else [f"class {k}" for k in range(outputs)]
    return [f"output for {name}" for name in named[:outputs]]


def _class_names(run: Run, outputs: int) -> list[str]:
    if run.class_names:
        return [str(name) for name in run.class_names]
    return [f"class {k}" for k in range(max(2, outputs))]
