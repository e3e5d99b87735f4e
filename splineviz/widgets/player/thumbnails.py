"""Small pictures of the samples that span a slice, for inputs that are images."""

from __future__ import annotations

import base64
import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from splineviz.drawing.images import as_image_shape, png

if TYPE_CHECKING:
    from splineviz.partition.slices.input_slice import InputSlice


def anchor_thumbnails(
    plane: InputSlice,
    image_shape: tuple[int, ...] | None = None,
    captions: Mapping[int, str] | None = None,
) -> list[tuple[str, bytes]]:
    """Draw pictures of a slice's anchors, with the letters of their stars on the canvas.

    Parameters
    ----------
    plane : InputSlice
        The slice.
    image_shape : tuple of int, optional
        The shape of an input as an image. Default: guessed by
        :func:`~splineviz.drawing.images.image_shape_of`.
    captions : mapping from int to str, optional
        Text after the letter of an anchor (its class), by the anchor's number.

    Returns
    -------
    list of (str, bytes)
        Caption and PNG file of each; empty if the slice has no anchors, or its inputs are not
        images.

    Raises
    ------
    ShapeMismatch
        If an input cannot be seen as `image_shape`.
    """
    shape = as_image_shape(image_shape, plane.input_shape)
    if shape is None or len(plane.anchors) == 0:
        return []
    images = plane.embed(plane.anchors).reshape(-1, *shape)
    low, high = float(images.min()), float(images.max())
    entries = []
    for number, (letter, image) in enumerate(zip(string.ascii_uppercase, images, strict=False)):
        caption = (captions or {}).get(number)
        text = letter if caption is None else f"{letter}: {caption}"
        entries.append((text, png(image, low, high)))
    return entries


def describe_thumbnails(thumbnails: Sequence[tuple[str, bytes]]) -> list[dict[str, str]]:
    """The pictures as JSON values, from the result of :func:`anchor_thumbnails`."""
    return [
        {"caption": caption, "png": base64.b64encode(file).decode("ascii")}
        for caption, file in thumbnails
    ]
