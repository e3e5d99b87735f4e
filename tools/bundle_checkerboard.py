"""Train the checkerboard anew and replace the run that comes with splineviz.

    python tools/bundle_checkerboard.py

Takes less than a minute. The weights are stored as float16, which keeps the run near 1 MB; against
float32 the number of regions differs by 0.3 % at most, and the decision boundary of the trained
network by less than 0.001. Another machine may give other weights late in training, so look at the
pictures and run the tests before committing the result. It needs splineviz to be installed.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from splineviz.training import recipes

BUNDLE = Path(__file__).resolve().parents[1] / "splineviz" / "data" / "checkerboard"
SEED = 0


def main() -> None:
    """Record into a temporary folder first, so that a failure leaves the old run in place."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "checkerboard"
        run = recipes.train("checkerboard", recorded, seed=SEED, dtype="float16", measure=False)
        print(run)
        print(run.metrics.tail(1).to_string())
        if BUNDLE.exists():
            shutil.rmtree(BUNDLE)
        shutil.copytree(recorded, BUNDLE)
    size = sum(file.stat().st_size for file in BUNDLE.rglob("*") if file.is_file())
    print(f"{BUNDLE}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
