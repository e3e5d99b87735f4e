from __future__ import annotations

import ipywidgets
import pytest

from splineviz.errors import UnknownArgument
from splineviz.widgets.common.table_link import TableLink


def test_widgets_travel_as_references():
    source, target = ipywidgets.IntSlider(), ipywidgets.Play()
    link = TableLink(
        source=source,
        source_trait="value",
        target=target,
        target_trait="interval",
        table=[100, 50],
    )
    state = link.get_state(["source", "source_trait", "target", "target_trait", "table"])
    assert state == {
        "source": f"IPY_MODEL_{source.model_id}",
        "source_trait": "value",
        "target": f"IPY_MODEL_{target.model_id}",
        "target_trait": "interval",
        "table": [100, 50],
    }


def test_arguments_it_does_not_have_are_refused():
    with pytest.raises(UnknownArgument, match="TableLink has no argument values"):
        TableLink(values=[1])
