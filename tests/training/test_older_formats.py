"""Runs and partitions that earlier versions wrote still open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import splineviz as sv

# Recorded while programs had version 1: a small network of many kinds of layers, with batch
# normalization, a convolution, a slope that changes, and weights that are parts of one parameter.
HERE = Path(__file__).parent / "runs"
RUN = HERE / "version-1"
EXPECTED = json.loads((RUN / "expected.json").read_text())


def test_it_is_a_run_of_that_version():
    network = json.loads((RUN / "manifest.json").read_text())["network"]
    assert network["version"] == 1
    assert [step["name"] for step in network["steps"] if "views" in step["options"]] == [
        "matmul",
        "add",
    ]
    files = [path for path in HERE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 50_000


@pytest.mark.parametrize("step", [0, 10, 20])
def test_a_run_of_version_1_is_replayed(step):
    program = sv.Run(RUN).program(step)
    found = program(EXPECTED["inputs"])
    np.testing.assert_allclose(found, EXPECTED["outputs"][str(step)], rtol=1e-12, atol=1e-12)
    partition = sv.enumerate_regions(program, sv.InputSlice.identity())
    assert len(partition) == EXPECTED["regions"][str(step)]


def test_a_partition_of_version_1_is_loaded(tmp_path):
    partition = sv.SplinePartition.load(HERE / "version-1.safetensors")
    again = sv.enumerate_regions(sv.Run(RUN).program(20), partition.plane)
    assert len(partition) == len(again)
    np.testing.assert_allclose(partition.areas.sum(), again.areas.sum())
    partition.save(tmp_path / "again.safetensors")
    assert len(sv.SplinePartition.load(tmp_path / "again.safetensors")) == len(again)


def test_a_run_of_version_1_is_a_module():
    run = sv.Run(RUN)
    module = run.model(20)
    program = run.program(20)
    import torch

    x = torch.tensor(EXPECTED["inputs"])
    with torch.no_grad():
        np.testing.assert_allclose(module(x.float()), program(x.numpy()), atol=1e-5)
