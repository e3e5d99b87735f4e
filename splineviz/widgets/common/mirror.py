"""Mirror: traits of one widget shown by another too, linked in the browser."""

from __future__ import annotations

import ipywidgets
import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC


class Mirror(StrictWidget):
    """Set traits of one widget to those of the same name of another, whenever these change.

    It works in the browser, without the kernel. Unlike :func:`ipywidgets.jslink` it tells the
    kernel nothing of the target: a dozen targets are no dozen messages for each change, and what
    Python knows of them may be old.

    Parameters
    ----------
    source : Widget
        Where the values come from.
    target : Widget
        What is set.
    names : list of str
        Traits that go from the source to the target.
    back : list of str
        Traits that also go from the target to the source, which tells the kernel.
    """

    _esm = STATIC / "common" / "mirror.js"

    source = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    target = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    back = traitlets.List(traitlets.Unicode()).tag(sync=True)
