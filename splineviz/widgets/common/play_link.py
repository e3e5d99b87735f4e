"""PlayLink: a Play widget moves a step cursor over the steps that can be shown."""

from __future__ import annotations

import ipywidgets
import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC


class PlayLink(StrictWidget):
    """Lets a :class:`ipywidgets.Play` move a step cursor, and skips steps that cannot be shown yet.

    It works in the browser, without the kernel. Before skipped steps, a step stays longer, up to a
    limit.

    Parameters
    ----------
    source : StepCursor
        The cursor to move; its `available` says which steps can be shown.
    target : ipywidgets.Play
        The widget that counts.
    """

    _esm = STATIC / "common" / "play_link.js"

    source = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    target = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
