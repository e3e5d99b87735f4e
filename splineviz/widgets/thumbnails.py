"""Small pictures of the samples that span a slice, for inputs that are images."""

from __future__ import annotations

import io
import math
import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np

from splineviz.errors import ShapeMismatch

if TYPE_CHECKING:
    from splineviz.partition.slices import InputSlice

_SMALLEST_SIDE = 4
_SMALLEST_FLAT = 64


def image_shape_of(input_shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """How an input can be seen as an image, or None.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one input.

    Returns
    -------
    tuple of int or None
        (height, width), or (channels, height, width) with 1 or 3 channels. A flat input is taken
        for a square grey image if its length is a square number from 64 up.

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


def png(image: np.ndarray, low: float, high: float) -> bytes:
    """An image as a PNG file.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (channels, height, width)
        Grey, or 1 or 3 channels.
    low, high : float
        Values drawn black and white.

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


def anchor_thumbnails(
    plane: InputSlice,
    image_shape: tuple[int, ...] | None = None,
    captions: Mapping[int, str] | None = None,
) -> list[tuple[str, bytes]]:
    """Pictures of a slice's anchors, lettered as their stars are on the canvas.

    Parameters
    ----------
    plane : InputSlice
        The slice.
    image_shape : tuple of int, optional
        How to see an input as an image; guessed by :func:`image_shape_of` unless said.
    captions : mapping from int to str, optional
        What to write behind the letter of an anchor, by its number: its class.

    Returns
    -------
    list of (str, bytes)
        What to write above each, and its PNG file; empty if the slice has no anchors, or its
        inputs are no images.

    Raises
    ------
    ShapeMismatch
        If an input cannot be seen as `image_shape`.
    """
    if image_shape is not None and math.prod(image_shape) != math.prod(plane.input_shape):
        raise ShapeMismatch(
            f"inputs of shape {plane.input_shape} cannot be seen as images of {image_shape}"
        )
    shape = image_shape_of(plane.input_shape) if image_shape is None else image_shape
    if shape is None or len(plane.anchors) == 0:
        return []
    images = plane.embed(plane.anchors).reshape(-1, *shape)
    low, high = float(images.min()), float(images.max())
    entries = []
    for number, (letter, image) in enumerate(zip(string.ascii_uppercase, images, strict=False)):
        caption = (captions or {}).get(number)
        said = letter if caption is None else f"{letter}: {caption}"
        entries.append((said, png(image, low, high)))
    return entries


def thumbnail_row(thumbnails: Sequence[tuple[str, bytes]]) -> ipywidgets.HBox:
    """A row of pictures, each below its caption; with the result of :func:`anchor_thumbnails`."""
    entries = []
    for caption, file in thumbnails:
        picture = ipywidgets.Image(value=file, format="png")
        picture.layout.width = picture.layout.height = "56px"
        picture.add_class("splineviz-thumbnail")
        entries.append(ipywidgets.VBox([ipywidgets.Label(caption), picture]))
    row = ipywidgets.HBox(entries)
    row.add_class("splineviz-thumbnails")
    return row
