"""PlayLink: playing over the steps of a cursor, as far as there is something to see."""

from __future__ import annotations

import ipywidgets
import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC


class PlayLink(StrictWidget):
    """Let a :class:`ipywidgets.Play` move a cursor; what cannot be shown yet is passed over.

    It works in the browser, without the kernel. A step that is there stays until the next that is,
    though not for long.

    Parameters
    ----------
    source : StepCursor
        What is moved; its `available` says which steps can be shown.
    target : ipywidgets.Play
        What plays.
    """

    _esm = STATIC / "common" / "play_link.js"

    source = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    target = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
