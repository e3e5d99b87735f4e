"""Points on the decision boundary of a network, between inputs of different classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import EmptyBoundary, InvalidArgument
from splineviz.network.program import Program
from splineviz.network.torch_modules.evaluation import evaluator, predicted_classes
from splineviz.training.data.pairs import separated_pairs
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_inputs, as_labels
from splineviz.validation.numbers import as_int

if TYPE_CHECKING:
    import torch


# The ends of a segment are then neighbors: 2**-53 is the spacing of float64 below 1.
_HALVINGS = 53


@dataclass(frozen=True, eq=False)
class BoundaryProbe:
    """Finds points on the decision boundary of one network after the other.

    The boundary moves while a network trains, so its points must be found for each checkpoint
    anew. They are looked for between the same pairs of inputs, as far as the networks tell these
    apart.

    Parameters
    ----------
    inputs : array-like or tensor of shape (m, *input_shape)
        Where to begin: training points, for example. Copied.
    labels : array-like or tensor of shape (m,), optional
        Their classes, numbers or names; points are looked for between inputs of different labels.
        Default: between any two inputs for which the network predicts different classes.
    n : int
        How many points.
    seed : int
        Seed of the draw of pairs. NumPy's global random state is not used.

    Raises
    ------
    ShapeMismatch
        If there are no inputs, or not one label for each.
    NonFiniteValues
        If an input holds NaN or infinity, or a label is NaN.
    InvalidArgument
        If `n` is not positive, `seed` is negative, one of them is no whole number, or all labels
        are the same.

    Notes
    -----
    Each of the n pairs comes from a list of its own, drawn by the seed, and is the first there
    that a network tells apart. Its two ends are of the classes that the *network* predicts,
    right or wrong.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> probe = sv.training.data.BoundaryProbe(*run.samples, n=64)
    >>> outputs = run.program(30_000)(probe(run.program(30_000)))
    >>> bool(abs(outputs[:, 0] - outputs[:, 1]).max() < 1e-12)
    True
    """

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None = None
    n: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        inputs = as_inputs(self.inputs, "inputs")
        labels = None if self.labels is None else as_labels(self.labels, len(inputs))
        if labels is not None and (labels == labels[0]).all():
            raise InvalidArgument(
                f"all {len(labels)} labels are {labels[0]!r}: points on the decision boundary are "
                "looked for between inputs of different labels. Pass inputs of two classes or "
                "more, or no labels"
            )
        object.__setattr__(self, "inputs", _frozen(inputs))
        object.__setattr__(self, "labels", None if labels is None else _frozen(labels))
        object.__setattr__(self, "n", as_int(self.n, "n", 1))
        object.__setattr__(self, "seed", as_int(self.seed, "seed", 0))

    def __call__(self, model: Program | torch.nn.Module) -> FloatArray:
        """Points on the decision boundary of a network.

        Parameters
        ----------
        model : Program or torch.nn.Module
            A classifier: its largest output is the class, or the sign of its only one. A module
            may be in any mode, dtype and on any device, and stays as it is. A dense program runs
            without torch.

        Returns
        -------
        float64 array of shape (n, *input_shape)
            Each on the segment between two inputs, where the predicted class changes: a step of
            2**-53 of the segment further, another class is predicted. As far as rounding allows,
            the two largest outputs are equal there.

        Raises
        ------
        EmptyBoundary
            If the network predicts one class for all inputs.
        ShapeMismatch
            If it does not take such inputs.
        UnsupportedLayer
            If it is no network, or does not return one tensor.
        NonFiniteValues
            If an output is NaN or infinite.
        """
        evaluate = evaluator(model)
        classes = predicted_classes(evaluate(self.inputs))
        if (classes == classes[0]).all():
            raise EmptyBoundary(
                f"the network predicts class {classes[0]} for all {len(classes)} inputs, so there "
                "is no decision boundary between them. Pass more inputs, or a network that has "
                "learnt more"
            )
        if self.labels is None:
            labels = np.arange(len(classes))
        else:
            labels = np.unique(self.labels, return_inverse=True)[1]
        first, second = separated_pairs(labels, classes, self.n, self.seed).T
        start = self.inputs[first].astype(np.float64)
        step = self.inputs[second] - start
        low, high = np.zeros(self.n), np.ones(self.n)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = predicted_classes(evaluate(_along(start, step, middle)))
            same = reached == classes[first]
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return _along(start, step, low)


def boundary_points(
    model: Program | torch.nn.Module, inputs: Any, labels: Any = None, n: int = 256, seed: int = 0
) -> FloatArray:
    """Points on the decision boundary of a network, between inputs of different classes.

    For several checkpoints of one training make a :class:`BoundaryProbe`, of which this is one
    call.

    Parameters
    ----------
    model : Program or torch.nn.Module
        As for calling a :class:`BoundaryProbe`.
    inputs, labels, n, seed
        As for making a :class:`BoundaryProbe`.

    Returns
    -------
    float64 array of shape (n, *input_shape)

    Raises
    ------
    EmptyBoundary
        If the network predicts one class for all inputs.
    ShapeMismatch, NonFiniteValues, InvalidArgument, UnsupportedLayer
        As for making and calling a :class:`BoundaryProbe`.
    """
    return BoundaryProbe(inputs, labels, n, seed)(model)


def _along(start: FloatArray, step: FloatArray, shares: FloatArray) -> FloatArray:
    """Points at shares (n,) of segments that begin at (n, *shape) and go as far as the steps."""
    # Coordinates that both ends share stay exactly as they are.
    return start + shares.reshape(-1, *[1] * (start.ndim - 1)) * step


def _frozen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = values.copy()
    array.setflags(write=False)
    return array
