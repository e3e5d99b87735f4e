"""Points to measure around that depend on the data alone: training, test and random points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.training.data.sets import Dataset
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_finite, as_inputs
from splineviz.validation.numbers import as_int, random_generator
from splineviz.validation.objects import check_kind
from splineviz.validation.wording import shown

# Data sets are often drawn with the same small seeds: without a stream of their own, random points
# could be the training points once more.
_STREAM = 20240215


def random_points(
    like: Any, n: int = 1024, seed: int = 0, bounds: tuple[Any, Any] | None = None
) -> npt.NDArray[Any]:
    """Points drawn uniformly in the range of the data.

    Parameters
    ----------
    like : array-like or tensor of shape (m, *input_shape)
        The data: they decide the shape and dtype of the points, and by default their range.
    n : int
        How many points.
    seed : int
        Seed of the draw. NumPy's global random state is not used.
    bounds : pair of array-like, optional
        The lowest and the highest value, in the units of the data: numbers, or arrays that
        broadcast to `input_shape`. With ``(like.min(axis=0), like.max(axis=0))`` each coordinate
        has a range of its own. Default: the smallest and the largest number in the data, the
        same range for all coordinates.

    Returns
    -------
    array of shape (n, *input_shape)
        float16, float32 or float64 as the data; float32 if they are other numbers.

    Raises
    ------
    InvalidArgument
        If `n` is not positive, `seed` is negative, one of them is no whole number, or a lowest
        value exceeds the highest.
    ShapeMismatch
        If there are no data, or the bounds do not broadcast to `input_shape`.
    NonFiniteValues
        If the data or the bounds hold NaN or infinity.

    Notes
    -----
    Random points as in arXiv 2402.15555, section 3: uniform in the data's range, which is that of
    all coordinates together. They lie far from images: most pixels of an image are near an end of
    the range, and neighboring pixels alike.

    Examples
    --------
    >>> import numpy as np
    >>> random_points(np.array([[0.0, 1.0], [2.0, 5.0]]), n=3).shape
    (3, 2)
    """
    data, n, seed = as_inputs(like, "like"), as_int(n, "n", 1), as_int(seed, "seed", 0)
    shape = data.shape[1:]
    low, high = (data.min(), data.max()) if bounds is None else _pair(bounds)
    low, high = _as_bound(low, shape), _as_bound(high, shape)
    if (low > high).any():
        raise InvalidArgument("bounds must be the lowest and then the highest value")
    shares = np.random.default_rng([_STREAM, seed]).random((n, *shape))
    return (low + shares * (high - low)).astype(data.dtype)


def probes(data: Dataset, n: int | None = None, seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    """The points of a data set to measure around, by name.

    Parameters
    ----------
    data : Dataset
    n : int, optional
        How many training points, test points and random points: so many are chosen of those there
        are, without repetition and in their order, or all if there are fewer. Default: all
        training and test points, and as many random points as training points.
    seed : int
        Seed of the choice and of the random points. NumPy's global random state is not used.

    Returns
    -------
    dict of str to float32 array of shape (n, *input_shape)
        ``"train"``, ``"test"`` and ``"random"``, which is
        ``random_points(data.train_inputs, n, seed)``. Where all are taken, they are the arrays of
        the data set itself.

    Raises
    ------
    InvalidArgument
        If `n` is not positive, `seed` is negative, or one of them is no whole number.
    ShapeMismatch, NonFiniteValues
        If there are no training points, or one holds NaN or infinity.

    Notes
    -----
    The points of arXiv 2402.15555, section 3. Points on the decision boundary depend on the
    network: :class:`~splineviz.training.data.boundary.BoundaryProbe` finds them for each.
    """
    check_kind(data, Dataset, "data", "two_moons() makes one, and so do the other data sets")
    rng = random_generator(seed)
    if n is not None:
        n = as_int(n, "n", 1)
    return {
        "train": _some(data.train_inputs, n, rng),
        "test": _some(data.test_inputs, n, rng),
        "random": random_points(data.train_inputs, n or len(data.train_inputs), seed),
    }


def _pair(bounds: Any) -> tuple[Any, Any]:
    try:
        low, high = bounds
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"bounds must be the lowest and the highest value, such as (0, 1), not {shown(bounds)}"
        ) from error
    return low, high


def _as_bound(value: Any, shape: tuple[int, ...]) -> FloatArray:
    bound = as_finite(value, "bounds")
    try:
        return np.broadcast_to(bound, shape)
    except ValueError as error:
        raise ShapeMismatch(
            f"bounds: one of shape {bound.shape} does not broadcast to one input, {shape}"
        ) from error


def _some(inputs: npt.NDArray[Any], n: int | None, rng: np.random.Generator) -> npt.NDArray[Any]:
    if n is None or n >= len(inputs):
        return inputs
    return inputs[np.sort(rng.choice(len(inputs), n, replace=False))]
