from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from splineviz.drawing.images import image_shape_of, png
from splineviz.errors import ShapeMismatch
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.thumbnails import anchor_thumbnails, describe_thumbnails


@pytest.mark.parametrize(
    ("input_shape", "image_shape"),
    [
        ((2,), None),
        ((16,), None),
        ((64,), (8, 8)),
        ((74,), None),
        ((784,), (28, 28)),
        ((8, 8), (8, 8)),
        ((1, 28, 28), (1, 28, 28)),
        ((3, 32, 32), (3, 32, 32)),
        ((5, 32, 32), None),
        ((2, 2), None),
    ],
)
def test_which_inputs_are_images(input_shape, image_shape):
    assert image_shape_of(input_shape) == image_shape


def test_a_grey_image_as_png():
    picture = Image.open(io.BytesIO(png(np.array([[0.0, 0.5], [1.0, 2.0]]), 0.0, 1.0)))
    grey = np.asarray(picture.convert("L"))
    assert grey.tolist() == [[0, 127], [255, 255]]


def test_a_color_image_as_png():
    image = np.zeros((3, 2, 2))
    image[0] = 1.0
    picture = Image.open(io.BytesIO(png(image, 0.0, 1.0)))
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_a_flat_image_is_black():
    assert (
        np.asarray(Image.open(io.BytesIO(png(np.ones((4, 4)), 1.0, 1.0))).convert("L")).max() == 0
    )


def images(*input_shape):
    return np.random.default_rng(0).uniform(size=(3, *input_shape))


def test_one_picture_for_each_anchor():
    thumbnails = anchor_thumbnails(InputSlice.through(*images(64)))
    assert [caption for caption, _ in thumbnails] == ["A", "B", "C"]
    described = describe_thumbnails(thumbnails)
    assert [one["caption"] for one in described] == ["A", "B", "C"]
    first = Image.open(io.BytesIO(base64.b64decode(described[0]["png"])))
    assert first.size == (8, 8)


def test_no_pictures_without_anchors_or_images():
    assert anchor_thumbnails(InputSlice.identity()) == []
    assert anchor_thumbnails(InputSlice.through(*images(5))) == []


def test_the_shape_can_be_said():
    assert len(anchor_thumbnails(InputSlice.through(*images(12)), image_shape=(3, 4))) == 3
    with pytest.raises(ShapeMismatch, match=r"shape \(12,\) cannot be seen as images of \(5, 5\)"):
        anchor_thumbnails(InputSlice.through(*images(12)), image_shape=(5, 5))
