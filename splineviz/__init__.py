"""splineviz: see what training does to a ReLU network.

Exact linear regions on 2D slices of the input space, recording of a training, and replay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splineviz import errors as errors
    from splineviz import training as training
    from splineviz.claims.reproduce import reproduce as reproduce
    from splineviz.claims.table import CLAIMS as CLAIMS
    from splineviz.complexity.agreement import ComplexityAgreement as ComplexityAgreement
    from splineviz.complexity.agreement import ball_agreement as ball_agreement
    from splineviz.complexity.agreement import slice_agreement as slice_agreement
    from splineviz.complexity.complexity_map import complexity_map as complexity_map
    from splineviz.complexity.deformation import deformation as deformation
    from splineviz.complexity.local_complexity import local_complexity as local_complexity
    from splineviz.complexity.neuron_states import neuron_states as neuron_states
    from splineviz.complexity.results.complexity_map import ComplexityMap as ComplexityMap
    from splineviz.complexity.results.curves import ComplexityCurves as ComplexityCurves
    from splineviz.complexity.results.deformation import Deformation as Deformation
    from splineviz.complexity.results.local_complexity import LocalComplexity as LocalComplexity
    from splineviz.complexity.results.neuron_states import NeuronStates as NeuronStates
    from splineviz.network.dense_network import dense_network as dense_network
    from splineviz.network.program import Program as Program
    from splineviz.network.tracing.trace import trace as trace
    from splineviz.partition.enumeration import enumerate_regions as enumerate_regions
    from splineviz.partition.full_dimension.activation_region import (
        ActivationRegion as ActivationRegion,
    )
    from splineviz.partition.full_dimension.local_geometry import LocalGeometry as LocalGeometry
    from splineviz.partition.full_dimension.local_geometry import local_geometry as local_geometry
    from splineviz.partition.full_dimension.pattern_churn import PatternChurn as PatternChurn
    from splineviz.partition.full_dimension.pattern_churn import pattern_churn as pattern_churn
    from splineviz.partition.full_dimension.region_at import region_at as region_at
    from splineviz.partition.measure_table.checkpoints import measure_curves as measure_curves
    from splineviz.partition.measure_table.curves import MeasureCurves as MeasureCurves
    from splineviz.partition.measure_table.ensemble import slice_ensemble as slice_ensemble
    from splineviz.partition.measure_table.ensemble_result import SliceEnsemble as SliceEnsemble
    from splineviz.partition.measures.class_boundaries.class_topology import (
        ClassTopology as ClassTopology,
    )
    from splineviz.partition.measures.migration import Migration as Migration
    from splineviz.partition.migration.checkpoint_curves import region_migration as region_migration
    from splineviz.partition.migration.curves import MigrationCurves as MigrationCurves
    from splineviz.partition.one_dimensional.certificate import (
        SegmentCertificate as SegmentCertificate,
    )
    from splineviz.partition.one_dimensional.segment_partition import (
        SegmentPartition as SegmentPartition,
    )
    from splineviz.partition.plotting.colorings import Coloring as Coloring
    from splineviz.partition.slices.input_segment import InputSegment as InputSegment
    from splineviz.partition.slices.input_slice import InputSlice as InputSlice
    from splineviz.partition.spline_partition import SplinePartition as SplinePartition
    from splineviz.partition.verification.certificate import Certificate as Certificate
    from splineviz.training import attacks as attacks
    from splineviz.training import recipes as recipes
    from splineviz.training.attacks.robustness import fgsm_accuracy as fgsm_accuracy
    from splineviz.training.attacks.robustness import pgd_accuracy as pgd_accuracy
    from splineviz.training.attacks.robustness import pgd_attack as pgd_attack
    from splineviz.training.attacks.robustness import pgd_zero_gradients as pgd_zero_gradients
    from splineviz.training.attacks.strongest import apgd_accuracy as apgd_accuracy
    from splineviz.training.attacks.strongest import apgd_attack as apgd_attack
    from splineviz.training.attacks.strongest import robust_accuracy_bound as robust_accuracy_bound
    from splineviz.training.live.live_training import LiveTraining as LiveTraining
    from splineviz.training.recording.recorder import Recorder as Recorder
    from splineviz.training.recording.schedule import log_schedule as log_schedule
    from splineviz.training.run_set import RunSet as RunSet
    from splineviz.training.runs import Run as Run
    from splineviz.widgets.charts.complexity_plot import ComplexityPlot as ComplexityPlot
    from splineviz.widgets.player.region_player import RegionPlayer as RegionPlayer
    from splineviz.widgets.playground.playground import Playground as Playground
    from splineviz.widgets.slice_picker.slice_picker import SlicePicker as SlicePicker
    from splineviz.widgets.views.compare_runs import CompareRuns as CompareRuns
    from splineviz.widgets.views.curves_view import CurvesView as CurvesView
    from splineviz.widgets.views.layer_panels import LayerPanels as LayerPanels
    from splineviz.widgets.views.migration_view import MigrationView as MigrationView

__version__ = "0.1.0"

# Where each public name lives. They are imported on first use: a replay of a recorded run needs
# no torch, and the numbers need no widgets.
_PUBLIC = {
    "LiveTraining": "splineviz.training.live.live_training",
    "Coloring": "splineviz.partition.plotting.colorings",
    "Migration": "splineviz.partition.measures.migration",
    "SegmentCertificate": "splineviz.partition.one_dimensional.certificate",
    "Certificate": "splineviz.partition.verification.certificate",
    "ActivationRegion": "splineviz.partition.full_dimension.activation_region",
    "ClassTopology": "splineviz.partition.measures.class_boundaries.class_topology",
    "CompareRuns": "splineviz.widgets.views.compare_runs",
    "ComplexityAgreement": "splineviz.complexity.agreement",
    "ComplexityCurves": "splineviz.complexity.results.curves",
    "ComplexityPlot": "splineviz.widgets.charts.complexity_plot",
    "ComplexityMap": "splineviz.complexity.results.complexity_map",
    "CurvesView": "splineviz.widgets.views.curves_view",
    "Deformation": "splineviz.complexity.results.deformation",
    "InputSegment": "splineviz.partition.slices.input_segment",
    "InputSlice": "splineviz.partition.slices.input_slice",
    "LayerPanels": "splineviz.widgets.views.layer_panels",
    "LocalComplexity": "splineviz.complexity.results.local_complexity",
    "NeuronStates": "splineviz.complexity.results.neuron_states",
    "Playground": "splineviz.widgets.playground.playground",
    "LocalGeometry": "splineviz.partition.full_dimension.local_geometry",
    "MeasureCurves": "splineviz.partition.measure_table.curves",
    "MigrationCurves": "splineviz.partition.migration.curves",
    "MigrationView": "splineviz.widgets.views.migration_view",
    "PatternChurn": "splineviz.partition.full_dimension.pattern_churn",
    "Program": "splineviz.network.program",
    "Recorder": "splineviz.training.recording.recorder",
    "RegionPlayer": "splineviz.widgets.player.region_player",
    "Run": "splineviz.training.runs",
    "RunSet": "splineviz.training.run_set",
    "SegmentPartition": "splineviz.partition.one_dimensional.segment_partition",
    "SliceEnsemble": "splineviz.partition.measure_table.ensemble_result",
    "SlicePicker": "splineviz.widgets.slice_picker.slice_picker",
    "SplinePartition": "splineviz.partition.spline_partition",
    "ball_agreement": "splineviz.complexity.agreement",
    "complexity_map": "splineviz.complexity.complexity_map",
    "deformation": "splineviz.complexity.deformation",
    "dense_network": "splineviz.network.dense_network",
    "enumerate_regions": "splineviz.partition.enumeration",
    "local_complexity": "splineviz.complexity.local_complexity",
    "fgsm_accuracy": "splineviz.training.attacks.robustness",
    "local_geometry": "splineviz.partition.full_dimension.local_geometry",
    "log_schedule": "splineviz.training.recording.schedule",
    "measure_curves": "splineviz.partition.measure_table.checkpoints",
    "pattern_churn": "splineviz.partition.full_dimension.pattern_churn",
    "neuron_states": "splineviz.complexity.neuron_states",
    "pgd_accuracy": "splineviz.training.attacks.robustness",
    "pgd_attack": "splineviz.training.attacks.robustness",
    "pgd_zero_gradients": "splineviz.training.attacks.robustness",
    "apgd_accuracy": "splineviz.training.attacks.strongest",
    "apgd_attack": "splineviz.training.attacks.strongest",
    "robust_accuracy_bound": "splineviz.training.attacks.strongest",
    "CLAIMS": "splineviz.claims.table",
    "reproduce": "splineviz.claims.reproduce",
    "region_at": "splineviz.partition.full_dimension.region_at",
    "region_migration": "splineviz.partition.migration.checkpoint_curves",
    "slice_agreement": "splineviz.complexity.agreement",
    "slice_ensemble": "splineviz.partition.measure_table.ensemble",
    "trace": "splineviz.network.tracing.trace",
}

_MODULES = {
    "attacks": "splineviz.training.attacks",
    "errors": "splineviz.errors",
    "recipes": "splineviz.training.recipes",
    "training": "splineviz.training",
}

__all__ = sorted([*_PUBLIC, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = import_module(_MODULES[name])
    elif name in _PUBLIC:
        value = getattr(import_module(_PUBLIC[name]), name)
    else:
        raise AttributeError(f"module 'splineviz' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
