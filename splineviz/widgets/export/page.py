"""Saves a player as one HTML file, which needs no kernel and no network."""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import warnings
from collections.abc import Sequence
from string import Template
from typing import TYPE_CHECKING, Any

from splineviz.display.frames import Frame
from splineviz.progress import Progress, check_progress, reporting
from splineviz.validation.names import as_text
from splineviz.validation.numbers import check_flags
from splineviz.widgets.common.esm_bundle import STATIC, module
from splineviz.widgets.export.player_frames import (
    canvas_of,
    color_limits,
    read_steps,
    wait_for_frames,
)
from splineviz.widgets.export.target import check_target, write_target
from splineviz.widgets.player.region_canvas import NO_COMPARISON, RegionCanvas

if TYPE_CHECKING:
    from splineviz.widgets.player.region_player import RegionPlayer

# The largest page, in bytes, that browsers open and mail programs send easily.
_LARGE = 50 * 2**20


def save_html(
    player: RegionPlayer,
    path: str | os.PathLike[str],
    steps: Sequence[int] | None,
    title: str | None,
    compress: bool,
    progress: Progress | bool | None,
) -> None:
    """Save a page, as :meth:`RegionPlayer.save_html` says."""
    target = check_target(path, ".html")
    check_flags(compress=compress)
    check_progress(progress)
    if title is not None:
        as_text(title, "title")
    chosen = read_steps(player, steps)
    wait_for_frames(player)
    with reporting(progress, len(chosen), "frame") as report:
        packed, messages = _packed_frames(player, chosen, report)
    if title is None:
        name = getattr(player.run, "name", "")
        title = f"Linear regions during training: {name}" if name else "Linear regions in training"
    page = _page(player, chosen, packed, messages, title, compress).encode()
    write_target(target, page)
    if len(page) > _LARGE:
        warnings.warn(
            f"{target} has {len(page) / 2**20:,.0f} MB for {len(chosen)} steps: browsers open it "
            "slowly. For a smaller page say steps=player.steps[::2], or take a smaller slice",
            stacklevel=4,
        )


def _packed_frames(
    player: RegionPlayer, steps: list[int], report: Any
) -> tuple[dict[int, bytes], dict[str, str]]:
    """Pack the frames of some steps; returns the bytes, and messages for those that failed.

    Raises
    ------
    Exception
        The exception of the last frame, if none could be made.
    """
    canvas = canvas_of(player)
    packed, messages = {}, {}
    for number, step in enumerate(steps):
        try:
            kept = getattr(canvas, f"frame_{player.steps.index(step)}")
            packed[number] = kept or player.frame(step).pack()
        except Exception as error:
            messages[str(number)] = f"This step could not be computed: {error}"
            if len(messages) == len(steps):
                raise
        report(number + 1)
    return packed, messages


def _page(
    player: RegionPlayer,
    steps: list[int],
    packed: dict[int, bytes],
    messages: dict[str, str],
    title: str,
    compress: bool,
) -> str:
    from splineviz import __version__

    names = RegionCanvas.own_arguments() - {"source"}
    traits = canvas_of(player).get_state(key=names)
    arrays = {name: _text(traits.pop(name)) for name in ("points", "point_classes", "anchors")}
    frames = [Frame.unpack(data) for data in packed.values()]
    traits |= _changed_traits(player, steps, {frame.step: len(frame) for frame in frames})
    traits |= {"limits": color_limits(player, frames), "messages": messages}
    state = {
        "traits": traits,
        "arrays": arrays,
        "compressed": compress,
    }
    texts = [
        f'<script type="text/plain" class="sv-frame" data-index="{number}">'
        f"{_text(gzip.compress(data, mtime=0) if compress else data)}</script>"
        for number, data in packed.items()
    ]
    template = Template((STATIC / "export" / "page.html").read_text(encoding="utf-8"))
    style = [STATIC / name for name in ("player/region_canvas.css", "export/page.css")]
    return template.substitute(
        title=html.escape(title),
        style="\n".join(sheet.read_text(encoding="utf-8") for sheet in style),
        version=__version__,
        state=_json(state),
        frames="\n".join(texts),
        module=module("export/page.js"),
    )


def _changed_traits(
    player: RegionPlayer, steps: list[int], counts: dict[int, int]
) -> dict[str, Any]:
    """The traits that differ from the player's, because the file has only these steps."""
    canvas = canvas_of(player)
    shown = min(range(len(steps)), key=lambda number: abs(steps[number] - player.step))
    compare = canvas.compare
    if compare >= 0:
        compared = player.steps[compare]
        compare = steps.index(compared) if compared in steps else NO_COMPARISON
    return {
        "steps": steps,
        "count": len(steps),
        "index": shown,
        "compare": compare,
        "play_range": list(canvas.play_range) if steps == player.steps else [],
        "playing": False,
        "controls": True,
        "height": 0,
        "region_counts": [counts.get(step) for step in steps],
        **_marks(player, steps),
        "ready": len(steps),
        "progress": "",
        "source": None,
    }


def _marks(player: RegionPlayer, steps: list[int]) -> dict[str, Any]:
    """What is marked on the time bar, by the numbers that these checkpoints have in the file."""
    canvas = canvas_of(player)

    def renumbered(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [mark for mark in marks if player.steps[mark["index"]] in steps]
        return [mark | {"index": steps.index(player.steps[mark["index"]])} for mark in kept]

    marked = [player.steps[index] for index in canvas.bookmarks]
    return {
        "flags": renumbered(canvas.flags),
        "annotations": renumbered(canvas.annotations),
        "bookmarks": sorted(steps.index(step) for step in marked if step in steps),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _json(value: Any) -> str:
    """JSON that is safe between script tags: no text in it can end them or start a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
