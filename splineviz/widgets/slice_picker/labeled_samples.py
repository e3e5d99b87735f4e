"""LabeledSamples: the samples of a data set, with names and pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from splineviz.drawing.images import as_image_shape, png
from splineviz.errors import InvalidArgument, InvalidSlice, NonFiniteValues, ShapeMismatch
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.arrays import as_array
from splineviz.widgets.player.samples import ON_ANCHOR, match_anchors, size_of

if TYPE_CHECKING:
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.runs import Run

_BLOCK = 4096
_ENOUGH_FOR_DIRECTIONS = 2000


class LabeledSamples:
    """Inputs of a network with their classes.

    Parameters
    ----------
    inputs : array-like or tensor of shape (n, *input_shape)
        Finite numbers.
    labels : array-like or tensor of shape (n,) or (n, k), optional
        Class numbers or names, or one-hot rows.
    class_names : sequence of str, optional
        Names of the class numbers.
    image_shape : tuple of int, optional
        The shape of an input as an image. Default: guessed by
        :func:`~splineviz.drawing.images.image_shape_of`.

    Attributes
    ----------
    inputs : ndarray of shape (n, *input_shape)
    classes : list of str
        The class of each sample, as text; empty without labels.
    image_shape : tuple of int or None

    Raises
    ------
    ShapeMismatch
        If there are no inputs, an input is a single number, there is not one label for each, or an
        input cannot be seen as `image_shape`.
    NonFiniteValues
        If an input holds NaN or infinity.
    """

    def __init__(
        self,
        inputs: Any,
        labels: Any = None,
        class_names: Sequence[str] | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.inputs = as_array(inputs, "inputs", "(n, *input_shape)")
        if self.inputs.dtype.kind not in "buif":
            raise InvalidArgument(f"inputs must hold real numbers, not {self.inputs.dtype}")
        if self.inputs.ndim < 2 or len(self.inputs) == 0 or self.inputs[0].size < 2:
            raise ShapeMismatch(
                f"the inputs have shape {self.inputs.shape}; to choose a slice from them there "
                "must be at least one, of two numbers or more: (n, *input_shape)"
            )
        finite = np.isfinite(self.inputs).reshape(len(self.inputs), -1).all(axis=1)
        if not finite.all():
            raise NonFiniteValues(f"inputs[{int(finite.argmin())}] holds NaN or infinity")
        shape = self.inputs.shape[1:]
        self.image_shape = as_image_shape(image_shape, shape)
        self.classes = [] if labels is None else _class_texts(labels, len(self), class_names)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def sorted_classes(self) -> list[str]:
        """The classes in order: numbers first, then names."""
        return sorted(set(self.classes), key=lambda name: (not name.isdigit(), len(name), name))

    def of_class(self, name: str | None) -> IntArray:
        """The numbers of the samples of a class; for None of all samples, alternating classes."""
        if not self.classes:
            return np.arange(len(self))
        groups = [np.flatnonzero(np.array(self.classes) == one) for one in self.sorted_classes]
        if name is not None:
            return groups[self.sorted_classes.index(name)]
        turn = np.concatenate([np.arange(len(group)) for group in groups])
        return np.concatenate(groups)[np.argsort(turn, kind="stable")]

    def name(self, number: int) -> str:
        """The full name of a sample: "sample 17, class 3"."""
        return f"sample {number}" + (f", class {self.classes[number]}" if self.classes else "")

    def caption(self, number: int) -> str:
        """The short name of a sample: "17 · class 3", or "17 · cat" if classes have names."""
        if not self.classes:
            return str(number)
        name = self.classes[number]
        return f"{number} · class {name}" if name.isdigit() else f"{number} · {name}"

    def picture(self, number: int) -> bytes:
        """A sample as a PNG file, scaled to the range of all inputs; empty if it is no image."""
        if self.image_shape is None:
            return b""
        return png(self.inputs[number].reshape(self.image_shape), *self._range)

    def distances(self, plane: InputSlice) -> FloatArray:
        """The distance of each sample from a plane: float64 (n,), in units of the inputs."""
        blocks = range(0, len(self), _BLOCK)
        return np.concatenate([plane.project(self.inputs[i : i + _BLOCK])[1] for i in blocks])

    def samples_at_anchors(self, plane: InputSlice) -> list[int]:
        """Numbers of the samples that are a plane's anchors; empty unless each anchor is one."""
        if math.prod(plane.input_shape) != self.inputs[0].size:
            return []
        rows = np.full(len(plane.anchors), -1, np.int64)
        near = ON_ANCHOR * size_of(plane)
        for first in range(0, len(self), _BLOCK):
            block = self.inputs[first : first + _BLOCK].reshape(-1, *plane.input_shape)
            points, distances = plane.project(block)
            anchors = match_anchors(points, plane)
            for number in np.flatnonzero((anchors >= 0) & (distances <= near)):
                # Of equal samples, take the first.
                if rows[anchors[number]] < 0:
                    rows[anchors[number]] = first + number
        return rows.tolist() if (rows >= 0).all() else []

    @cached_property
    def directions(self) -> FloatArray:
        """The first two principal directions; of every k-th sample if there are thousands.

        Raises
        ------
        InvalidSlice
            If the samples vary in fewer than two directions.
        """
        from splineviz.partition.slices.input_slice import InputSlice

        stride = -(-len(self) // _ENOUGH_FOR_DIRECTIONS)
        try:
            return InputSlice.principal(self.inputs[::stride]).basis
        except InvalidSlice as error:
            raise InvalidSlice(
                "the data have no two principal directions: choose random ones"
            ) from error

    @cached_property
    def spread(self) -> float:
        """A length scale of the data: half the median distance from the mean, to two digits."""
        flat = self.inputs.reshape(len(self), -1)
        stride = -(-len(self) // _ENOUGH_FOR_DIRECTIONS)
        few = flat[::stride].astype(np.float64)
        length = float(np.median(np.linalg.norm(few - few.mean(axis=0), axis=1))) / 2
        return float(f"{length:.2g}") or 1.0

    @cached_property
    def _range(self) -> tuple[float, float]:
        return float(self.inputs.min()), float(self.inputs.max())


def _class_texts(labels: Any, n: int, class_names: Sequence[str] | None) -> list[str]:
    values = as_array(labels, "labels", "(n,)")
    if values.ndim == 2:
        values = values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0]
    if values.shape != (n,):
        raise ShapeMismatch(
            f"{n} inputs need {n} labels, or one-hot rows; the labels have shape {values.shape}"
        )
    names = dict(enumerate(class_names or ()))
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise NonFiniteValues(f"labels[{int(np.isnan(values).argmax())}] is NaN")
    if values.dtype.kind in "OUS":
        if any(value is None for value in values):
            raise InvalidArgument("labels holds None: give each input a class")
        return [str(value) for value in values]
    return [str(names.get(value, f"{value:g}")) for value in values.tolist()]


def as_network_inputs(inputs: Any, run: Run) -> Any:
    """Give inputs the shape that the network of a run takes.

    Raises
    ------
    ShapeMismatch
        If they have not as many numbers each.
    """
    shape = tuple(run.program(int(run.steps[0])).input_shape) if len(run.steps) else None
    stated = tuple(np.shape(inputs))[1:]
    if shape is None or stated == shape:
        return inputs
    if math.prod(stated) != math.prod(shape):
        raise ShapeMismatch(f"inputs of shape {stated} do not fit the network, which takes {shape}")
    return inputs.reshape(-1, *shape)
