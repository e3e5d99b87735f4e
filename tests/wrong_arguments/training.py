"""Runs, recording, data and attacks: callables, right arguments, and the kinds of arguments."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import splineviz as sv
from splineviz.training import data, recipes
from splineviz.training.run_set import Row, write_rows
from tests.wrong_arguments.values import MODULE, NET, NEVER, RUN, X, Y

FOLDER = tempfile.TemporaryDirectory()
RECORDER = sv.Recorder(f"{FOLDER.name}/run", MODULE)
# A set of which no run was begun.
write_rows(Path(FOLDER.name), "two-moons", [Row(f"seed={seed}", seed, {}) for seed in (0, 2)])
RUNS = sv.RunSet(FOLDER.name)
MOONS = data.two_moons(20, 10)
LIVE = sv.LiveTraining(MOONS, width=4, depth=1)
LIVE.step(1)
SETTINGS = {
    "width": "count",
    "depth": "count",
    "scale": "positive",
    "batch_norm": "flag",
    "optimizer": "name",
    "learning_rate": "not negative",
    "weight_decay": "not negative",
    "batch": "count",
    "seed": "seed",
}

ATTACK = {
    "model": "network",
    "x": "inputs",
    "y": "classes",
    "norm": "name",
    "loss": "name",
    "scale": "positive",
    "bounds": "bounds",
    "batch_size": "count",
}
PGD = {**ATTACK, "steps": "count", "alpha?": "positive", "restarts": "count", "seed": "seed"}
BOUND = {**ATTACK, "steps": "count", "restarts": "count", "seed": "seed"}
del BOUND["loss"]
APGD = {**BOUND, "loss?": "name or names"}
ATTACKED = {"model": NET, "x": X, "y": Y, "eps": 0.1}
EPS = {"eps": "not negative"}
POINTS = {"train": "size", "test": "size", "seed": "seed"}


def report(step, **metrics):
    """Call a method whose first argument is given by place only."""
    return RECORDER.step(step, **metrics)


CALLS = {
    "Run": (sv.Run, {}, {"path": "path"}),
    "Run.bundled": (sv.Run.bundled, {}, {"name": "name"}),
    "Run.program": (RUN.program, {}, {"step": "step"}),
    "Run.model": (RUN.model, {}, {"step": "step"}),
    "Run.state": (RUN.state, {}, {"step": "step"}),
    "Run.probes": (RUN.probes, {}, {"n?": "count", "seed": "seed"}),
    "Recorder": (
        sv.Recorder,
        {"path": NEVER, "model": MODULE},
        {
            "path": "path",
            "model": "network",
            "schedule?": "schedule",
            "samples": "samples",
            "input_shape": "shape",
            "start?": "name",
            "class_names": "names",
            "metadata": "metadata",
            "dtype": "name",
            "resume": "resume",
        },
    ),
    "Recorder with an example": (
        sv.Recorder,
        {"path": NEVER, "model": MODULE, "start": "1"},
        {"example?": "inputs"},
    ),
    "Recorder.due": (RECORDER.due, {}, {"step": "number of updates"}),
    "Recorder.step": (report, {"step": 0}, {"step": "number of updates", "loss": "metric"}),
    "log_schedule": (
        sv.log_schedule,
        {"last": 10, "count": 4},
        {"last": "count", "count": "count"},
    ),
    "LiveTraining": (sv.LiveTraining, {"data": MOONS}, {"data": "object", **SETTINGS}),
    "LiveTraining.learn": (LIVE.learn, {}, {"data": "object"}),
    "LiveTraining.step": (LIVE.step, {}, {"n": "count"}),
    "LiveTraining.record": (LIVE.record, {}, {"path": "path"}),
    "LiveTraining.write_kept": (LIVE.write_kept, {}, {"path": "path"}),
    "pgd_accuracy": (sv.pgd_accuracy, ATTACKED, {**PGD, **EPS}),
    "pgd_attack": (sv.pgd_attack, ATTACKED, {**PGD, **EPS}),
    "pgd_zero_gradients": (sv.pgd_zero_gradients, ATTACKED, {**PGD, **EPS}),
    "fgsm_accuracy": (sv.fgsm_accuracy, ATTACKED, {**ATTACK, **EPS}),
    "apgd_accuracy": (sv.apgd_accuracy, ATTACKED, {**APGD, **EPS}),
    "apgd_attack": (sv.apgd_attack, ATTACKED, {**APGD, **EPS}),
    "robust_accuracy_bound": (sv.robust_accuracy_bound, ATTACKED, {**BOUND, **EPS}),
    "recipes.train": (
        recipes.train,
        {"name": "two-moons", "out": NEVER, "steps": 1, "progress": None},
        {
            "name": "name",
            "out": "path",
            "seed": "seed",
            "steps?": "count",
            "progress": "progress",
            "dtype": "name",
            "resume": "flag",
            "measure": "flag",
            "width": "count",
            "weight_decay": "not negative",
            "activation": "name",
        },
    ),
    "recipes.sweep": (
        recipes.sweep,
        {"name": "two-moons", "out": NEVER, "steps": 1, "progress": None},
        {
            "name": "name",
            "out": "path",
            "seeds": "seeds",
            "jobs": "count",
            "progress": "progress",
            "measure": "flag",
        },
    ),
    "recipes.measure": (recipes.measure, {"run": RUN}, {"run": "run"}),
    "recipes.recipe_of": (recipes.recipe_of, {}, {"run": "run"}),
    "RunSet": (sv.RunSet, {}, {"path": "path"}),
    "RunSet.curves": (RUNS.curves, {"metric": "loss"}, {"metric": "name", "by?": "names"}),
    "RunSet.plot": (RUNS.plot, {"metric": "loss"}, {"metric": "name", "by?": "names"}),
    "RunSet.run": (RUNS.run, {}, {"seed": "number of updates"}),
    "reproduce": (
        sv.reproduce,
        {
            "names": ["ascent"],
            "out": NEVER,
            "seeds": 1,
            "jobs": 1,
            "steps": 1,
            "progress": None,
        },
        {
            "out": "path",
            "seeds": "count",
            "jobs?": "count",
            "steps?": "count",
            "progress": "progress",
        },
    ),
    "recipes.data": (recipes.data, {"name": "two-moons"}, {"name": "name", "seed": "seed"}),
    "data.checkerboard": (data.checkerboard, {}, {**POINTS, "tiles": "count"}),
    "data.two_moons": (data.two_moons, {}, {**POINTS, "noise": "not negative"}),
    "data.circles": (
        data.circles,
        {},
        {**POINTS, "noise": "not negative", "inner": "positive"},
    ),
    "data.spirals": (
        data.spirals,
        {},
        {**POINTS, "noise": "not negative", "arms": "count", "turns": "number"},
    ),
    "data.blobs": (data.blobs, {}, {**POINTS, "classes": "count", "spread": "not negative"}),
    "data.digits": (data.digits, {}, {"train": "count", "seed": "seed"}),
    "data.modular_addition": (
        data.modular_addition,
        {},
        {"train": "count", "modulus": "count", "seed": "seed"},
    ),
    "data.sine": (data.sine, {}, {**POINTS, "half_width": "positive"}),
    "data.xor": (data.xor, {}, {**POINTS, "dimensions": "count"}),
    "data.with_random_labels": (
        data.with_random_labels,
        {"data": MOONS, "share": 0.5},
        {"data": "object", "share": "part", "seed": "seed"},
    ),
    "data.random_points": (
        data.random_points,
        {"like": X},
        {"like": "inputs", "n": "count", "seed": "seed", "bounds": "bounds"},
    ),
    "data.probes": (
        data.probes,
        {"data": MOONS},
        {"data": "object", "n?": "count", "seed": "seed"},
    ),
    "data.BoundaryProbe": (
        data.BoundaryProbe,
        {"inputs": X},
        {"inputs": "inputs", "labels?": "labels", "n": "count", "seed": "seed"},
    ),
    "data.boundary_points": (
        data.boundary_points,
        {"model": sv.dense_network([np.eye(2)]), "inputs": np.eye(2)},
        {"model": "network", "inputs": "inputs", "n": "count", "seed": "seed"},
    ),
}
