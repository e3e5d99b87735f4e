"""ComplexityCurves: local complexity over the checkpoints of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Layer
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.results.confidence import interval_of_mean
from splineviz.complexity.results.labels import proxy_note
from splineviz.complexity.results.layer_result import NeighborhoodResult
from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.complexity.results.stacking import (
    checked_results,
    checked_steps,
    stacked,
    stacked_neurons,
)
from splineviz.errors import EmptyBoundary, InvalidArgument, RenamedAttribute, UnknownName
from splineviz.typing import BoolArray, FloatArray, IntArray
from splineviz.validation.calls import explained
from splineviz.validation.names import check_name
from splineviz.validation.numbers import as_flag

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


#: What the row of all layers together is called in a table.
TOTAL = "total"


@dataclass(frozen=True, eq=False, kw_only=True)
class ComplexityCurves(NeighborhoodResult):
    """The local complexity (LC) around some points, at S checkpoints of a training.

    Arrays have an axis for the radii behind that of the steps if radius was a sequence.

    Attributes
    ----------
    steps : int64 array (S,)
        Training steps, increasing.
    counts : mapping of str to int64 array (S, N, L) or (S, n_radii, N, L)
        By probe: how many neurons' boundaries cross the neighborhood, for each checkpoint, point
        and layer.
    uncertain : mapping of str to int64 array, like counts
        How many of them rounding decides, as in :class:`LocalComplexity`.
    found : mapping of str to bool array (S,)
        Where a probe has points: a decision boundary need not exist at every checkpoint. Elsewhere
        counts are 0, and stand for nothing: means there are NaN.
    neurons : int64 array (S, L)
        How many neurons of each layer were counted at each checkpoint: all, or those that are
        live there. 0 where no probe has points.
    layers : tuple of Layer
        Name, kind and shape of each layer, in the order of the network.
    choice : LayerChoice
        What was counted: the names of the layers, and where neurons had to be live.
    neighborhood : Neighborhood
        The neighborhood of each point. `radius`, `directions`, `n_directions` and `seed` are read
        from it.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> curves = run.local_complexity(radius=0.1, directions=2, steps=[0, 30000], cache=False)
    >>> curves.counts["training"].shape
    (2, 150, 3)
    >>> curves.mean("training").round(1)
    array([9.7, 7.4])
    """

    steps: IntArray
    counts: Mapping[str, IntArray]
    uncertain: Mapping[str, IntArray]
    found: Mapping[str, BoolArray]
    neurons: IntArray

    @classmethod
    def from_results(
        cls, steps: Iterable[int], results: Mapping[str, Iterable[LocalComplexity | None]]
    ) -> ComplexityCurves:
        """Make curves of results that a training loop of your own has measured.

        :meth:`Run.local_complexity` measures the checkpoints of a recorded run. Where nothing is
        recorded, call :func:`~splineviz.complexity.local_complexity.local_complexity` while the
        network is trained, and collect the results here.

        Parameters
        ----------
        steps : iterable of int
            The training steps at which it was called, increasing.
        results : mapping of str to iterable of LocalComplexity or None
            By a name for the points: what it gave at each step. The same points at each step, or
            equally many; None where there were none, as on a decision boundary that is not there.

        Returns
        -------
        ComplexityCurves

        Raises
        ------
        InvalidArgument
            If the steps do not increase, there is no result, or two have not the same layers,
            radius, directions and seed.
        ShapeMismatch
            If there are not as many results as steps, or not equally many points at each.

        Examples
        --------
        >>> import numpy as np, splineviz as sv, torch
        >>> from torch import nn
        >>> network = nn.Sequential(nn.Linear(2, 16), nn.GELU(), nn.Linear(16, 1))
        >>> optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        >>> x = torch.tensor(np.random.default_rng(0).uniform(-1, 1, (50, 2)), dtype=torch.float32)
        >>> y = x.prod(dim=1, keepdim=True)
        >>> probes = {"training": x, "random": np.random.default_rng(1).uniform(-1, 1, (50, 2))}
        >>> steps, results = [], {name: [] for name in probes}
        >>> for step in range(21):
        ...     if step % 10 == 0:
        ...         steps.append(step)
        ...         for name, points in probes.items():
        ...             results[name].append(sv.local_complexity(network, points, radius=0.1))
        ...     optimizer.zero_grad()
        ...     (network(x) - y).square().mean().backward()
        ...     optimizer.step()
        >>> curves = sv.ComplexityCurves.from_results(steps, results)
        >>> curves
        ComplexityCurves(training ..., random ...; steps 0 to 20, 3 checkpoints, radius 0.1,
        2 directions, a proxy: some activations are smooth)
        >>> table, plot = curves.to_dataframe(), sv.ComplexityPlot(curves)  # or curves.plot()
        """
        at = checked_steps(steps)
        listed, first = checked_results(at, results)
        return cls.stack(at, listed, first.layers, first.choice, first.neighborhood)

    @classmethod
    def stack(
        cls,
        steps: Sequence[int],
        results: Mapping[str, Sequence[LocalComplexity | None]],
        layers: tuple[Layer, ...],
        choice: LayerChoice,
        neighborhood: Neighborhood,
    ) -> ComplexityCurves:
        """Stack results that were measured alike, without checking that they were.

        Parameters
        ----------
        steps, results
            As for `from_results`.
        layers, choice, neighborhood
            What the results have in common.
        """
        radii = () if isinstance(neighborhood.radius, float) else (len(neighborhood.radii),)
        probes = {
            name: stacked(name, at_steps, steps, (*radii, 0, len(layers)))
            for name, at_steps in results.items()
        }
        return cls(
            layers=layers,
            choice=choice,
            neighborhood=neighborhood,
            steps=np.array(steps, dtype=np.int64),
            counts={name: counts for name, (counts, _, _) in probes.items()},
            uncertain={name: uncertain for name, (_, uncertain, _) in probes.items()},
            found={name: has_points for name, (_, _, has_points) in probes.items()},
            neurons=stacked_neurons(results.values(), len(layers)),
        )

    @property
    def near(self) -> NoReturn:
        """The old name of `uncertain`."""
        raise RenamedAttribute("near", "uncertain")

    @property
    def probes(self) -> tuple[str, ...]:
        """The names of the probes."""
        return tuple(self.counts)

    def mean(self, probe: str | None = None, per_layer: bool = False) -> FloatArray:
        """Average over the points of a probe, at each step.

        Parameters
        ----------
        probe : str, optional
            Its name; may be left out if there is only one.
        per_layer : bool
            Of each layer, instead of their total.

        Returns
        -------
        float64 array (S[, n_radii][, L])
            NaN where the probe has no points.

        Raises
        ------
        UnknownName
            If there is no probe of that name.
        InvalidArgument
            If no name is given and there are several.
        """
        return self._over_points(probe, per_layer, lambda counts: counts.mean(axis=-1))

    def interval(
        self, probe: str | None = None, level: float = 0.95, per_layer: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Find a confidence interval of each mean, if the points are a random sample of many.

        Parameters
        ----------
        probe : str, optional
            Its name; may be left out if there is only one.
        level : float
            Between 0 and 1.
        per_layer : bool
            Of each layer, instead of their total.

        Returns
        -------
        low, high : float64 array, like `mean`
            The mean and Student's t times its standard error; NaN where there are fewer than two
            points. All steps use the same points, so a curve moves less than its band is wide.

        Raises
        ------
        UnknownName, InvalidArgument
            As `mean` does; or if the level is not between 0 and 1.
        """
        bounds = self._over_points(
            probe, per_layer, lambda counts: np.stack(interval_of_mean(counts, level), axis=-1)
        )
        return bounds[..., 0], bounds[..., 1]

    def at(self, step: int, probe: str | None = None) -> LocalComplexity:
        """Return the result at one step.

        Parameters
        ----------
        step : int
            One of `steps`.
        probe : str, optional
            The name of the probe; may be left out if there is only one.

        Raises
        ------
        UnknownName
            If there is no such step or probe.
        InvalidArgument
            If no name is given and there are several.
        EmptyBoundary
            If the probe has no points at that step.
        """
        name = self._probe(probe)
        rows = np.flatnonzero(self.steps == step)
        if len(rows) == 0:
            raise UnknownName("step", str(step), [str(known) for known in self.steps])
        row = rows[0]
        if not self.found[name][row]:
            raise EmptyBoundary(f"the probe {name!r} has no points at step {step}")
        return LocalComplexity(
            layers=self.layers,
            choice=self.choice,
            neighborhood=self.neighborhood,
            counts=self.counts[name][row],
            uncertain=self.uncertain[name][row],
            neurons=self.neurons[row],
        )

    def to_dataframe(self, level: float = 0.95) -> pd.DataFrame:
        """Make a table with one row for each probe, step, radius and layer, and for all layers.

        Parameters
        ----------
        level : float
            Of the confidence interval, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            With the columns ``step``, ``probe``, ``radius``, ``layer`` (``"total"`` for all layers
            together), ``proxy`` (whether it is smooth, or one of all is), ``mean``, ``low`` and
            ``high``; NaN where a probe has no points.
        """
        import pandas as pd

        layers = np.array([*self.names, TOTAL], dtype=object)
        proxies = np.array([*(layer.proxy for layer in self.layers), self.is_proxy])
        shape = (len(self.steps), len(self.radii), len(layers))
        steps, radii, rows = np.indices(shape).reshape(3, -1)
        tables = []
        for name in self.probes:
            ends = [
                (self.mean(name, per_layer), *self.interval(name, level, per_layer))
                for per_layer in (True, False)
            ]
            values = [
                np.concatenate([each.reshape(*shape[:2], -1), total.reshape(*shape[:2], 1)], -1)
                for each, total in zip(*ends, strict=True)
            ]
            columns = {"step": self.steps[steps], "probe": name, "radius": self.radii[radii]}
            columns |= {"layer": layers[rows], "proxy": proxies[rows]}
            columns |= dict(zip(("mean", "low", "high"), map(np.ravel, values), strict=True))
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True)

    def summary(self) -> pd.DataFrame:
        """Summarize each probe's curve at each radius: its first, largest and last mean.

        The sign of a change can depend on the radius, so compare several.

        Returns
        -------
        pandas.DataFrame
            One row for each probe and radius, with the columns ``probe``, ``radius``, ``first``,
            ``largest``, ``largest_step`` and ``last``: means of all layers together, over the
            checkpoints where the probe has points; NaN, and -1 for the step, where it has none.
        """
        from splineviz.complexity.results.summary import summarized

        return summarized(self)

    @explained()
    def plot(
        self,
        ax: Axes | None = None,
        by: Literal["probe", "layer"] = "probe",
        *,
        probe: str | None = None,
        radius: float | None = None,
        level: float = 0.95,
    ) -> Axes:
        """Draw the means over a logarithmic axis of steps, with confidence bands.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw. Default: a new figure.
        by : {"probe", "layer"}
            One curve for each probe, or for each layer of one probe.
        probe : str, optional
            By layer, which probe. Default: the first. By probe, the only one to draw.
        radius : float, optional
            Which of the radii. Default: the first.
        level : float
            Of the bands, between 0 and 1.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        UnknownName
            If there is no probe of that name.
        InvalidArgument
            If `by` is something else, there is no such radius, or the level is not between 0 and 1.
        """
        from splineviz.complexity.results.plots import draw_curves

        return draw_curves(self, ax, by, probe, radius, level)

    def number_of_radius(self, radius: float | None = None) -> int:
        """Find the index of a radius among the radii; 0 for None.

        Raises
        ------
        InvalidArgument
            If it is none of them.
        """
        if radius is None:
            return 0
        number = radius if isinstance(radius, int | float | np.number) else np.nan
        same = np.flatnonzero(np.isclose(self.radii, number, rtol=1e-9, atol=0))
        if len(same) == 0:
            known = ", ".join(f"{known:g}" for known in self.radii)
            raise InvalidArgument(f"there is no radius {radius!r}; there are {known}")
        return int(same[0])

    def __repr__(self) -> str:
        at = f"step {self.steps[0]}"
        if len(self.steps) > 1:
            at = f"steps {self.steps[0]} to {self.steps[-1]}, {len(self.steps)} checkpoints"
        means = ", ".join(
            f"{name} {_from_to(self.mean(name).reshape(len(self.steps), -1)[:, 0])}"
            for name in self.probes
        )
        of = f" at radius {self.radii[0]:.4g}" if len(self.radii) > 1 else ""
        live = "" if self.choice.live_at is None else ", live neurons only"
        return (
            f"ComplexityCurves({means}{of}; {at}, {self.neighborhood}{live}"
            f"{proxy_note(self.is_proxy)})"
        )

    def _probe(self, probe: str | None) -> str:
        if probe is None:
            if len(self.counts) > 1:
                known = ", ".join(map(repr, self.probes))
                raise InvalidArgument(f"there are several probes: name one of {known}")
            return self.probes[0]
        check_name(self.probes, "probe", probe)
        return probe

    def _over_points(
        self, probe: str | None, per_layer: bool, summary: Callable[[Any], Any]
    ) -> FloatArray:
        """A summary of the points, which are on the last axis; NaN where there are none."""
        name = self._probe(probe)
        counts, has_points = self.counts[name], self.found[name]
        by_point = (
            np.moveaxis(counts, -2, -1) if as_flag(per_layer, "per_layer") else counts.sum(axis=-1)
        )
        by_point = np.asarray(by_point, dtype=np.float64)
        if by_point.shape[-1] == 0:
            by_point = np.full((*by_point.shape[:-1], 1), np.nan)
        summaries = np.asarray(summary(by_point))
        return np.where(has_points.reshape(-1, *[1] * (summaries.ndim - 1)), summaries, np.nan)


def _from_to(means: FloatArray) -> str:
    """The first, the largest and the last of some means."""
    known = means[np.isfinite(means)]
    if len(known) == 0:
        return "nowhere"
    shown = [f"{mean:.4g}" for mean in (known[0], known.max(), known[-1])]
    return " → ".join(shown[:1] + [after for before, after in pairwise(shown) if after != before])
