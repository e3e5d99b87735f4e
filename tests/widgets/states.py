"""The state of all widgets, as a page that is loaded again asks for it."""

from __future__ import annotations

import json
import re

import ipywidgets


def open_widgets():
    return set(ipywidgets.widgets.widget._instances.values())


def check_states():
    """All states can be read, and refer to nothing that is closed."""
    state = ipywidgets.Widget.get_manager_state()["state"]
    # Elsewhere than in a reference the text would be a user's.
    referred = set(re.findall(r'"IPY_MODEL_(\w+)"', json.dumps(state)))
    assert referred <= set(state)
