"""LiveStatus: the status line of a live training; knows which frames the page has painted."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any

import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC

_MOST_AHEAD = 2
_LONGEST = 1.0
_WINDOW = 2.0


class LiveStatus(StrictWidget):
    """The status line of a live training, which also keeps frames from flooding the page.

    After each frame, :meth:`mark_sent` asks the page to answer once it has painted. :meth:`ready`
    allows at most two frames without an answer. If no page answers (the tab is hidden, the kernel
    is busy), it allows one frame per second.

    Attributes
    ----------
    text : str
        The state of the training.
    message : str
        An error or advice; screen readers read it out.
    views : int
        The number of views in pages.
    """

    _esm = STATIC / "playground" / "live_status.js"
    _css = STATIC / "playground" / "live_status.css"

    text = traitlets.Unicode("").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    views = traitlets.Int(0)

    def __init__(self, **traits: Any) -> None:
        self._count = 0
        self._answered = 0
        self._last = -_LONGEST
        self._painted: deque[float] = deque()
        self._seen: set[str] = set()
        super().__init__(**traits)
        self.on_msg(self._handle_message)

    def ready(self) -> bool:
        """Whether another frame may be sent; safe to call from any thread."""
        ahead = self._count - self._answered
        return ahead < _MOST_AHEAD or monotonic() - self._last >= _LONGEST

    def mark_sent(self) -> None:
        """Note that a frame was sent; safe to call from any thread."""
        self._count += 1
        self._last = monotonic()
        self.send({"frame": self._count})

    def frames_per_second(self) -> float:
        """Frames per second that the page has painted, over the last two seconds."""
        now = monotonic()
        return sum(time > now - _WINDOW for time in tuple(self._painted)) / _WINDOW

    def _handle_message(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        if "painted" in content:
            number = int(content["painted"])
            if number > self._answered:
                self._answered = min(number, self._count)
                self._painted.append(monotonic())
                while self._painted[0] < monotonic() - _WINDOW:
                    self._painted.popleft()
        if "came" in content:
            self._seen.add(str(content["came"]))
        if "gone" in content:
            self._seen.discard(str(content["gone"]))
        self.views = len(self._seen)
