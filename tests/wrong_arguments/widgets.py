"""Widgets: callables, right arguments, and what kind each argument is of."""

from __future__ import annotations

import numpy as np

import splineviz as sv
from tests.wrong_arguments.complexity import CURVES
from tests.wrong_arguments.values import NET, PLANE, RUN, X


class OneStep:
    """A run of one checkpoint, so that a player is made at once."""

    name, class_names, samples, status = "one step", (), None, "finished"
    steps, metrics = [0], RUN.metrics

    def program(self, step):
        return NET


PLAYER = sv.RegionPlayer(OneStep(), PLANE, background=False)
PLAYGROUND = sv.Playground(width=4, depth=1)
MIGRATION = sv.MigrationView(OneStep(), PLANE, points=X)
COMPARED = sv.CompareRuns(OneStep(), OneStep(), PLANE, background=False)

PICTURE = {"path": "file", "curves": "flag", "width": "inches"}

CALLS = {
    "RegionPlayer": (
        sv.RegionPlayer,
        {"run": RUN, "plane": PLANE, "background": False},
        {
            "run": "run",
            "plane": "plane",
            "color": "name",
            "index": "index",
            "metrics": "columns",
            "axis_labels": "pair of texts",
            "image_shape": "image shape",
            "colorings": "colorings",
            "background": "flag",
            "budget": "size",
            "partition?": "function",
        },
    ),
    "RegionPlayer.show": (
        PLAYER.show,
        {"plane": PLANE},
        {"plane": "plane", "background": "flag"},
    ),
    "RegionPlayer.wait": (PLAYER.wait, {}, {"timeout": "seconds"}),
    "RegionPlayer.annotate": (
        PLAYER.annotate,
        {"step": PLAYER.steps[0], "text": "here"},
        {"step": "step", "text": "text"},
    ),
    "RegionPlayer.frame": (PLAYER.frame, {}, {"step": "step"}),
    "RegionPlayer.save_png": (
        PLAYER.save_png,
        {"path": "x.png"},
        {**PICTURE, "step?": "step", "dpi": "dots"},
    ),
    "RegionPlayer.save_svg": (PLAYER.save_svg, {"path": "x.svg"}, {**PICTURE, "step?": "step"}),
    "RegionPlayer.save_gif": (
        PLAYER.save_gif,
        {"path": "x.gif"},
        {
            **PICTURE,
            "steps": "steps",
            "interval": "count",
            "pause": "size",
            "dpi": "dots",
            "progress": "progress",
        },
    ),
    "RegionPlayer.save_mp4": (
        PLAYER.save_mp4,
        {"path": "x.mp4"},
        {
            **PICTURE,
            "steps": "steps",
            "interval": "count",
            "dpi": "dots",
            "progress": "progress",
        },
    ),
    "RegionPlayer.save_html": (
        PLAYER.save_html,
        {"path": "x.html"},
        {
            "path": "file",
            "steps": "steps",
            "title?": "text",
            "compress": "flag",
            "progress": "progress",
        },
    ),
    "CurvesView": (
        sv.CurvesView,
        {"run": RUN, "complexity": CURVES},
        {
            "run": "run",
            "player": "object or none",
            "metrics": "columns",
            "complexity?": "object",
            "by": "name",
            "probe?": "name",
            "radius": "known radius",
            "level": "share",
            "index?": "index",
        },
    ),
    "ComplexityPlot": (
        sv.ComplexityPlot,
        {"curves": CURVES},
        {
            "curves": "object",
            "by": "name",
            "probe?": "name",
            "radius": "known radius",
            "step?": "number of updates",
            "level": "share",
            "axis": "object or none",
        },
    ),
    "MigrationView": (
        sv.MigrationView,
        {"run": RUN, "plane": PLANE},
        {
            "run": "run",
            "plane": "plane",
            "player": "object or none",
            "points?": "coordinates",
            "radius?": "positive",
            "n_boundary": "count",
            "seed": "seed",
            "layer": "layer",
            "index?": "index",
            "background": "flag",
        },
    ),
    "MigrationView.wait": (MIGRATION.wait, {}, {"timeout": "seconds"}),
    "LayerPanels": (
        sv.LayerPanels,
        {"player": PLAYER},
        {"player": "object", "height": "count"},
    ),
    "CompareRuns": (
        sv.CompareRuns,
        {"run_a": RUN, "run_b": RUN, "plane": PLANE, "background": False},
        {
            "run_a": "run",
            "run_b": "run",
            "plane": "plane",
            "names": "names",
            "color": "name",
            "metrics": "columns",
            "index": "index",
            "budget": "size",
        },
    ),
    "CompareRuns.wait": (COMPARED.wait, {}, {"timeout": "seconds"}),
    "SlicePicker": (
        sv.SlicePicker,
        {"inputs": X + np.eye(4)[:, :2]},
        {
            "inputs": "inputs",
            "labels": "labels",
            "run?": "run or none",
            "player": "object or none",
            "class_names": "names",
            "image_shape": "image shape",
        },
    ),
    "Playground": (
        sv.Playground,
        {"width": 4, "depth": 1},
        {
            "data": "name",
            "points": "count",
            "width": "count",
            "depth": "count",
            "scale": "positive",
            "batch_norm": "flag",
            "optimizer": "name",
            "learning_rate": "not negative",
            "weight_decay": "not negative",
            "batch": "count",
            "seed": "seed",
            "record": "flag",
            "folder": "path",
        },
    ),
    "Playground.step": (PLAYGROUND.step, {}, {"n": "count"}),
}
