"""What notebook 06 states as facts of its runs, computed from them.

Each sentence stands here beside its check, and must still stand in the notebook.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
import shapely

import splineviz as sv
from splineviz.training import recipes
from tests.notebooks.reading import words

NAME = "06_local_complexity_by_hand"
CHECKERBOARD = sv.Run.bundled("checkerboard")
POINTS, _ = CHECKERBOARD.samples
DIGITS = sv.Run.bundled("digits-robust-small")
IMAGES, _ = DIGITS.samples
HIGH, LAST = 5305, 20000
# Not facts of a run: headings, code, links, and what stands between dollars.
_NO_WORDS = re.compile(r"^#.*$|`[^`]*`|\]\([^)]*\)|\$[^$]*\$", re.MULTILINE)


def crossed(program, points, radius, frame):
    """Which neurons switch among the corners round each point, without the package's counting."""
    offsets = radius * np.concatenate([frame, -frame])
    corners = (points[:, None].astype(float) + offsets).reshape(-1, points.shape[1])
    on = np.concatenate([z > 0 for z in program.pre_activations(corners)], axis=1)
    on = on.reshape(len(points), len(offsets), -1)
    return on.any(axis=1) & ~on.all(axis=1)


def switching(program, plane):
    patterns = sv.enumerate_regions(program, plane).activation_patterns()
    return patterns.any(axis=0) & ~patterns.all(axis=0)


@cache
def in_the_diamonds():
    """By corners and exactly, at every training point: which neurons cross its diamond."""
    program, offsets = (
        CHECKERBOARD.program(3125),
        0.2 * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]),
    )
    exact = [
        switching(program, sv.InputSlice(point, np.eye(2), shapely.Polygon(offsets)))
        for point in POINTS.astype(float)
    ]
    return crossed(program, POINTS, 0.2, np.eye(2)), np.array(exact)


def misses_two():
    found, exact = in_the_diamonds()
    return (found[71].sum(), exact[71].sum()) == (13, 15)


def is_never_too_high():
    found, exact = in_the_diamonds()
    return not (found & ~exact).any() and len(found) == 150


def is_exact_in_the_first_layer():
    found, exact = (each[:, :64] for each in in_the_diamonds())
    return (found == exact).all()


def misses_bent_lines():
    found, exact = in_the_diamonds()
    return ((exact & ~found)[:, 64:].any(axis=1)).sum() > 0


@cache
def means():
    curves = DIGITS.local_complexity(radius=[0.05, 0.2, 1.0], steps=[0, HIGH, LAST], cache=False)
    return curves.mean()


def depends_on_the_radius():
    small, _, large = means().T
    rounded = [round(small[0], 1), round(small[1], 1), round(large[0]), round(large[1])]
    return rounded == [6.3, 8.7, 120, 112]


def ends_lower():
    return (means()[2] < means()[0]).all()


def found_with(step, **frame):
    return sv.local_complexity(DIGITS.program(step), IMAGES, radius=0.05, **frame).mean()


def more_directions_find_more():
    found = [[found_with(step, directions=n) for n in (5, 25, 64)] for step in (0, HIGH, LAST)]
    return (np.diff(found, axis=1) > 0).all()


def frame_matters_less():
    """Than how many directions there are, and than the radius."""
    spread = np.ptp([found_with(HIGH, seed=seed) for seed in range(10)])
    by_number = found_with(HIGH, directions=64) - found_with(HIGH, directions=5)
    by_radius = means()[1, 1] - means()[1, 0]
    return 0.3 < spread < by_number < by_radius


@cache
def alive():
    data = recipes.data("digits-robust-small", 0)
    everything = np.concatenate([data.train_inputs, data.test_inputs])
    return [(z > 0).any(axis=0) for z in DIGITS.program(LAST).pre_activations(everything)]


def die():
    own = [round(100 * (1 - layer.mean())) for layer in alive()]
    recorded = [round(100 * DIGITS.metrics.loc[LAST, f"dead_{layer}"]) for layer in range(3)]
    return own == recorded == [12, 21, 32]


def falls():
    return [round(mean, 1) for mean in means()[1:, 0]] == [8.7, 3.6]


def survivors_fall():
    frame = sv.local_complexity(DIGITS.program(LAST), IMAGES[:1]).directions
    kept = np.concatenate(alive())
    first, last = (
        crossed(DIGITS.program(step), IMAGES, 0.05, frame)[:, kept].sum(axis=1).mean()
        for step in (HIGH, LAST)
    )
    mostly = (first - last) > 0.8 * (means()[1, 0] - means()[2, 0])
    return mostly and kept.sum() == 235 and [round(first, 1), round(last, 1)] == [8.1, 3.6]


def checkerboard_is_the_other_way_round():
    square = sv.InputSlice.identity(bounds=(-1.6, -1.6, 1.6, 1.6))
    kept = switching(CHECKERBOARD.program(30000), square)
    first, last = (
        crossed(CHECKERBOARD.program(step), POINTS, 0.1, np.eye(2)) for step in (3125, 30000)
    )
    fall = first.sum(axis=1).mean() - last.sum(axis=1).mean()
    of_survivors = first[:, kept].sum(axis=1).mean() - last[:, kept].sum(axis=1).mean()
    return fall > 0 and of_survivors < 0.5 * fall


FACTS = {
    "LC misses two of them.": misses_two,
    "LC is never too high.": is_never_too_high,
    "But a bent line can enter and leave through one side, and no corner knows.": misses_bent_lines,
    "in the first layer LC is exact.": is_exact_in_the_first_layer,
    "at all 150 training points?": is_never_too_high,
    "From step 0 to 5,305 the mean goes from 6.3 to 8.7 at radius 0.05, but from 120 to 112 at "
    "radius 1.": depends_on_the_radius,
    "All three end lower than they began.": ends_lower,
    "more of them find more neurons.": more_directions_find_more,
    "Which ones they are matters less, but it does": frame_matters_less,
    "At the end these are 12, 21 and 32 % of the three layers.": die,
    "at radius 0.05, LC falls from 8.7 at step 5,305 to 3.6.": falls,
    "Mostly not: the 235 survivors alone fall from 8.1 to 3.6.": survivors_fall,
    "In the checkerboard run it is the other way round.": checkerboard_is_the_other_way_round,
}

# Sentences with numbers that are no facts of a run.
OTHERS = [
    "In 64 you must count.",
    "Now images of digits, 25 directions, 50 corners.",
    "What if you want to look in 65 directions?",
]


@pytest.mark.parametrize("sentence", FACTS)
def test_what_it_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()


def test_what_its_solutions_say_is_true():
    said = words(f"solutions/{NAME}")
    assert "Among the first five seeds there is one." in said
    program = DIGITS.program(HIGH)
    found = [sv.local_complexity(program, IMAGES, radius=0.05, seed=k).mean() for k in range(5)]
    assert sum(mean > found[0] + 0.3 for mean in found) == 1
    assert "the corners are farther away than the nearest other image is from most" in said
    apart = np.linalg.norm(IMAGES[:, None] - IMAGES, axis=2) + 100 * np.eye(len(IMAGES))
    assert np.mean(apart.min(axis=1) < 2) > 0.9
    assert sv.local_complexity(DIGITS.program(LAST), IMAGES, radius=2.0).mean() < 150


def test_every_number_is_in_a_sentence_that_is_checked():
    text = words(NAME)
    for sentence in [*FACTS, *OTHERS]:
        assert sentence in text, sentence
        text = text.replace(sentence, "")
    assert re.findall(r"[^.\n]*\d[^.\n]*", _NO_WORDS.sub("", text)) == []
