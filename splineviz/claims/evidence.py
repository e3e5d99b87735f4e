"""Evidence: what a run shows that a recipe made, as claims need it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from splineviz.claims.training_phases import LATE, Phases, first_step, gain
from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.local_complexity import complexity_around, local_complexity
from splineviz.complexity.neuron_states import neuron_states
from splineviz.errors import EmptyBoundary, InvalidArgument
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.training import recipes
from splineviz.training.recipes.measuring import POINTS
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from splineviz.complexity.results.neuron_states import NeuronStates
    from splineviz.network.program import Program
    from splineviz.partition.measures.migration import Migration
    from splineviz.partition.spline_partition import SplinePartition
    from splineviz.training.runs import Run

FITTED = 0.99
"""The accuracy on the training points that counts as a fit."""

# Of the square around two-dimensional data, as a share of its size.
_MARGIN = 0.1


class Evidence:
    """A run of a recipe, measured at its checkpoints; what is missing is measured first.

    Parameters
    ----------
    run : Run
        A finished run.

    Attributes
    ----------
    run : Run
    recipe : Recipe
        That made it, with its overrides.
    steps : int64 array (n,)
        Training steps of the checkpoints. All arrays here have their values there.

    Raises
    ------
    InvalidArgument
        If the run is not finished, or no recipe made it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.recipe, _ = recipes.recipe_of(run)
        if run.status != "finished":
            raise InvalidArgument(
                f"the run in {run.path} is {run.status}: it decides when it is finished"
            )
        self.steps: IntArray = run.steps
        recipes.measure(run, progress=None)
        self._table = run.metrics.reindex(self.steps)

    def __repr__(self) -> str:
        return f"Evidence({self.run!r})"

    def _column(self, name: str) -> FloatArray:
        if name not in self._table:
            raise InvalidArgument(f"the recipe {self.recipe.name!r} does not measure {name}")
        return self._table[name].to_numpy(dtype=np.float64)

    # Curves -----------------------------------------------------------------------------------

    def accuracy(self, points: str) -> FloatArray:
        """The accuracy on "training" or "test" points."""
        return self._column({"training": "train_accuracy", "test": "test_accuracy"}[points])

    @property
    def has_attacks(self) -> bool:
        """Whether test points are attacked."""
        return bool(self.recipe.eps)

    @property
    def eps(self) -> float:
        """The largest radius of the recipe's attacks."""
        return self.recipe.eps[-1]

    def robust_accuracy(self) -> FloatArray:
        """Accuracy on test points under PGD whose steps can cross the ball, at `eps`."""
        return self._column(f"test_pgd_eps{self.eps:g}_accuracy")

    def complexity(self, points: str, layer: int | None = None) -> FloatArray:
        """Mean local complexity at some points, of all hidden layers or of one.

        Parameters
        ----------
        points : str
            "training", "test", "random" or "boundary".
        layer : int, optional
            Counted from 1.
        """
        return self._column(f"lc_{points}" + ("" if layer is None else f"_{layer - 1}"))

    def dead_share(self, layer: int) -> FloatArray:
        """The share of a layer's neurons that are off at all training points; counted from 1."""
        return self._column(f"train_dead_{layer - 1}")

    @property
    def probes(self) -> list[str]:
        """The points around which local complexity is measured."""
        names = ("training", "test", "random", "boundary")
        return [name for name in names if f"lc_{name}" in self._table]

    @property
    def n_layers(self) -> int:
        """How many layers are counted."""
        return sum(bool(re.fullmatch(r"lc_training_\d+", name)) for name in map(str, self._table))

    # Moments ----------------------------------------------------------------------------------

    @cached_property
    def fit_step(self) -> float:
        """The first checkpoint with an accuracy of 0.99 on the training points; NaN if none."""
        return first_step(self.steps, self.accuracy("training"), FITTED)

    @cached_property
    def phases(self) -> Phases:
        """Those of local complexity at the training points."""
        return Phases.of(self.steps, self.complexity("training"), self.fit_step)

    @cached_property
    def robust_gain(self) -> float:
        """What robust accuracy gains from the fit to the end; NaN without a fit."""
        return gain(self.steps, self.robust_accuracy(), self.fit_step)

    def at(self, step: int, curve: FloatArray) -> float:
        """The value of a curve at a checkpoint."""
        return float(curve[self.steps == step][0])

    @property
    def late_steps(self) -> list[int]:
        """The last checkpoints, over which medians are taken."""
        return [int(step) for step in self.steps[-LATE:]]

    @property
    def moments(self) -> dict[str, int]:
        """Three checkpoints to look at: the fit, the peak and the end."""
        fit = self.steps[0] if np.isnan(self.fit_step) else self.fit_step
        return {"fit": int(fit), "peak": self.phases.peak_step, "end": int(self.steps[-1])}

    # Networks ---------------------------------------------------------------------------------

    def program(self, step: int) -> Program:
        """The network at a checkpoint."""
        return self.run.program(step)

    @cached_property
    def _points(self) -> dict[str, object]:
        return dict(self.run.probes(POINTS))

    @property
    def training_points(self) -> FloatArray:
        """The training points around which local complexity is measured."""
        return np.asarray(self._points["training"], dtype=np.float64)

    def boundary_ratios(self, steps: Iterable[int], radii: Sequence[float]) -> FloatArray:
        """Local complexity at the decision boundary over that at the training points.

        Returns
        -------
        float64 array (steps, radii)
            NaN where one class is predicted everywhere or no boundary is near a training point.
        """
        return np.array([self._ratios(self.program(step), radii) for step in steps])

    def _ratios(self, program: Program, radii: Sequence[float]) -> FloatArray:
        probe = self._points["boundary"]
        try:
            boundary = probe(program)  # type: ignore[operator]
        except EmptyBoundary:
            return np.full(len(radii), np.nan)
        near, data = (
            local_complexity(program, points, radius=list(radii), directions=self.recipe.directions)
            .counts.sum(axis=2)
            .mean(axis=1)
            for points in (boundary, self.training_points)
        )
        return np.divide(near, data, out=np.full(len(radii), np.nan), where=data > 0)

    def complexity_of(self, step: int, alive: NeuronStates) -> float:
        """Mean local complexity at the training points, of neurons that are live in some states."""
        points = self.training_points
        around = Neighborhood.read(self.recipe.radius, self.recipe.directions, points.shape[1:])
        counted = complexity_around(
            self.program(step), points, around, LayerChoice(), counted=alive.states
        )
        return float(counted.counts.sum(axis=-1).mean())

    def neuron_states(self, step: int) -> NeuronStates:
        """The states of all neurons between training points at a checkpoint."""
        return neuron_states(self.program(step), self.training_points)

    # Slices -----------------------------------------------------------------------------------

    @cached_property
    def plane(self) -> InputSlice:
        """The plane that is looked at: all of two inputs, or through three training points."""
        inputs, targets = self.run.samples  # type: ignore[misc]
        if inputs.shape[1:] == (2,):
            low, high = inputs.min(axis=0), inputs.max(axis=0)
            more = _MARGIN * (high - low)
            (xmin, ymin), (xmax, ymax) = low - more, high + more
            return InputSlice.identity(bounds=(xmin, ymin, xmax, ymax))
        # Of three classes, so that the plane holds decision boundaries.
        chosen = np.unique(targets, return_index=True)[1][:3]
        return InputSlice.through(*inputs[np.sort(chosen)], margin=0.5)

    def partition(self, step: int) -> SplinePartition:
        """The exact regions of the plane at a checkpoint."""
        return enumerate_regions(self.program(step), self.plane)

    @cached_property
    def late_migrations(self) -> list[Migration]:
        """How dense neuron boundaries are on the plane of a recipe with two inputs, at the end."""
        inputs, _ = self.run.samples  # type: ignore[misc]
        return [
            self.partition(step).migration(inputs, self.recipe.radius) for step in self.late_steps
        ]
