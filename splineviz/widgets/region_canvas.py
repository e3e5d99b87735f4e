"""RegionCanvas: the picture of all linear regions of one checkpoint, scrubbed in the browser."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from splineviz.display.colorings import CLASS_COLORS, COLORINGS
from splineviz.display.frames import Frame
from splineviz.errors import UnknownName
from splineviz.widgets.base import PackedArray, StrictWidget

_STATIC = Path(__file__).parent / "static"


class RegionCanvas(StrictWidget):
    """Polygons of every linear region, one frame a checkpoint, drawn in the browser.

    Each frame travels once, as one block of bytes in a trait of its own (``frame_0``,
    ``frame_1``, ...), so frames can be added one by one and a new view finds those already there.
    Which frame is shown is the trait `index`, to be linked in the browser: a change needs no
    kernel.

    Parameters
    ----------
    steps : sequence of int
        Training step of each checkpoint; fixed once the widget exists.
    **traits
        Initial values of the traits below.

    Attributes
    ----------
    index : int
        Number of the checkpoint that is shown, from 0.
    count : int
        Number of checkpoints.
    coloring : int
        Row of `colorings` that colours the regions.
    colorings : list of dict
        The rows of :data:`~splineviz.display.colorings.COLORINGS` as JSON.
    limits : list of [float, float] or None
        Values at the ends of each colouring's scale, one pair for all frames.
    bounds : tuple of float
        xmin, ymin, xmax, ymax of the slice's domain. Its lower corner (xmin, ymin) is what the
        coordinates of frames, points and anchors count from.
    axis_labels : tuple of str
        What the two coordinates are.
    points : ndarray of float32, shape (n, 2)
        Coordinates of samples, from the lower corner of `bounds`.
    point_classes : ndarray of uint16, shape (n,)
        Their classes.
    anchors : ndarray of float32, shape (k, 2)
        Coordinates of the samples that span the slice, from the same corner; drawn as stars.
    class_names : list of str
        Names of the classes; shown as text.
    class_colors : list of str
        Colours of the classes, as ``#rrggbb``; with more classes than colours they start over.
    playing : bool
        Whether the frames run; the space bar changes it. To be linked to a Play widget.
    progress : str
        What is said behind the number of regions.
    messages : dict from str to str
        What is said in place of a picture that will not come, by the number of the checkpoint.
    """

    _esm = _STATIC / "region_canvas.js"
    _css = _STATIC / "region_canvas.css"

    index = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    coloring = traitlets.Int(0).tag(sync=True)
    colorings = traitlets.List(traitlets.Dict()).tag(sync=True)
    limits: traitlets.List[Any] = traitlets.List().tag(sync=True)
    bounds = traitlets.Tuple(*[traitlets.Float() for _ in range(4)]).tag(sync=True)
    axis_labels = traitlets.Tuple(
        traitlets.Unicode(), traitlets.Unicode(), default_value=("slice u", "slice v")
    ).tag(sync=True)
    points = PackedArray("f4", columns=2)
    point_classes = PackedArray("u2")
    anchors = PackedArray("f4", columns=2)
    class_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    class_colors = traitlets.List(traitlets.Unicode(), default_value=list(CLASS_COLORS)).tag(
        sync=True
    )
    playing = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Unicode("").tag(sync=True)
    messages = traitlets.Dict().tag(sync=True)

    def __init__(self, steps: Sequence[int] = (), **traits: Any) -> None:
        steps = [int(step) for step in steps]
        # Frames come from another thread than the browser's messages; see set_state.
        self._state_lock = threading.RLock()
        self._spreads: dict[int, list[np.ndarray]] = {}
        frames = {f"frame_{i}": traitlets.Bytes().tag(sync=True) for i in range(len(steps))}
        self.add_traits(**frames)
        traits.setdefault("bounds", (0.0, 0.0, 1.0, 1.0))
        super().__init__(
            steps=steps,
            count=len(steps),
            colorings=[row.describe(name) for name, row in COLORINGS.items()],
            limits=[None] * len(COLORINGS),
            **traits,
        )

    def set_frame(self, index: int, frame: Frame, areas: Any) -> None:
        """Add the frame of one checkpoint; may be called from any thread.

        Parameters
        ----------
        index : int
            Number of the checkpoint, from 0.
        frame : Frame
            Its regions.
        areas : ndarray, shape (R,)
            Areas of the regions, which weigh them when the colour scale's ends are chosen.

        Raises
        ------
        UnknownName
            If there is no checkpoint of this number.
        """
        if not 0 <= index < self.count:
            raise UnknownName("checkpoint", str(index), [str(i) for i in range(self.count)])
        spreads = [row.quantiles(frame.values[name], areas) for name, row in COLORINGS.items()]
        packed = frame.pack()
        with self._state_lock:
            self._spreads[index] = spreads
            self.set_trait(f"frame_{index}", packed)
            self.limits = [
                row.limits(spreads[k] for spreads in self._spreads.values())
                for k, row in enumerate(COLORINGS.values())
            ]

    def say(self, progress: str) -> None:
        """Tell how far the frames are; may be called from any thread.

        Parameters
        ----------
        progress : str
            Said behind the number of regions.
        """
        with self._state_lock:
            self.progress = progress

    def set_message(self, index: int, message: str) -> None:
        """Tell why a frame will not come; may be called from any thread.

        Parameters
        ----------
        index : int
            Number of the checkpoint, from 0.
        message : str
            Said in place of its picture.
        """
        with self._state_lock:
            self.messages = {**self.messages, str(index): message}

    def frame(self, index: int) -> Frame | None:
        """The frame of one checkpoint, or None while it is not there.

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

    @property
    def ready(self) -> int:
        """How many frames are there."""
        return len(self._spreads)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take a message from the browser.

        While it does so, ipywidgets holds back all notifications of this widget; a frame added by
        another thread in the meantime would get lost, so the two take turns.
        """
        with self._state_lock:
            super().set_state(sync_data)
