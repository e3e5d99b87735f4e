"""pattern_churn: how many neurons change their state between two checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.network.activation import Activation
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.partition.full_dimension.arguments import as_batch, program_for
from splineviz.partition.measures.jacobians import input_blocks
from splineviz.typing import BoolArray, FloatArray, IntArray
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_flag

if TYPE_CHECKING:
    import pandas as pd
    import torch


@dataclass(frozen=True, eq=False)
class PatternChurn:
    """How many neurons have another state after some training than before, at N points.

    Attributes
    ----------
    changed : int64 array (N, L)
        For each point and layer the number of neurons whose state differs.
    names : tuple of str
        The names of the layers: activations, in the order of the network.
    widths : int64 array (L,)
        How many neurons each layer has.
    """

    changed: IntArray
    names: tuple[str, ...]
    widths: IntArray

    @property
    def total(self) -> float:
        """The share of neurons whose state differs, of all layers, mean over the points."""
        return float(self.changed.sum() / (len(self.changed) * self.widths.sum()))

    @property
    def by_layer(self) -> FloatArray:
        """The share in each layer, mean over the points, float64 array (L,)."""
        shares: FloatArray = self.changed.mean(axis=0) / self.widths
        return shares

    def to_dataframe(self) -> pd.DataFrame:
        """Make a table with one row for each layer.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``layer``, with the columns ``neurons``, ``changed`` (mean number over the
            points) and ``share``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "neurons": self.widths,
                "changed": self.changed.mean(axis=0),
                "share": self.by_layer,
            },
            index=pd.Index(self.names, name="layer"),
        )

    def __repr__(self) -> str:
        layers = ", ".join(
            f"{name} {share:.3g}" for name, share in zip(self.names, self.by_layer, strict=True)
        )
        return f"PatternChurn({self.total:.3g} at {len(self.changed)} points; {layers})"


@explained()
def pattern_churn(
    before: torch.nn.Module | Program,
    after: torch.nn.Module | Program,
    *,
    x: npt.ArrayLike,
    winners: bool = False,
) -> PatternChurn:
    """Count neurons whose state changes at given points from one checkpoint to another.

    Parameters
    ----------
    before, after : torch.nn.Module or Program
        One network with two sets of weights, such as ``run.program(100)`` and
        ``run.program(1000)``. Any network that can be traced, opaque steps included: only
        piecewise-linear activations have states. They are not changed.
    x : array-like of shape (n, *input_shape)
        The points.
    winners : bool
        Whether maxima over several values (max-pooling, maxout) count too, a window as a neuron
        whose state is the place of its winner. Default: not, as for local complexity.

    Returns
    -------
    PatternChurn

    Raises
    ------
    InvalidArgument
        If the network has no activation with states.
    ShapeMismatch
        If the networks have not the same layers, or the points do not fit them.
    UnsupportedLayer
        If a network cannot be traced.
    NonFiniteValues
        If a point, a weight or a pre-activation is NaN or infinite.

    Notes
    -----
    The state of a ReLU neuron is whether its pre-activation is positive; of an activation with
    several breakpoints it is the piece on which the pre-activation lies. All is computed in
    float64. A neuron that changes twice between the checkpoints counts as unchanged, so churn
    between distant checkpoints is at most the sum of that between those in between.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> sv.pattern_churn(run.program(10562), run.program(30000), x=run.samples[0])
    PatternChurn(0.15 at 150 points; 1 0.144, 3 0.164, 5 0.141)
    """
    as_flag(winners, "winners")
    points = as_batch(x)
    first, last = program_for(before, points), program_for(after, points)
    layers, afterwards = _counted(first, winners), _counted(last, winners)
    if _described(layers) != _described(afterwards):
        raise ShapeMismatch(
            "before and after must be one network at two steps, with the same layers; they have "
            f"{_said(layers)} and {_said(afterwards)}"
        )
    if not layers:
        raise InvalidArgument(
            "the network has no piecewise-linear activation, so no neuron has a state that could "
            "change; states of maxima count with winners=True"
        )
    widths = np.array([layer.neurons for layer in layers], dtype=np.int64)
    changed = np.empty((len(points), len(layers)), dtype=np.int64)
    for block in input_blocks(first, len(points)):
        batch = points[block]
        pairs = zip(_states(first, batch, layers), _states(last, batch, afterwards), strict=True)
        for number, (old, new) in enumerate(pairs):
            # A neuron changes if one of its columns does.
            changed[block, number] = layers[number].by_neuron(old != new).sum(1)
    return PatternChurn(changed, tuple(layer.name for layer in layers), widths)


def _counted(program: Program, winners: bool) -> list[Activation]:
    return [
        activation
        for activation in program.activations
        if winners or isinstance(activation.rule, PiecewiseLinear)
    ]


def _described(layers: Sequence[Activation]) -> list[tuple[str, int, type]]:
    return [(layer.name, layer.width, type(layer.rule)) for layer in layers]


def _said(layers: Sequence[Activation]) -> str:
    return ", ".join(f"{layer.name!r} ({layer.width})" for layer in layers) or "none"


def _states(
    program: Program, inputs: FloatArray, layers: Sequence[Activation]
) -> Iterator[BoolArray]:
    """The pattern of each of some layers, bool (n, width)."""
    with np.errstate(over="ignore", invalid="ignore"):
        columns = program.pre_activations(inputs)
    for layer in layers:
        if not np.isfinite(columns[layer.number]).all():
            raise NonFiniteValues(
                f"pre-activations of {layer.name!r} overflow at a point of x; check that the "
                "weights are finite, and not too large"
            )
        yield columns[layer.number] > 0
