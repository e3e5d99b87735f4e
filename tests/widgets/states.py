"""The state of all widgets, as a page that is loaded again asks for it."""

from __future__ import annotations

import json
import re

import ipywidgets


def open_widgets():
    return {*ipywidgets.widgets.widget._instances.values()}


def check_states():
    """All states can be read, and refer to nothing that is closed."""
    missing = _missing()
    # A widget that a thread has made between two states is missing in one reading only.
    assert not missing or not missing & _missing()


def _missing():
    """The ids of widgets to which states refer, and which have none."""
    while True:
        try:
            state = ipywidgets.Widget.get_manager_state()["state"]
            break
        except (RuntimeError, AttributeError) as error:
            # A thread of a widget has made another one meanwhile, or closed one.
            if not any(sign in str(error) for sign in ("changed size", "comm_id")):
                raise
    # Elsewhere than in a reference the text would be a user's.
    referred = set(re.findall(r'"IPY_MODEL_(\w+)"', json.dumps(state)))
    return referred - set(state)
