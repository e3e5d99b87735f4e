"""Whatever draws says what is wrong with a seed, in place of drawing something else each time."""

from __future__ import annotations

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidArgument
from splineviz.training import data

X = np.random.default_rng(0).standard_normal((20, 2))
MOONS = data.two_moons(20, 20)
PLANE = sv.InputSlice.identity()


@pytest.fixture(scope="module")
def run():
    return sv.Run.bundled("checkerboard")


@pytest.fixture(scope="module")
def program(run):
    return run.program(run.steps[-1])


@pytest.fixture(scope="module")
def partition(program):
    return sv.enumerate_regions(program, PLANE)


DRAWING = {
    "checkerboard": lambda seed, **_: data.checkerboard(seed=seed),
    "two_moons": lambda seed, **_: data.two_moons(seed=seed),
    "circles": lambda seed, **_: data.circles(seed=seed),
    "spirals": lambda seed, **_: data.spirals(seed=seed),
    "blobs": lambda seed, **_: data.blobs(seed=seed),
    "digits": lambda seed, **_: data.digits(seed=seed),
    "random_points": lambda seed, **_: data.random_points(X, seed=seed),
    "probes": lambda seed, **_: data.probes(MOONS, seed=seed),
    "BoundaryProbe": lambda seed, **_: data.BoundaryProbe(X, seed=seed),
    "boundary_points": lambda seed, program, **_: data.boundary_points(program, X, seed=seed),
    "InputSlice.between": lambda seed, **_: sv.InputSlice.between(X[0], X[1], seed=seed),
    "InputSlice.around": lambda seed, **_: sv.InputSlice.around(X[0], seed=seed),
    "sample_decision_boundary": lambda seed, partition, **_: partition.sample_decision_boundary(
        5, seed=seed
    ),
    "migration": lambda seed, partition, **_: partition.migration(X, 0.1, seed=seed),
    "region_migration": lambda seed, run, **_: sv.region_migration(
        run, PLANE, seed=seed, steps=[0]
    ),
    "slice_ensemble": lambda seed, program, **_: sv.slice_ensemble(
        program, X, n=1, measures="regions", seed=seed
    ),
    "local_complexity": lambda seed, program, **_: sv.local_complexity(
        program, X, radius=0.1, seed=seed
    ),
    "pgd_accuracy": lambda seed, program, **_: sv.pgd_accuracy(
        program, X, np.zeros(20, dtype=int), eps=0.1, seed=seed
    ),
    "apgd_accuracy": lambda seed, program, **_: sv.apgd_accuracy(
        program, X, np.zeros(20, dtype=int), eps=0.1, seed=seed
    ),
}


@pytest.mark.parametrize("seed", [None, -1, 1.5, "x", 2**63])
@pytest.mark.parametrize("drawing", DRAWING)
def test_what_is_no_seed(drawing, seed, run, program, partition):
    with pytest.raises(InvalidArgument, match="seed must be"):
        DRAWING[drawing](seed, run=run, program=program, partition=partition)


@pytest.mark.parametrize("drawing", DRAWING)
def test_seeds_of_numpy(drawing, run, program, partition):
    DRAWING[drawing](np.int64(3), run=run, program=program, partition=partition)
