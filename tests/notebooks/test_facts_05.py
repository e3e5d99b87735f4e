"""What notebook 05 states as facts of its network, computed from it.

Each sentence stands here beside its check, and must still stand in the notebook.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest

import splineviz as sv
from tests.notebooks.reading import words

NAME = "05_many_inputs"
RUN = sv.Run.bundled("digits-robust-small")
IMAGES, LABELS = RUN.samples
NETWORK = RUN.program(RUN.steps[-1])
THREE, FIVE, EIGHT = IMAGES[[int((digit == LABELS).argmax()) for digit in (3, 5, 8)]]
PLANE = sv.InputSlice.through(THREE, FIVE, EIGHT, margin=0.4)
PRINCIPAL = sv.InputSlice.principal(IMAGES)
# Not facts of a run: headings, code, links, and what stands between dollars.
_NO_WORDS = re.compile(r"^#.*$|`[^`]*`|\]\([^)]*\)|\$[^$]*\$", re.MULTILINE)


def right(inputs):
    return float((NETWORK(inputs).argmax(axis=1) == LABELS).mean())


@cache
def attacked():
    [found] = sv.pgd_attack(NETWORK, THREE[None], [3], eps=0.2, steps=100, bounds=(0, 1))
    return found


def changes(end):
    return sv.enumerate_regions(NETWORK, sv.InputSlice.segment(THREE, end)).decision_boundary()


def classes(plane):
    return np.unique(sv.enumerate_regions(NETWORK, plane).predictions()).tolist()


def is_trained_on_200_digits():
    return IMAGES.shape == (200, 64) and RUN.class_names == tuple("0123456789")


def is_far_from_most_images():
    distance = np.sort(PLANE.project(IMAGES)[1])
    return (
        (distance[:3] < 1e-9).all() and round(distance[3], 2) == 1.22 and np.median(distance) > 2.2
    )


def leaves_the_range_of_pixels():
    corners = PLANE.embed(np.array(PLANE.domain.exterior.coords))
    in_range = IMAGES.min() == 0 and IMAGES.max() == 1
    return in_range and [round(corners.min(), 1), round(corners.max(), 1)] == [-1.4, 1.9]


def holds_29_percent():
    variance = np.linalg.svd(IMAGES - IMAGES.mean(axis=0), compute_uv=False) ** 2
    return round(100 * variance[:2].sum() / variance.sum()) == 29


def no_image_is_near():
    return PRINCIPAL.project(IMAGES)[1].min() > 1.0


def shadows_are_told_badly():
    shadows = PRINCIPAL.embed(PRINCIPAL.project(IMAGES)[0])
    return round(right(shadows), 2) == 0.45 and right(IMAGES) == 1


def sees_a_three_everywhere():
    squares = [sv.InputSlice.around(THREE, half_width=1.0, seed=seed) for seed in range(50)]
    return all(classes(square) == [3] for square in squares)


def is_seen_once_the_direction_is_there():
    along = [attacked() - THREE, np.random.default_rng(0).standard_normal(64)]
    square = sv.InputSlice.around(THREE, 1.0, directions=along)
    return len(classes(square)) > 1 and 3 in classes(square)


def attack_is_nearer_than_random_directions():
    directions = np.random.default_rng(0).standard_normal((50, 64))
    ends = THREE + 3 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    found = [changes(end) for end in ends]
    first = [at[0] for at in found if len(at)]
    return len(first) == 10 and round(min(first), 2) == 1.51


def attack_needs_less():
    return 0 < changes(attacked())[0] < 0.9


def is_seen_as_five_classes():
    found = sv.enumerate_regions(NETWORK, PLANE)
    seen = found.predictions()
    area = {int(digit): found.areas[seen == digit].sum() for digit in np.unique(seen)}
    return len(area) == 5 and {3, 5, 8} == set(sorted(area, key=area.get)[-3:])


FACTS = {
    "This network was trained on 200 handwritten digits": is_trained_on_200_digits,
    "Only the three stars are training images. The next one is 1.22 away from this plane, half of "
    "all are farther than 2.2.": is_far_from_most_images,
    "In its corners, pixels run from -1.4 to 1.9": leaves_the_range_of_pixels,
    "The principal plane holds 29 % of the variance": holds_29_percent,
    "no image comes nearer than 1.0.": no_image_is_near,
    "Project all images onto it, and the network is right on 45 % of these shadows; it is right on "
    "all of the images.": shadows_are_told_badly,
    "In each of 50 random squares around the 3, the network sees a 3 "
    "everywhere.": sees_a_three_everywhere,
    "Random slices hardly ever find such a direction": is_seen_once_the_direction_is_there,
    "Of 50 random directions, 10 lead to another class within a distance of 3, the nearest after "
    "1.51.": attack_is_nearer_than_random_directions,
    "The attack needs less than 0.9": attack_needs_less,
}

# Sentences with numbers that are no facts of the run.
OTHERS = [
    "A picture of 8 × 8 pixels is a point in a space of 64 dimensions.",
    "How many of them will it see on the plane through a 3, a 5 and an 8?",
    "walk straight from the 3 to the 5.",
    "is it then safe to go a distance of 1 from it?",
    "64 dimensions have too many.",
]


@pytest.mark.parametrize("sentence", FACTS)
def test_what_the_notebook_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()


def test_what_its_solutions_say_is_true():
    said = "Wide areas belong to the three digits that span the plane, and two others come in"
    assert said in words(f"solutions/{NAME}")
    assert is_seen_as_five_classes()


def test_every_number_is_in_a_sentence_that_is_checked():
    text = words(NAME)
    for sentence in [*FACTS, *OTHERS]:
        assert sentence in text, sentence
        text = text.replace(sentence, "")
    assert re.findall(r"[^.\n]*\d[^.\n]*", _NO_WORDS.sub("", text)) == []
