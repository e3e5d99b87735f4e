"""Region migration at every checkpoint of a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument
from splineviz.network.program import Program
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.measures.density import check_radius
from splineviz.partition.measures.migration import Migration
from splineviz.partition.migration.curves import MigrationCurves
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.graph_slice import GraphSlice
from splineviz.partition.slices.input_segment import InputSegment
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.progress import Progress, reporting
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.arrays import as_points, as_positions
from splineviz.validation.calls import explained
from splineviz.validation.names import as_steps
from splineviz.validation.numbers import as_int
from splineviz.validation.objects import check_run

# The default radius, as a share of the shorter side of the domain.
_RADIUS = 0.05


class Recorded(Protocol):
    """A recorded training, as a :class:`~splineviz.training.runs.Run` is one."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def steps(self) -> IntArray:
        """Training steps of the checkpoints, increasing."""

    @property
    def samples(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        """Inputs and targets of the training points, or None."""

    def program(self, step: int) -> Program:
        """The network at a checkpoint."""


@dataclass(frozen=True, eq=False)
class MigrationMeasure:
    """How region migration is measured at each checkpoint.

    Parameters
    ----------
    plane : InputSlice or InputSegment
    points : float64 array (n, 2) or (n,)
        Slice coordinates of the data; on a segment their positions.
    radius : float
        Radius of the disc around each point, in slice units.
    n_boundary : int
        Number of points along the decision boundary. On a segment all its points count.
    n_uniform : int, optional
        Number of uniform points. Default: `n_boundary`.
    seed : int
        Where the first of them is, and the uniform points.
    layer : int, str or sequence of these, optional
        The layers whose boundaries count. Default: all.
    """

    plane: InputSlice | InputSegment
    points: FloatArray
    radius: float
    n_boundary: int = 1000
    n_uniform: int | None = None
    seed: int = 0
    layer: int | str | Sequence[int | str] | None = None

    @classmethod
    def of(
        cls,
        run: Recorded,
        plane: InputSlice | InputSegment,
        points: npt.ArrayLike | None = None,
        radius: float | None = None,
        **more: Any,
    ) -> MigrationMeasure:
        """The measure for a run; arguments and errors as for :func:`region_migration`."""
        check_run(run)
        if isinstance(plane, GraphSlice):
            plane = plane.line  # what a player of a segment shows
        if isinstance(plane, InputSegment):
            size = plane.bounds[1] - plane.bounds[0]
        else:
            check_slice(plane)
            xmin, ymin, xmax, ymax = plane.domain.bounds
            size = min(xmax - xmin, ymax - ymin)
        radius = _RADIUS * size if radius is None else radius
        check_radius(radius)
        read = as_positions if isinstance(plane, InputSegment) else as_points
        data = _data_on(run, plane) if points is None else read(points, "points")
        measure = cls(plane, data, float(radius), **more)
        as_int(measure.n_boundary, "n_boundary", 1)
        if measure.n_uniform is not None:
            as_int(measure.n_uniform, "n_uniform", 1)
        as_int(measure.seed, "seed", 0)
        return measure

    def at(self, program: Program) -> Migration:
        """Migration of one network, exact on the slice."""
        n_uniform = self.n_boundary if self.n_uniform is None else self.n_uniform
        if isinstance(self.plane, InputSegment):
            return enumerate_regions(program, self.plane).migration(
                self.points, self.radius, n_uniform=n_uniform, seed=self.seed, layer=self.layer
            )
        return enumerate_regions(program, self.plane).migration(
            self.points,
            self.radius,
            n_boundary=self.n_boundary,
            n_uniform=n_uniform,
            seed=self.seed,
            layer=self.layer,
        )

    def curves(self, migrations: Mapping[int, Migration]) -> MigrationCurves:
        """Curves from migrations by training step."""
        steps = sorted(migrations)
        return MigrationCurves(
            np.array(steps, dtype=np.int64),
            tuple(migrations[step] for step in steps),
            self.radius,
            on_segment=isinstance(self.plane, InputSegment),
        )


@explained()
def region_migration(
    run: Recorded,
    plane: InputSlice | InputSegment,
    *,
    points: npt.ArrayLike | None = None,
    radius: float | None = None,
    n_boundary: int = 1000,
    n_uniform: int | None = None,
    seed: int = 0,
    layer: int | str | Sequence[int | str] | None = None,
    steps: Iterable[int] | None = None,
    progress: Progress | bool | None = None,
) -> MigrationCurves:
    """Whether neuron boundaries leave the data for the decision boundary over a training.

    At each checkpoint all regions of the slice are found, and measured as by
    :meth:`SplinePartition.migration`: how densely boundaries lie near the data, near the decision
    boundary, and near points drawn uniformly from the slice. The last are the control. Where
    neurons die, boundaries get fewer everywhere: that is no migration, and the curve of the uniform
    points falls with that of the data. ``n_switching`` counts the neurons that still draw a
    boundary.

    On a segment, breakpoints are counted, by length; all positions at which the class changes
    count, so that `n_boundary` only says how many uniform points there are by default.

    Parameters
    ----------
    run : Run
        A recorded training.
    plane : InputSlice or InputSegment
        The slice.
    points : array-like of shape (n, 2), or (n,) on a segment, optional
        Slice coordinates of the data. Unless said, the training points of the run that lie on the
        slice, inside its domain; if there are none, the anchors of the slice.
    radius : float, optional
        Radius of the disc around each point, in slice units. Default: a twentieth of the shorter
        side of the domain, or of the segment.
    n_boundary : int
        Number of points along the decision boundary, spaced evenly by length.
    n_uniform : int, optional
        Number of uniform points. Default: `n_boundary`.
    seed : int
        Seed for the place of the first of them, and for the uniform points, which are the same at
        all checkpoints.
    layer : int, str or sequence of these, optional
        The layers whose boundaries count. Default: all.
    steps : iterable of int, optional
        Training steps of the checkpoints to measure. Default: all.
    progress : bool or callable, optional
        True for a progress bar. A function is called with (checkpoints done, checkpoints in all).

    Returns
    -------
    MigrationCurves

    Raises
    ------
    InvalidArgument
        If there are no points, the radius, `n_boundary` or `n_uniform` is not positive, or `steps`
        is empty or holds anything but whole numbers.
    UnknownStep
        If there is no checkpoint at one of `steps`.
    UnknownName
        If there is no such layer.
    ShapeMismatch, NonFiniteValues, RunCorrupt
        If the slice does not fit the network, the points are not finite numbers of that shape, or a
        checkpoint cannot be read.
    UnsupportedLayer
        If a layer of the network is not piecewise linear.
    """
    measure = MigrationMeasure.of(
        run,
        plane,
        points,
        radius,
        n_boundary=n_boundary,
        n_uniform=n_uniform,
        seed=seed,
        layer=layer,
    )
    known: list[int] = run.steps.tolist()
    chosen = known if steps is None else sorted({*as_steps(steps, known, run.name)})
    migrations = {}
    with reporting(progress, len(chosen), "checkpoint") as report:
        for done, step in enumerate(chosen, 1):
            migrations[step] = measure.at(run.program(step))
            report(done)
    return measure.curves(migrations)


def _data_on(run: Recorded, plane: InputSlice | InputSegment) -> FloatArray:
    """The training points on a slice, or else its anchors."""
    samples = run.samples
    if samples is not None:
        points, held = plane.holds(samples[0])
        if held.any():
            return points[held]
    if len(plane.anchors):
        return plane.anchors
    raise InvalidArgument(
        "no training point of the run lies on the slice, and the slice has no anchors: say with "
        "points= where to measure, in slice coordinates, such as plane.project(inputs)[0]"
    )
