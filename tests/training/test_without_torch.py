from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REPLAY = """
import sys
sys.modules["torch"] = None
import numpy as np
from splineviz.training.runs import Run
run = Run.bundled("checkerboard")
inputs, labels = run.samples
assert (run.program(30000)(inputs).argmax(1) == labels).mean() > 0.98
assert run.metrics.loc[30000, "test_accuracy"] > 0.9
import splineviz.training.recording.recorder, splineviz.training.recipes, splineviz.training.data
points = splineviz.training.data.boundary_points(run.program(30000), inputs, labels, n=8)
assert abs(run.program(30000)(points) @ [1, -1]).max() < 1e-12
assert splineviz.training.recipes.names()
"""


def test_a_bundled_run_is_replayed_without_torch() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", REPLAY], cwd=ROOT, check=True)
