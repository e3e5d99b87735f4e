"""TableLink: links two widgets through a table, in the browser."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC


class TableLink(StrictWidget):
    """Looks up a trait of one widget in a table, and sets a trait of another to the entry.

    Like :func:`ipywidgets.jslink` it works in the browser, without the kernel. Unlike it, the value
    changes its meaning: the number of a checkpoint becomes a position on an axis, the number of a
    menu's entry an interval. The target's trait in the kernel does not change.

    Parameters
    ----------
    source : Widget
        The widget that has the index.
    source_trait : str
        Its integer trait.
    target : Widget
        The widget to set.
    target_trait : str
        Its trait.
    table : list of JSON values
        One entry per index.
    back : list of int
        The way back: an index for each integer value of the target. When the target is set to
        anything but its entry, the source takes this index. Default: no way back.
    """

    _esm = STATIC / "common" / "table_link.js"

    source = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    source_trait = traitlets.Unicode().tag(sync=True)
    target = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    target_trait = traitlets.Unicode().tag(sync=True)
    back = traitlets.List(traitlets.Int()).tag(sync=True)
    table: traitlets.List[Any] = traitlets.List().tag(sync=True)
