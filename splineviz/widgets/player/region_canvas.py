"""RegionCanvas: the picture of all linear regions at one checkpoint, drawn in the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from splineviz.display.frames import Frame
from splineviz.display.pictures import ALL_LAYERS, NO_LAYER
from splineviz.drawing.palette import CLASS_COLORS
from splineviz.errors import UnknownName
from splineviz.partition.plotting.colorings import COLORINGS, Coloring, Limits
from splineviz.widgets.common.base import PackedArray, SharedWidget
from splineviz.widgets.common.esm_bundle import STATIC, module
from splineviz.widgets.common.short_repr import short_repr

#: The default budget: how many bytes of frames a canvas keeps.
BUDGET = 64 * 2**20

#: Values of `compare` that are not the number of a checkpoint.
NO_COMPARISON, PREVIOUS_STEP = -1, -2

# Traits that users choose with the controls.
_USER_CHOICES = (
    "coloring",
    "frame_scale",
    "layer",
    "compare",
    "show_boundary",
    "show_points",
    "interval",
    "loop",
    "playing",
    "play_range",
    "annotations",
)


class RegionCanvas(SharedWidget):
    """The polygons of all linear regions, one frame per checkpoint, drawn in the browser.

    Each frame is sent once, as one block of bytes in its own trait (``frame_0``, ``frame_1``, ...).
    So frames can be added one by one, a new view has all of them, and they are saved with the
    notebook. Beyond a budget of bytes, frames are not kept: the browser requests those that it
    needs (:meth:`on_frame_request`), and they are sent as messages.

    The traits say what is shown. They change in the browser without the kernel, and can be linked
    there.

    Parameters
    ----------
    steps : sequence of int
        Training step of each checkpoint.
    rows : mapping of str to Coloring, optional
        The colorings to choose from. Default:
        :data:`~splineviz.partition.plotting.colorings.COLORINGS`.
    budget : int
        The most bytes of frames to keep.
    **traits
        Initial values of the traits below.

    Attributes
    ----------
    index : int
        Number of the checkpoint that is shown, from 0.
    count : int
        Number of checkpoints.
    coloring : int
        Row of `colorings` that colors the regions.
    colorings : list of dict
        The rows of the table of colorings as JSON.
    limits : list of [float, float] or None
        Values at the ends of each coloring's scale, one pair for all frames.
    frame_scale : bool
        Whether the color scale spans the values of the frame shown, instead of all frames.
    layer : int
        The only layer whose boundaries are drawn, from 0; -1 for all layers, -2 for none.
    layers : list of [str, int]
        Names and widths of the layers.
    compare : int
        The checkpoint to compare with, to show born, kept and vanished regions; -1 for none, -2
        for the checkpoint before the one shown.
    show_boundary, show_points : bool
        Whether the decision boundary and the samples are drawn.
    viewport : tuple of float
        xmin, ymin, xmax, ymax of the part of the slice that is shown; empty for all of it.
    bounds : tuple of float
        xmin, ymin, xmax, ymax of the slice's domain. Coordinates of frames, points and
        anchors are relative to its lower corner (xmin, ymin).
    axis_labels : tuple of str
        Names of the two coordinates.
    stretch : float
        The length of a unit of the second coordinate on the screen, in units of the first.
    line_name : str
        The name of the lines across the regions.
    line_names : list of str
        The name of each line, if each has its own color: that of the class with its number. Empty
        if all are drawn in red.
    points : ndarray of float32, shape (n, 2)
        Coordinates of samples, from the lower corner of `bounds`.
    point_classes : ndarray of uint16, shape (n,)
        Their classes.
    anchors : ndarray of float32, shape (k, 2)
        Coordinates of the samples that span the slice, from the same corner; drawn as stars.
    class_names : list of str
        Names of the classes; shown as text.
    class_colors : list of str
        Colors of the classes, as ``#rrggbb``. With more classes than colors, they repeat.
    playing : bool
        Whether the frames play; the space bar changes it.
    interval : int
        Milliseconds from one checkpoint to the next while playing; 0 for as fast as possible.
    loop : bool
        Whether playing starts over at the end.
    play_range : tuple of int
        First and last checkpoint that play; empty for all.
    controls, legend : bool
        Whether slider and menus, and color bar and legend are shown; fixed once the widget exists.
    height : int
        Height of the picture in CSS pixels; 0 for as much as the window has room for.
    source : RegionCanvas or None
        Another canvas whose frames to draw; fixed once the widget exists.
    ready : int
        The number of frames that have been made.
    settled : bool
        Whether the color scales span the first and the last frame. Then they do not change while
        the frames play.
    streams : bool
        Whether the budget is used up: further frames are sent on request and not kept.
    goes_on : bool
        Whether the picture shows a computation that goes on; without a kernel it is dimmed.
    outdated : str
        Why the picture is out of date (it is dimmed then); empty if it is not.
    progress : str
        Text after the number of regions.
    messages : dict from str to str
        Why a checkpoint has no picture, by its number.
    curves : dict
        The metrics of the run, as ``RunCurves.describe`` says; empty if there is no run.
    region_counts : list of (int or None)
        The number of linear regions at each checkpoint; None where its frame was not made.
    flags : list of dict
        What is marked on the time bar, as ``RunFlag.describe`` says.
    annotations : list of dict
        What the user wrote there: ``index`` of the checkpoint and ``name``, the text.
    bookmarks : list of int
        Numbers of the checkpoints that the user has marked.
    thumbnails : list of dict
        Small pictures beside the plot: ``caption``, and ``png``, a PNG file in base64.
    views : int
        The number of views that browsers have reported. It is not synchronized.
    rows : dict from str to Coloring
        The table of colorings.
    """

    _esm = module("player/region_canvas.js")
    _css = STATIC / "player" / "region_canvas.css"

    # No echo for traits that change faster than the kernel answers: an old echo would reset them.
    index = traitlets.Int(0).tag(sync=True, echo_update=False)
    count = traitlets.Int(0).tag(sync=True)
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    coloring = traitlets.Int(0).tag(sync=True)
    colorings = traitlets.List(traitlets.Dict()).tag(sync=True)
    limits: traitlets.List[Any] = traitlets.List().tag(sync=True)
    frame_scale = traitlets.Bool(False).tag(sync=True)
    layer = traitlets.Int(ALL_LAYERS, min=NO_LAYER).tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    compare = traitlets.Int(NO_COMPARISON, min=PREVIOUS_STEP).tag(sync=True)
    show_boundary = traitlets.Bool(True).tag(sync=True)
    show_points = traitlets.Bool(True).tag(sync=True)
    viewport = traitlets.Tuple().tag(sync=True, echo_update=False)
    bounds = traitlets.Tuple(*[traitlets.Float() for _ in range(4)]).tag(sync=True)
    axis_labels = traitlets.Tuple(
        traitlets.Unicode(), traitlets.Unicode(), default_value=("slice u", "slice v")
    ).tag(sync=True)
    stretch = traitlets.Float(1.0).tag(sync=True)
    line_name = traitlets.Unicode("decision boundary").tag(sync=True)
    line_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    points = PackedArray("f4", columns=2)
    point_classes = PackedArray("u2")
    anchors = PackedArray("f4", columns=2)
    class_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    class_colors = traitlets.List(traitlets.Unicode(), default_value=list(CLASS_COLORS)).tag(
        sync=True
    )
    playing = traitlets.Bool(False).tag(sync=True, echo_update=False)
    interval = traitlets.Int(200, min=0).tag(sync=True)
    loop = traitlets.Bool(True).tag(sync=True)
    play_range = traitlets.Tuple().tag(sync=True)
    controls = traitlets.Bool(True).tag(sync=True)
    legend = traitlets.Bool(True).tag(sync=True)
    height = traitlets.Int(0, min=0).tag(sync=True)
    source = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    ready = traitlets.Int(0).tag(sync=True)
    settled = traitlets.Bool(False).tag(sync=True)
    streams = traitlets.Bool(False).tag(sync=True)
    goes_on = traitlets.Bool(False).tag(sync=True)
    outdated = traitlets.Unicode("").tag(sync=True)
    progress = traitlets.Unicode("").tag(sync=True)
    messages = traitlets.Dict().tag(sync=True)
    curves = traitlets.Dict().tag(sync=True)
    region_counts: traitlets.List[Any] = traitlets.List().tag(sync=True)
    flags = traitlets.List(traitlets.Dict()).tag(sync=True)
    annotations = traitlets.List(traitlets.Dict()).tag(sync=True)
    bookmarks = traitlets.List(traitlets.Int()).tag(sync=True)
    thumbnails = traitlets.List(traitlets.Dict()).tag(sync=True)
    views = traitlets.Int(0)

    def __init__(
        self,
        steps: Sequence[int] = (),
        *,
        rows: Mapping[str, Coloring] = COLORINGS,
        budget: int = BUDGET,
        **traits: Any,
    ) -> None:
        steps = [int(step) for step in steps]
        self.rows = dict(rows)
        self._budget = budget
        self._kept_bytes: dict[int, int] = {}
        self._spreads: dict[int, list[np.ndarray]] = {}
        self._was_seen = False
        self._request_frames: Callable[[list[int]], None] = lambda indices: None
        self._answer_map: Callable[[int, int], dict[str, Any]] = lambda index, region: {
            "problem": "not known here"
        }
        self._add_frame_traits(len(steps))
        traits.setdefault("bounds", (0.0, 0.0, 1.0, 1.0))
        super().__init__(
            steps=steps,
            count=len(steps),
            colorings=[row.describe(name) for name, row in rows.items()],
            limits=[None] * len(rows),
            region_counts=[None] * len(steps),
            **traits,
        )
        self.on_msg(self._handle_message)

    def __repr__(self) -> str:
        return short_repr(self, f"{self.count} steps, {self.ready} of them with a frame")

    def _add_frame_traits(self, count: int, first: int = 0) -> None:
        names = [f"frame_{i}" for i in range(first, count)]
        self.add_traits(**{name: traitlets.Bytes().tag(sync=True) for name in names})

    def add_steps(self, steps: Sequence[int]) -> None:
        """Add checkpoints, without frames yet; safe to call from any thread.

        Parameters
        ----------
        steps : sequence of int
            Their training steps.
        """
        with self.lock:
            first = self.count
            self._add_frame_traits(first + len(steps), first)
            with self.hold_sync():
                self.steps = [*self.steps, *map(int, steps)]
                self.count = len(self.steps)
                self.region_counts = [*self.region_counts, *[None] * len(steps)]

    def clear_frames(self) -> None:
        """Remove all frames and messages, before those of another slice are made."""
        with self.lock, self.hold_sync():
            for index in self._kept_bytes:
                self.set_trait(f"frame_{index}", b"")
            sent = [index for index in self._spreads if index not in self._kept_bytes]
            if sent:
                self.send({"forget": sent})
            self._kept_bytes.clear()
            self._spreads.clear()
            self.messages = {}
            self.ready = 0
            self.settled = self.streams = False
            self.limits = [None] * len(self.rows)
            self.region_counts = [None] * self.count

    def set_colorings(self, rows: Mapping[str, Coloring]) -> None:
        """Replace the table of colorings, before frames with its values are made.

        The chosen coloring stays; if it is not in the table, the row at its place is chosen.

        Parameters
        ----------
        rows : mapping of str to Coloring
            What can color the regions.
        """
        with self.lock, self.hold_sync():
            names, chosen = list(rows), list(self.rows)[self.coloring]
            self.rows = dict(rows)
            self.colorings = [row.describe(name) for name, row in rows.items()]
            self.limits = [None] * len(rows)
            place = names.index(chosen) if chosen in names else self.coloring
            self.coloring = min(place, len(names) - 1)

    def restart(self, steps: Sequence[int], rows: Mapping[str, Coloring], budget: int) -> None:
        """Remove all frames, and start with the checkpoints of another training.

        Parameters
        ----------
        steps : sequence of int
            Training step of each checkpoint.
        rows : mapping of str to Coloring
            What can color the regions.
        budget : int
            How many bytes of frames to keep.
        """
        with self.lock, self.hold_sync():
            self.index = 0
            self._budget = budget
            self.set_colorings(rows)
            self.clear_frames()
            if len(steps) > self.count:
                self._add_frame_traits(len(steps), self.count)
            self.steps = [int(step) for step in steps]
            self.count = len(self.steps)
            self.region_counts = [None] * self.count
            self.bookmarks = []

    def reset_view(self, **traits: Any) -> None:
        """Set traits, reset all other traits that users choose, and show the whole slice."""
        first = {name: self.traits()[name].default() for name in _USER_CHOICES} | traits
        self.set_traits(**first)
        self.show_everything()

    def show_everything(self) -> None:
        """Undo any zoom, even one that the browser has not reported yet."""
        with self.lock:
            self.viewport = ()
            self.send({"everything": True})

    @property
    def is_full(self) -> bool:
        """Whether the budget is used up: further frames are sent on request and not kept."""
        return sum(self._kept_bytes.values()) >= self._budget

    def on_frame_request(self, callback: Callable[[list[int]], None]) -> None:
        """Set the function to call with the numbers of frames that the browser requests."""
        self._request_frames = callback

    def on_map_request(self, callback: Callable[[int, int], dict[str, Any]]) -> None:
        """Set the function that answers requests for the affine map of a region.

        Parameters
        ----------
        callback : callable
            From the numbers of checkpoint and region to ``slope``, two numbers for each output,
            and ``offset``, one for each; or to ``problem``, why there is none.
        """
        self._answer_map = callback

    def _handle_message(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if "want" in content:
            self._request_frames(
                [int(index) for index in content["want"] if 0 <= index < self.count]
            )
        if "map" in content:
            asked = content["map"]
            if 0 <= asked["index"] < self.count:
                answer = self._answer_map(int(asked["index"]), int(asked["region"]))
                self.send({"map": {"id": asked["id"], **answer}})
        if "views" in content:
            self._was_seen = True
            self.views = max(0, self.views + int(content["views"]))

    @property
    def is_seen(self) -> bool:
        """Whether the canvas is displayed, or has never been, as far as browsers report.

        A page that is closed or reloaded does not report that its views are gone.
        """
        return self.views > 0 or not self._was_seen

    @property
    def made_frames(self) -> set[int]:
        """Numbers of the checkpoints whose frames were made."""
        with self.lock:
            return set(self._spreads)

    def set_frame(self, index: int, frame: Frame) -> None:
        """Add the frame of one checkpoint; safe to call from any thread.

        Parameters
        ----------
        index : int
            Number of the checkpoint, from 0.
        frame : Frame
            Its regions.

        Raises
        ------
        UnknownName
            If there is no checkpoint of this number.
        """
        if not 0 <= index < self.count:
            raise UnknownName("checkpoint", str(index), [str(i) for i in range(self.count)])
        spreads = [frame.spread(name, row) for name, row in self.rows.items()]
        packed = frame.pack()
        with self.lock:
            self._spreads[index] = spreads
            if index in self._kept_bytes or not self.is_full:
                self._kept_bytes[index] = len(packed)
                self.set_trait(f"frame_{index}", packed)
            else:
                self.send({"frame": index}, [packed])
            self.streams = self.is_full
            self.layers = [[layer.name, layer.width] for layer in frame.layers]
            self.ready = len(self._spreads)
            self._count_regions(index, len(frame))
            self._update_scales()

    def _count_regions(self, index: int, count: int) -> None:
        counts = list(self.region_counts)
        counts[index] = count
        self.region_counts = counts

    def _update_scales(self) -> None:
        """Update `limits` and `settled` together."""
        ends = {0, self.count - 1}
        done = self._spreads.keys() | {int(index) for index in self.messages}
        with self.hold_sync():
            self.limits = self._scales()
            self.settled = self.settled or ends <= done

    def _scales(self) -> list[Limits | None]:
        """The ends of each coloring's scale, over all frames so far."""
        return [
            row.limits(spreads[k] for spreads in self._spreads.values())
            for k, row in enumerate(self.rows.values())
        ]

    def set_progress(self, progress: str) -> None:
        """Show the progress of making frames; safe to call from any thread.

        Parameters
        ----------
        progress : str
            Text after the number of regions.
        """
        with self.lock:
            self.progress = progress

    def set_message(self, index: int, message: str) -> None:
        """Show why a checkpoint has no frame; safe to call from any thread.

        Parameters
        ----------
        index : int
            Number of the checkpoint, from 0.
        message : str
            Text in place of its picture.
        """
        with self.lock:
            self.messages = {**self.messages, str(index): message}
            self._update_scales()

    def frame(self, index: int) -> Frame | None:
        """Return the frame of one checkpoint, or None if it is not kept.

        Parameters
        ----------
        index : int
            Number of the checkpoint, from 0.

        Returns
        -------
        Frame or None
        """
        packed = getattr(self, f"frame_{index}", b"")
        return Frame.unpack(packed) if packed else None

    def can_show(self, index: int) -> bool:
        """Whether the frame of a checkpoint is kept, or would be made on request.

        Parameters
        ----------
        index : int
            Number of the checkpoint, from 0.
        """
        if index in self._kept_bytes:
            return True
        return self.streams and str(index) not in self.messages

    def compared_index(self, index: int) -> int | None:
        """The number of the checkpoint to compare with, when another one is shown; or None.

        Parameters
        ----------
        index : int
            Number of the checkpoint that is shown.
        """
        other = index - 1 if self.compare == PREVIOUS_STEP else self.compare
        return other if 0 <= other < self.count and other != index else None
