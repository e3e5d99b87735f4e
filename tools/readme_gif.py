"""Make docs/checkerboard.gif, the moving picture at the head of the README.

    python tools/readme_gif.py

The bundled checkerboard run, every checkpoint of it, with its accuracy curves: the exact output as
color, and the boundaries of all neurons, which gather where the predicted class changes.
Takes around two minutes on an idle core.
"""

from __future__ import annotations

from pathlib import Path

import splineviz as sv

GIF = Path(__file__).resolve().parents[1] / "docs" / "checkerboard.gif"
INTERVAL = 160
"""Milliseconds from one step to the next."""
PAUSE = 2500
"""Milliseconds for which the last one stays longer."""


def main() -> None:
    """Draw the frames one after another."""
    run = sv.Run.bundled("checkerboard")
    plane = sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))
    player = sv.RegionPlayer(run, plane, background=False)
    GIF.parent.mkdir(exist_ok=True)
    player.save_gif(
        GIF, interval=INTERVAL, pause=PAUSE, curves=True, width=4.6, dpi=80, progress=True
    )
    player.close()
    print(f"{GIF}: {GIF.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
