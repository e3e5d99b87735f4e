"""Runs the tests of the widgets' JavaScript with node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from splineviz.display.packing import pack

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def node():
    path = shutil.which("node")
    if path is None:
        reason = "node is not installed"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"the tests of the JavaScript must run here: {reason}")
        pytest.skip(reason)
    return path


@pytest.mark.parametrize("tests", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_javascript(tests, node, tmp_path):
    block = tmp_path / "block.bin"
    block.write_bytes(
        pack(
            {
                "small": np.array([[1, 2], [3, 4], [5, 6]], np.uint8),
                "wide": np.array([70000], np.uint32),
                "real": np.array([0.5, -2], np.float32),
            },
            {"step": 12, "name": "é"},
        )
    )
    result = subprocess.run(
        [node, "--test", str(tests)],
        env=os.environ | {"PACKED_BLOCK": str(block)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
