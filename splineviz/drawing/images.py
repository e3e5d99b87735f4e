"""Shows inputs of a network as images."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from splineviz.errors import ShapeMismatch
from splineviz.validation.arrays import as_shape

_SMALLEST_SIDE = 4
_SMALLEST_FLAT = 64


def image_shape_of(input_shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Guess the shape of an input as an image, or None.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one input.

    Returns
    -------
    tuple of int or None
        (height, width), or (channels, height, width) with 1 or 3 channels. A flat input is taken
        for a square gray image if its length is a square number of at least 64.

    Examples
    --------
    >>> image_shape_of((3, 32, 32)), image_shape_of((784,)), image_shape_of((2,))
    ((3, 32, 32), (28, 28), None)
    """
    if len(input_shape) == 1 and input_shape[0] >= _SMALLEST_FLAT:
        side = math.isqrt(input_shape[0])
        return (side, side) if side * side == input_shape[0] else None
    height_and_width = input_shape[-2:]
    if len(input_shape) not in (2, 3) or min(height_and_width) < _SMALLEST_SIDE:
        return None
    if len(input_shape) == 3 and input_shape[0] not in (1, 3):
        return None
    return input_shape


def as_image_shape(
    shape: Any, input_shape: tuple[int, ...], what: str = "image_shape"
) -> tuple[int, ...] | None:
    """Read how to see an input as an image; for None guess it, as `image_shape_of` does.

    Parameters
    ----------
    shape : sequence of int, or None
        (height, width), or (channels, height, width) with 1 or 3 channels.
    input_shape : tuple of int
        Shape of one input.
    what : str
        The argument's name.

    Raises
    ------
    ShapeMismatch
        If it is no such shape, or an input has not as many numbers.
    """
    if shape is None:
        return image_shape_of(input_shape)
    known = as_shape(shape, what, "(height, width) or (channels, height, width)")
    if len(known) not in (2, 3) or (len(known) == 3 and known[0] not in (1, 3)):
        raise ShapeMismatch(
            f"{what} is {known}; it must be (height, width), or (channels, height, width) with 1 "
            "or 3 channels"
        )
    if math.prod(known) != math.prod(input_shape):
        raise ShapeMismatch(
            f"{what}: inputs of shape {input_shape} cannot be seen as images of {known}"
        )
    return known


def png(image: np.ndarray, low: float, high: float) -> bytes:
    """Encode an image as a PNG file.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (channels, height, width)
        Gray, or 1 or 3 channels.
    low, high : float
        The values that are drawn black and white.

    Returns
    -------
    bytes
    """
    import matplotlib.image

    scaled = np.clip((image - low) / (high - low if high > low else 1.0), 0.0, 1.0)
    if scaled.ndim == 3:
        scaled = scaled.transpose(1, 2, 0)
    if scaled.ndim == 2 or scaled.shape[-1] == 1:
        scaled = np.repeat(scaled.reshape(*scaled.shape[:2], 1), 3, axis=2)
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.ascontiguousarray(scaled), format="png")
    return buffer.getvalue()
