"""Shapes in annotations are held, in the package and here."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest

from splineviz.network.torch_modules.evaluation import predicted_classes
from splineviz.partition.measures import density, discs
from splineviz.typing import FloatArray, IntArray
from tests.shapes import WrongShape, checked


@checked
def distances(
    points: Annotated[FloatArray, "n 2"], others: Annotated[FloatArray, "... 2"]
) -> tuple[Annotated[FloatArray, "n ..."], Annotated[IntArray, "n"]]:
    if len(points) == 3:
        return np.zeros(3), np.zeros(3)
    return np.zeros((len(points), *others.shape[:-1])), np.arange(len(points))


def test_shapes_that_fit_pass():
    distances(np.zeros((4, 2)), np.zeros((5, 6, 2)))
    distances(np.zeros((0, 2)), others=np.zeros(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((4, 3)), np.zeros(2)), r"points of distances is not float64 \(n 2\)"),
        ((np.zeros(2), np.zeros(2)), "points of distances"),
        ((np.zeros((4, 2), np.float32), np.zeros(2)), "float32"),
        (([[0.0, 1.0]], np.zeros(2)), "it is list"),
        ((np.zeros((4, 2)), np.zeros(())), "others of distances"),
        ((np.zeros((3, 2)), np.zeros((1, 2))), "the result of distances"),
    ],
)
def test_shapes_that_do_not_fit_are_noticed(arguments, message):
    with pytest.raises(WrongShape, match=message):
        distances(*arguments)


def test_the_package_is_held_to_its_annotations():
    with pytest.raises(WrongShape, match="points of distances"):
        density.distances(np.zeros((1, 3)), np.zeros((1, 2, 2)))
    with pytest.raises(WrongShape, match="ends of polygon_areas_in_discs"):
        discs.polygon_areas_in_discs(np.zeros((1, 2)), 1.0, np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(WrongShape, match="outputs of predicted_classes"):
        predicted_classes(np.zeros(3))
