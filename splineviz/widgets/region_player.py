"""RegionPlayer: the linear regions of a recorded training, replayed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets

from splineviz.display.colorings import CLASS_COLORS, COLORINGS
from splineviz.display.frames import Frame
from splineviz.errors import UnknownName
from splineviz.widgets.curves import accuracy_curves
from splineviz.widgets.frame_feed import FrameFeed
from splineviz.widgets.region_canvas import RegionCanvas
from splineviz.widgets.table_link import TableLink
from splineviz.widgets.thumbnails import anchor_thumbnails

if TYPE_CHECKING:
    from splineviz.network.program import Program
    from splineviz.partition.slices import InputSlice
    from splineviz.partition.spline_partition import SplinePartition
    from splineviz.training.runs import Run

#: Speeds to choose from, and the time from one checkpoint to the next in milliseconds.
SPEEDS = {"0.5×": 400, "1×": 200, "2×": 100, "4×": 50}

# Farther from the slice than this share of its size, a sample is not on it.
_ON_SLICE = 1e-6


class RegionPlayer(ipywidgets.VBox):
    """Every linear region of a network on a slice, over the checkpoints of a run.

    Beside the regions run the accuracies, with a line at the step that is shown. Slider, picture
    and line are linked in the browser, so scrubbing goes on while the kernel is busy. The first
    frame is made before this returns, the others in a background thread, coarse to fine; a
    checkpoint whose frame is not there yet, or cannot be made, says so.

    A player holds the frames it shows until :meth:`close`, also when its cell is run again.

    Keys, on the picture: arrows, Page Up and Page Down, Home, End; the space bar plays and pauses.

    Parameters
    ----------
    run : Run
        A recorded training.
    plane : InputSlice
        The slice to look at.
    color : str
        What colours the regions at first: a row of
        :data:`~splineviz.display.colorings.COLORINGS`.
    index : int
        Number of the checkpoint to show first; negative numbers count from the end.
    metrics : sequence of str, optional
        Columns of ``run.metrics`` to draw; those that are accuracies unless said.
    axis_labels : pair of str, optional
        What the slice's coordinates are.
    image_shape : tuple of int, optional
        How to see an input as an image, for the pictures of the slice's anchors; guessed unless
        said.
    background : bool
        Whether to return before all frames are made.
    partition : callable, optional
        From a Program and the slice to a SplinePartition;
        :func:`~splineviz.partition.enumeration.enumerate_regions` unless said.

    Attributes
    ----------
    index : int
        Number of the checkpoint shown; follows the slider whenever the kernel is idle, and moves
        it when set.
    step : int
        Its training step; when set, moves to that checkpoint.

    Raises
    ------
    UnknownName
        If `color`, `index` or a column of `metrics` does not exist.
    ShapeMismatch
        If the slice does not fit the network's input.
    RunCorrupt
        If the metrics, the samples or the first checkpoint to show cannot be read. What goes
        wrong with another checkpoint is told in its place and raised by :meth:`wait`.
    """

    index = traitlets.Int(0)
    step = traitlets.Int(0)

    feed: FrameFeed | None = None
    _parts: Sequence[ipywidgets.Widget] = ()

    def __init__(
        self,
        run: Run,
        plane: InputSlice,
        *,
        color: str = "slope",
        index: int = 0,
        metrics: Sequence[str] | None = None,
        axis_labels: tuple[str, str] | None = None,
        image_shape: tuple[int, ...] | None = None,
        background: bool = True,
        partition: Callable[[Program, InputSlice], SplinePartition] | None = None,
    ) -> None:
        if color not in COLORINGS:
            raise UnknownName("colouring", color, list(COLORINGS))
        steps = [int(step) for step in run.steps]
        self._steps = steps
        self._run = run
        self._plane = plane
        self._partition = partition or _exact_partition()
        if not steps:
            super().__init__([_note("This run has no checkpoints yet: there is nothing to see.")])
            self.add_class("splineviz-player")
            return
        if not -len(steps) <= index < len(steps):
            raise UnknownName("checkpoint", str(index), [str(i) for i in range(len(steps))])
        index %= len(steps)
        outputs = math.prod(run.program(steps[index]).output_shape)
        names = _class_names(run, outputs)
        points, classes = samples_on_slice(run, plane, outputs)
        anchor_of = _anchors_of(points, plane)
        # A sample that spans the slice is drawn as a star, not as a point.
        free = anchor_of < 0
        corner = plane.domain.bounds[:2]
        self.canvas = RegionCanvas(
            steps,
            index=index,
            coloring=list(COLORINGS).index(color),
            bounds=tuple(float(bound) for bound in plane.domain.bounds),
            axis_labels=_axis_labels(plane) if axis_labels is None else tuple(axis_labels),
            points=points[free] - corner,
            point_classes=classes[free],
            anchors=plane.anchors - corner,
            class_names=names,
            class_colors=list(CLASS_COLORS),
        )
        self.canvas.add_class("splineviz-canvas")
        classes_of_anchors = dict(zip(anchor_of[~free].tolist(), classes[~free], strict=True))
        thumbnails = anchor_thumbnails(
            plane,
            image_shape,
            {anchor: _name_of(names, k) for anchor, k in classes_of_anchors.items()},
        )
        self.slider = _slider(steps, index)
        self.play = ipywidgets.Play(
            min=0, max=len(steps) - 1, value=index, interval=SPEEDS["1×"], repeat=True
        )
        self.speed = ipywidgets.Dropdown(options=list(SPEEDS), value="1×", description="Speed")
        self.color_menu = ipywidgets.Dropdown(
            options=[(row.title, name) for name, row in COLORINGS.items()],
            value=color,
            description="Colour",
        )
        self.curves = accuracy_curves(run.metrics, steps, metrics)
        self.play.disabled = len(steps) < 2
        self._parts = [
            *self._link_in_browser(),
            *(self.canvas, self.slider, self.play, self.speed, self.color_menu),
            *([] if self.curves is None else [self.curves.figure, *self.curves.figure.marks]),
        ]
        super().__init__(self._arrange(thumbnails))
        self.add_class("splineviz-player")
        traitlets.link((self.slider, "index"), (self, "index"))
        self.step = steps[index]
        self._make_frames(background)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all frames are made.

        Parameters
        ----------
        timeout : float, optional
            The longest wait, in seconds.

        Returns
        -------
        bool
            Whether they are.

        Raises
        ------
        Exception
            The first that making a frame raised; the frames that could be made are there.
        """
        return self.feed is None or self.feed.wait(timeout)

    def close(self) -> None:
        """Stop making frames, remove the player from the page and let go of its frames."""
        if self.feed is not None:
            self.feed.stop()
        for widget in self._parts:
            widget.close()
        super().close()

    def _make_frames(self, background: bool) -> None:
        self.feed = FrameFeed(
            len(self._steps),
            self._make_frame,
            lambda: self.index,
            self._report_failure,
            self._report_end,
        )
        self.feed.make_first()
        if background and len(self._steps) > 1:
            self.feed.start()
        else:
            self.feed.run()

    def _make_frame(self, index: int) -> None:
        step = self._steps[index]
        partition = self._partition(self._run.program(step), self._plane)
        self.canvas.set_frame(index, Frame.from_partition(partition, step), partition.areas)
        self._report(f"{self.canvas.ready} of {len(self._steps)} steps ready")

    def _report_failure(self, index: int, error: Exception) -> None:
        self.canvas.set_message(index, f"This step could not be computed: {error}")

    def _report_end(self) -> None:
        self._report("")

    def _report(self, progress: str) -> None:
        failed = len(self.canvas.messages)
        failures = f"{failed} of {len(self._steps)} steps could not be computed" if failed else ""
        self.canvas.say(", ".join(filter(None, [progress, failures])))

    def _link_in_browser(self) -> list[ipywidgets.Widget]:
        link = ipywidgets.jslink
        links = [
            link((self.slider, "index"), (self.canvas, "index")),
            link((self.play, "value"), (self.canvas, "index")),
            link((self.play, "playing"), (self.canvas, "playing")),
            link((self.color_menu, "index"), (self.canvas, "coloring")),
            _table_link(self.speed, "index", self.play, "interval", list(SPEEDS.values())),
        ]
        if self.curves is not None:
            table = [[position, position] for position in self.curves.positions]
            links.append(_table_link(self.canvas, "index", self.curves.marker, "x", table))
        return links

    def _arrange(self, thumbnails: ipywidgets.Widget | None) -> list[ipywidgets.Widget]:
        side = [] if self.curves is None else [self.curves.legend, self.curves.figure]
        side += [] if thumbnails is None else [thumbnails]
        parts: list[ipywidgets.Widget] = [self.canvas]
        if side:
            column = ipywidgets.VBox(side)
            column.add_class("splineviz-side")
            parts.append(column)
        body = ipywidgets.HBox(parts)
        body.add_class("splineviz-body")
        controls = ipywidgets.HBox([self.play, self.slider, self.speed, self.color_menu])
        controls.add_class("splineviz-controls")
        for menu in (self.speed, self.color_menu):
            menu.style.description_width = "initial"
            menu.layout.width = "auto"
        # Above, where slider and picture stay together however low the curves go.
        return [controls, body]

    @traitlets.observe("index")
    def _follow_index(self, change: dict[str, Any]) -> None:
        self.step = self._steps[change["new"]]

    @traitlets.observe("step")
    def _follow_step(self, change: dict[str, Any]) -> None:
        self.index = self._steps.index(change["new"])

    @traitlets.validate("index")
    def _check_index(self, proposal: dict[str, Any]) -> int:
        index = int(proposal["value"])
        if not 0 <= index < len(self._steps):
            raise traitlets.TraitError(
                f"index must be a checkpoint's number from 0 to {len(self._steps) - 1}, not {index}"
            )
        return index

    @traitlets.validate("step")
    def _check_step(self, proposal: dict[str, Any]) -> int:
        step = int(proposal["value"])
        if step not in self._steps:
            nearest = min(self._steps, key=lambda known: abs(known - step))
            raise traitlets.TraitError(f"there is no checkpoint at step {step}; near it: {nearest}")
        return step


def _axis_labels(plane: InputSlice) -> tuple[str, str]:
    return ("input 1", "input 2") if plane.input_shape == (2,) else ("slice u", "slice v")


def _exact_partition() -> Callable[[Program, InputSlice], SplinePartition]:
    from splineviz.partition.enumeration import enumerate_regions

    return enumerate_regions


def _class_names(run: Run, outputs: int) -> list[str]:
    if run.class_names:
        return [str(name) for name in run.class_names]
    return [f"class {k}" for k in range(max(2, outputs))]


def _name_of(names: list[str], number: int) -> str:
    return names[number] if number < len(names) else f"class {number}"


def _anchors_of(points: np.ndarray, plane: InputSlice) -> np.ndarray:
    """For each point the anchor that it is, -1 for none: int64 array (n,)."""
    found = np.full(len(points), -1, dtype=np.int64)
    xmin, ymin, xmax, ymax = plane.domain.bounds
    for number, anchor in enumerate(plane.anchors):
        distance = np.linalg.norm(points - anchor, axis=1)
        found[distance <= _ON_SLICE * np.hypot(xmax - xmin, ymax - ymin)] = number
    return found


def samples_on_slice(run: Run, plane: InputSlice, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """The training points of a run that lie on a slice, inside its domain.

    A point off the slice is left out: drawn at its nearest point, it would stand in regions that
    have nothing to do with it.

    Parameters
    ----------
    run : Run
        Its ``samples`` are inputs and targets, as :func:`class_numbers` reads them.
    plane : InputSlice
        The slice.
    outputs : int
        How many outputs the network has.

    Returns
    -------
    points : ndarray of float64, shape (n, 2)
        Slice coordinates.
    classes : ndarray of int64, shape (n,)
        Their classes.
    """
    import shapely

    if run.samples is None:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    inputs, targets = run.samples
    points, distance = plane.project(inputs)
    xmin, ymin, xmax, ymax = plane.domain.bounds
    lengths = np.linalg.norm(plane.basis.reshape(2, -1), axis=1)
    size = float(np.hypot((xmax - xmin) * lengths[0], (ymax - ymin) * lengths[1]))
    inside = (distance <= _ON_SLICE * size) & shapely.covers(plane.domain, shapely.points(points))
    return points[inside], class_numbers(targets, outputs)[inside]


def class_numbers(targets: np.ndarray, outputs: int) -> np.ndarray:
    """Targets as class numbers.

    Parameters
    ----------
    targets : ndarray, shape (n,) or (n, k)
        One-hot rows; integers, or whole non-negative floats for a network with more than one
        output, which are class numbers; or other numbers, whose sign is the class.
    outputs : int
        How many outputs the network has.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    rows = np.asarray(targets).reshape(len(targets), -1)
    if rows.shape[1] > 1:
        return rows.argmax(axis=1)
    numbers = rows[:, 0]
    whole = outputs > 1 and bool(np.all((numbers >= 0) & (numbers == np.floor(numbers))))
    if numbers.dtype.kind in "iu" or whole:
        return numbers.clip(0).astype(np.int64)
    return (numbers > 0).astype(np.int64)


def _slider(steps: list[int], index: int) -> ipywidgets.SelectionSlider:
    labels = [f"{step:,}" for step in steps]
    # The browser's slider cannot show a range of one value, so a lone checkpoint gets a second,
    # out of reach.
    labels += [" "] if len(steps) == 1 else []
    slider = ipywidgets.SelectionSlider(
        options=[(label, number) for number, label in enumerate(labels)],
        value=index,
        label=labels[index],
        description="Step",
        disabled=len(steps) == 1,
        continuous_update=True,
    )
    slider.style.description_width = "initial"
    slider.add_class("splineviz-slider")
    return slider


def _table_link(
    source: ipywidgets.Widget,
    source_trait: str,
    target: ipywidgets.Widget,
    target_trait: str,
    table: list[Any],
) -> TableLink:
    return TableLink(
        source=source,
        source_trait=source_trait,
        target=target,
        target_trait=target_trait,
        table=table,
    )


def _note(text: str) -> ipywidgets.Label:
    note = ipywidgets.Label(text)
    note.add_class("splineviz-note")
    return note
