"""Fuzzing in processes of their own, so that a crash is seen, and by which input."""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def fuzz(module: str, first: int, count: int, timeout: float) -> collections.Counter[str]:
    """Run ``python -m module SEED COUNT`` in two processes; how often what came out.

    The processes write the number of each input before they try it, and JSON in the end.
    """
    half = count // 2
    processes = [
        subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", module, str(seed), str(half)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for seed in (first, first + half)
    ]
    found: collections.Counter[str] = collections.Counter()
    try:
        for process in processes:
            out, errors = process.communicate(timeout=timeout)
            last = (out.splitlines() or ["none"])[-1]
            assert process.returncode == 0, f"input {last} of {module}: {errors[-3000:]}"
            found.update(json.loads(last))
    except subprocess.TimeoutExpired as error:
        last = (error.stdout or b"").decode().splitlines()[-1:]
        raise AssertionError(f"{module} hangs at input {last}") from error
    finally:
        for process in processes:
            process.kill()
    return found
