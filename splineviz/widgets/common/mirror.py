"""Mirror: copies traits of one widget to another, in the browser."""

from __future__ import annotations

import ipywidgets
import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC


class Mirror(StrictWidget):
    """Copies traits of one widget to traits of the same name of another, whenever they change.

    It works in the browser, without the kernel. Unlike :func:`ipywidgets.jslink`, it does not send
    changes of the target to the kernel. So a dozen targets do not cause a dozen messages per
    change, but the target's traits in Python may be out of date.

    Parameters
    ----------
    source : Widget
        The widget whose traits are copied.
    target : Widget
        The widget whose traits are set.
    names : list of str
        Traits that go from the source to the target.
    back : list of str
        Traits that also go from the target to the source; the source sends them to the kernel.
    """

    _esm = STATIC / "common" / "mirror.js"

    source = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    target = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    back = traitlets.List(traitlets.Unicode()).tag(sync=True)
