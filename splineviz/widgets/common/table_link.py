"""TableLink: a link between two widgets through a table, made in the browser."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC


class TableLink(StrictWidget):
    """Set a trait of one widget to the entry of a table that a trait of another asks for.

    Like :func:`ipywidgets.jslink` it works in the browser, without the kernel; unlike it the
    value may change its meaning on the way: a checkpoint's number becomes a place on an axis, the
    number of a menu's entry becomes an interval. The target's trait in the kernel stays as it is.

    Parameters
    ----------
    source : Widget
        Where the index comes from.
    source_trait : str
        Its integer trait.
    target : Widget
        What is set.
    target_trait : str
        Its trait.
    table : list of JSON values
        One entry for each index.
    back : list of int
        Where the source goes when the target is set to something else than its entry: an index for
        each of the target's values, which are integers then. Without it, it stays.
    """

    _esm = STATIC / "common" / "table_link.js"

    source = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    source_trait = traitlets.Unicode().tag(sync=True)
    target = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    target_trait = traitlets.Unicode().tag(sync=True)
    back = traitlets.List(traitlets.Int()).tag(sync=True)
    table: traitlets.List[Any] = traitlets.List().tag(sync=True)
