"""The bundled checkerboard run, and what tests of notebooks and documents compute from it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import splineviz as sv

RUN = sv.Run.bundled("checkerboard")
POINTS, LABELS = RUN.samples
SQUARE = sv.InputSlice.identity(bounds=(-1.6, -1.6, 1.6, 1.6))
FITTED, HIGHEST, GATHERED, LAST = 193, 3125, 21183, 30000


@cache
def partition(step):
    return sv.enumerate_regions(RUN.program(step), SQUARE)


@cache
def migration(step):
    return partition(step).migration(POINTS, 0.1)


@cache
def complexity():
    return RUN.local_complexity(RUN.probes(), radius=0.1, directions=2, cache=False)


def lc(probe, step):
    return complexity().mean(probe)[complexity().steps.tolist().index(step)]


def signs(program, points):
    """Which neurons are on, at the vertices of a cross-polytope of radius 0.1 round each point."""
    directions = complexity().directions
    offsets = 0.1 * np.concatenate([directions, -directions])
    vertices = points[:, None].astype(np.float64) + offsets
    found = np.concatenate(program.pre_activations(vertices.reshape(-1, 2)), axis=1) > 0
    return found.reshape(*vertices.shape[:2], -1)


def alive():
    """Which neurons switch somewhere in the square at the end."""
    patterns = partition(LAST).activation_patterns()
    return patterns.any(axis=0) & ~patterns.all(axis=0)


def lc_of_survivors(probe, step):
    """Independently of the package's own counting."""
    program = RUN.program(step)
    points = RUN.probes()[probe]
    on = signs(program, points(program) if callable(points) else points)
    crossed = on.any(axis=1) & ~on.all(axis=1)
    assert crossed.sum(axis=1).mean() == pytest.approx(lc(probe, step))
    return crossed[:, alive()].sum(axis=1).mean()


def off(step):
    """How many neurons are off at all training points."""
    found = RUN.program(step).pre_activations(POINTS)
    return sum(int((values <= 0).all(axis=0).sum()) for values in found)


def survivors_gather():
    found = [lc_of_survivors("boundary", step) for step in (HIGHEST, LAST)]
    return [round(mean, 1) for mean in found] == [12.1, 20.5]


def dies():
    return (off(HIGHEST), off(LAST)) == (25, 98)


def depends_on_the_radius():
    found = RUN.local_complexity(
        radius=[0.005, 0.05, 0.1], directions=2, steps=[0, LAST], cache=False
    ).mean()
    return (found[1] > found[0]).tolist() == [True, False, False]
