"""Local complexity: callables, right arguments, and what kind each argument is of."""

from __future__ import annotations

import numpy as np

import splineviz as sv
from tests.wrong_arguments.values import NET, PART, PLANE, RUN, SEGMENT, X

LC = sv.local_complexity(NET, X + 0.3, radius=0.1)
CURVES = RUN.local_complexity(X, radius=0.1, steps=[0], cache=False)
MAP = sv.complexity_map(NET, PLANE, resolution=4)
DEFORMATION = sv.deformation(NET, X + 0.3, radius=0.1)
MIGRATION = sv.region_migration(RUN, PLANE, steps=[0])
MEASURED = sv.measure_curves(RUN, ["degree"], plane=PLANE, steps=[0])
TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
ENSEMBLE = sv.slice_ensemble(NET, TRIANGLE, measures="regions", n=2)

OPTIONS = {
    "radius?": "radii",
    "directions": "directions",
    "seed": "seed",
    "layers": "layers",
    "logits": "flag",
    "progress": "progress",
}

CALLS = {
    "local_complexity": (
        sv.local_complexity,
        {"model": NET, "x": X},
        {
            "model": "network",
            "x": "inputs",
            **OPTIONS,
            "batch_size?": "count",
            "winners": "flag",
            "live_at?": "inputs",
            "center": "flag",
            "shared_frame": "flag",
            "device?": "name",
        },
    ),
    "neuron_states": (
        sv.neuron_states,
        {"model": NET, "x": X},
        {
            "model": "network",
            "x": "inputs",
            "layers": "layers",
            "winners": "flag",
            "progress": "progress",
        },
    ),
    "deformation": (
        sv.deformation,
        {"model": NET, "x": X},
        {
            "model": "network",
            "x": "inputs",
            **OPTIONS,
            "batch_size?": "count",
            "shared_frame": "flag",
            "device?": "name",
        },
    ),
    "complexity_map": (
        sv.complexity_map,
        {"model": NET, "plane": PLANE, "resolution": 3},
        {
            "model": "network",
            "plane": "plane",
            **OPTIONS,
            "batch_size?": "count",
            "resolution": "count",
            "winners": "flag",
            "center": "flag",
            "in_plane": "flag",
            "device?": "name",
        },
    ),
    "Run.local_complexity": (
        RUN.local_complexity,
        {"probes": X, "steps": [0], "cache": False},
        {
            "probes?": "inputs",
            **OPTIONS,
            "live_at?": "inputs",
            "steps": "steps",
            "cache": "flag",
            "center": "flag",
            "winners": "flag",
            "shared_frame": "flag",
            "device?": "name",
        },
    ),
    "LocalComplexity.interval": (LC.interval, {}, {"level": "share", "per_layer": "flag"}),
    "LocalComplexity.mean": (LC.mean, {}, {"per_layer": "flag"}),
    "LocalComplexity.plot": (LC.plot, {}, {"ax": "axes"}),
    "ComplexityCurves.from_results": (
        sv.ComplexityCurves.from_results,
        {"steps": [0], "results": {"training": [LC]}},
        {"steps": "own steps", "results": "object"},
    ),
    "ComplexityCurves.mean": (CURVES.mean, {}, {"probe?": "name", "per_layer": "flag"}),
    "ComplexityCurves.interval": (
        CURVES.interval,
        {},
        {"probe?": "name", "level": "share", "per_layer": "flag"},
    ),
    "ComplexityCurves.at": (CURVES.at, {"step": 0}, {"step": "step", "probe?": "name"}),
    "ComplexityCurves.to_dataframe": (CURVES.to_dataframe, {}, {"level": "share"}),
    "ComplexityCurves.number_of_radius": (
        CURVES.number_of_radius,
        {},
        {"radius": "known radius"},
    ),
    "ComplexityCurves.plot": (
        CURVES.plot,
        {},
        {
            "ax": "axes",
            "by": "name",
            "probe?": "name",
            "radius": "known radius",
            "level": "share",
        },
    ),
    "ComplexityMap.plot": (
        MAP.plot,
        {"partition": PART},
        {"ax": "axes", "partition?": "object", "layer": "layer"},
    ),
    "Deformation.mean": (DEFORMATION.mean, {}, {"measure": "name"}),
    "Deformation.interval": (
        DEFORMATION.interval,
        {},
        {"measure": "name", "level": "share"},
    ),
    "Deformation.plot": (DEFORMATION.plot, {}, {"ax": "axes", "measure": "name"}),
    "region_migration": (
        sv.region_migration,
        {"run": RUN, "plane": PLANE, "steps": [0]},
        {
            "run": "run",
            "plane": "plane",
            "points?": "coordinates",
            "radius?": "positive",
            "n_boundary": "count",
            "n_uniform?": "count",
            "seed": "seed",
            "layer": "layer",
            "steps": "steps",
            "progress": "progress",
        },
    ),
    "region_migration on a segment": (
        sv.region_migration,
        {"run": RUN, "plane": SEGMENT, "steps": [0]},
        {"points?": "positions", "radius?": "positive"},
    ),
    "measure_curves": (
        sv.measure_curves,
        {"run": RUN, "measures": ["degree", "churn"], "plane": PLANE, "steps": [0]},
        {
            "run": "run",
            "measures": "measures",
            "plane": "plane",
            "points?": "inputs",
            "steps": "steps",
            "progress": "progress",
        },
    ),
    "slice_agreement": (
        sv.slice_agreement,
        {"model": NET, "plane": PLANE, "points": X},
        {
            "model": "network",
            "plane": "plane",
            "points": "coordinates",
            "radius": "radii",
            "shape": "name",
        },
    ),
    "ball_agreement": (
        sv.ball_agreement,
        {"model": NET, "x": X},
        {
            "model": "network",
            "x": "inputs",
            "radius": "radii",
            "directions?": "count",
            "seed": "seed",
        },
    ),
    "MeasureCurves.curves_of": (MEASURED.curves_of, {}, {"name": "name"}),
    "MeasureCurves.plot": (MEASURED.plot, {}, {"axes": "axes"}),
    "slice_ensemble": (
        sv.slice_ensemble,
        {"model": NET, "x": TRIANGLE, "n": 1},
        {
            "model": "network",
            "x": "inputs",
            "measures": "measures",
            "n": "count",
            "kind": "name",
            "margin": "not negative",
            "half_width": "positive",
            "seed": "seed",
            "progress": "progress",
        },
    ),
    "SliceEnsemble.interval": (
        ENSEMBLE.interval,
        {"name": "regions"},
        {"name": "name", "level": "share"},
    ),
    "SliceEnsemble.to_dataframe": (ENSEMBLE.to_dataframe, {}, {"level": "share"}),
    "SliceEnsemble.plot": (ENSEMBLE.plot, {}, {"axes": "axes", "level": "share"}),
    "MigrationCurves.plot": (MIGRATION.plot, {}, {"axes": "axes"}),
}
