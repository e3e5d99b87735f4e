"""A page that nbconvert makes of a notebook, and a reader of it."""

from __future__ import annotations

import subprocess
import sys

from tests.browser.test_region_player import Player
from tests.browser.viewer import MODULES


def convert(notebook, folder, *options):
    """Make a page of a notebook in a folder, as the command line does."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", f"--output-dir={folder}"]
    subprocess.run([*command, *options, str(notebook)], check=True, capture_output=True)
    return folder / notebook.with_suffix(".html").name


class Converted:
    """An opened page; `requests` collects what it fetches, `problems` what goes wrong."""

    def __init__(self, page, path, answer):
        self.page = page
        self.folder = path.parent.as_uri()
        self.requests = []
        self.problems = []
        self.player = Player(page)
        page.on("pageerror", lambda error: self.problems.append(f"page: {error}"))
        page.on("console", self._hear)
        page.on("request", lambda request: self.requests.append(request.url))
        page.route(lambda url: not url.startswith("file:"), answer)
        page.goto(path.as_uri())

    def _hear(self, message):
        url = message.location.get("url") or ""
        # Before it asks a CDN, the viewer looks for a module beside the page.
        beside = [f"{self.folder}/{name}.js" for name in MODULES]
        if message.type == "error" and url not in beside:
            self.problems.append(f"console: {message.text} ({url})")

    def scrub(self):
        """Go through the player as a reader would, by its slider and by keys."""
        player = self.player
        player.wait_until_ready()
        last = int(player.handle.get_attribute("aria-valuemax"))
        assert player.colors() > 10
        start, marker = player.picture(), player.marker()
        player.handle.focus()
        player.press("ArrowRight", 1)
        assert player.picture() != start
        player.wait_for_marker(marker, moved=True)
        player.plot.focus()
        player.press("End", last)
        assert player.read_out().endswith(f"({last + 1} of {last + 1})")
        player.choose_color("activation pattern")
        player.choose_color("output")
        player.press("Home", 0)
        player.wait_for_marker(marker)
