"""What the frames of a player are drawn of, and what stands on its slice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from splineviz.drawing.palette import CLASS_COLORS
from splineviz.partition.one_dimensional.graph_partition import GRAPH_COLORINGS
from splineviz.partition.plotting.colorings import COLORINGS, Coloring
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.graph_slice import GraphSlice, graph_slice
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.widgets.common.rerun_cells import same
from splineviz.widgets.player.samples import match_anchors, samples_on_graph, samples_on_slice

if TYPE_CHECKING:
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run


@dataclass(frozen=True, eq=False)
class FrameSource:
    """What the frames of a player are drawn of.

    Attributes
    ----------
    run : Run
    plane : InputSlice
    colorings : mapping
        Colorings of the user's own.
    partition : callable or None
        What makes partitions.
    budget : int
        How many bytes of frames are kept.
    checkpoints : list
        What is known of the checkpoints: their steps, and hashes where the run has them.
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
        """With what the run has by now."""
        known = _checkpoints(run)
        network = run.program(int(run.steps[0])).steps if known else None
        return cls(run, plane, dict(colorings), partition, budget, known, network)

    def follow_run(self) -> None:
        """Take note of further checkpoints."""
        self.checkpoints.extend(_checkpoints(self.run)[len(self.checkpoints) :])

    def can_reuse_frames_for(self, later: FrameSource) -> bool:
        """Whether frames drawn of this are those of something later, which may have more."""
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


def _checkpoints(run: Run) -> list[Any]:
    return list(getattr(run, "checkpoints", run.steps))


def plane_to_draw(runs: Sequence[Run], plane: InputSlice | InputSegment) -> InputSlice:
    """The plane that is drawn: of a segment that of the graphs at all checkpoints of some runs.

    Raises
    ------
    InvalidArgument
        If it is no slice.
    ShapeMismatch
        If the segment does not fit the network's input.
    """
    if isinstance(plane, InputSegment):
        programs = (run.program(int(step)) for run in runs for step in run.steps)
        return graph_slice(programs, plane)
    check_slice(plane, graphs=True)
    return plane


def colorings_for(plane: InputSlice) -> dict[str, Coloring]:
    """What can color the regions that are drawn on a plane, besides what is the user's own."""
    return GRAPH_COLORINGS if isinstance(plane, GraphSlice) else COLORINGS


def slice_traits(
    run: Run, plane: InputSlice, axis_labels: tuple[str, ...] | None
) -> tuple[dict[str, Any], dict[int, str]]:
    """What the canvas needs to know of a slice, and the classes of the anchors in words.

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
    # A sample that spans the slice is drawn as a star, not as a point.
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
    """What each line is: of several outputs each has its graph. None where there are too many."""
    if not isinstance(plane, GraphSlice) or not 1 < outputs <= len(CLASS_COLORS):
        return []
    named = classes if len(classes) >= outputs else [f"class {k}" for k in range(outputs)]
    return [f"output for {name}" for name in named[:outputs]]


def _class_names(run: Run, outputs: int) -> list[str]:
    if run.class_names:
        return [str(name) for name in run.class_names]
    return [f"class {k}" for k in range(max(2, outputs))]
