"""Which polygon lies at each pixel of a picture."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from splineviz.typing import AnyFloatArray, AnyIntArray, IntArray

Rings = tuple[AnyIntArray, AnyIntArray, AnyIntArray]


def id_image(
    vertices: AnyFloatArray,
    polygons: Iterable[Rings],
    seen: tuple[float, float, float, float],
    size: tuple[int, int],
) -> IntArray:
    """The number of the polygon at each pixel, later ones above earlier ones.

    Up to the width of a pixel along edges, where the library for images rounds.

    Parameters
    ----------
    vertices : float array (V, 2)
    polygons : iterable of three integer arrays
        Groups of polygons, as ``ring_vertices``, ``ring_offsets`` and ``region_offsets`` of a
        SplinePartition.
    seen : tuple of float
        xmin, ymin, xmax, ymax of the picture.
    size : pair of int
        Its width and height in pixels.

    Returns
    -------
    int64 array (height, width)
        From 1 on, over all groups; 0 where there is none. The first row is the upper one.
    """
    from PIL import Image, ImageChops, ImageDraw

    width, height = size
    xmin, ymin, xmax, ymax = seen
    scale = np.array([width / (xmax - xmin), -height / (ymax - ymin)])
    pixels = (np.asarray(vertices, dtype=np.float64) - (xmin, ymax)) * scale - 0.5
    image = Image.new("I", size)
    draw = ImageDraw.Draw(image)
    number = 0
    for ring_vertices, ring_offsets, offsets in polygons:
        for first, last in pairwise(offsets):
            number += 1
            rings = [
                pixels[ring_vertices[ring_offsets[ring] : ring_offsets[ring + 1]]]
                for ring in range(first, last)
            ]
            if len(rings) == 1:
                draw.polygon(rings[0].ravel().tolist(), fill=number)
                continue
            # Holes: the rings of one polygon by the even-odd rule.
            inside = Image.new("1", size)
            for ring in rings:
                one = Image.new("1", size)
                ImageDraw.Draw(one).polygon(ring.ravel().tolist(), fill=1)
                inside = ImageChops.logical_xor(inside, one)
            image.paste(number, mask=inside)
    return np.asarray(image, dtype=np.int64)
