"""What the first notebook and the README with its pages state of the bundled run, computed from it.

Each sentence stands here beside its check, and must still stand there: neither can drift. A number
that is in no sentence here may not be in the notebook. What the notebook states about the runs that
it trains itself is in ``watch_regions_move.py``, which runs at its end.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest

import splineviz as sv
from splineviz.training import recipes

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "01_watch_regions_move.ipynb"
RUN = sv.Run.bundled("checkerboard")
POINTS, LABELS = RUN.samples
SQUARE = sv.InputSlice.identity(bounds=(-1.6, -1.6, 1.6, 1.6))
FITTED, HIGHEST, GATHERED, LAST = 193, 3125, 21183, 30000

# Not facts of a run: headings, code, links, and what stands between dollars.
_NO_WORDS = re.compile(r"^#.*$|`[^`]*`|\]\([^)]*\)|\$[^$]*\$", re.MULTILINE)


def markdown():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@cache
def partition(step):
    return sv.enumerate_regions(RUN.program(step), SQUARE)


def regions():
    return {int(step): len(partition(int(step))) for step in RUN.steps}


@cache
def migration(step):
    return partition(step).migration(POINTS, 0.1)


def median_slope(step):
    return np.median(partition(step).slope_norms()[partition(step).locate(POINTS)])


@cache
def complexity():
    return RUN.local_complexity(RUN.probes(), radius=0.1, directions=2, cache=False)


def lc(probe, step):
    return complexity().mean(probe)[complexity().steps.tolist().index(step)]


def signs(program, points):
    """Which neurons are on, at the vertices of a cross-polytope of radius 0.1 round each point."""
    directions = complexity().directions
    offsets = 0.1 * np.concatenate([directions, -directions])
    vertices = points[:, None].astype(np.float64) + offsets
    found = np.concatenate(program.pre_activations(vertices.reshape(-1, 2)), axis=1) > 0
    return found.reshape(*vertices.shape[:2], -1)


def alive():
    """Which neurons switch somewhere in the square at the end."""
    patterns = partition(LAST).activation_patterns()
    return patterns.any(axis=0) & ~patterns.all(axis=0)


def lc_of_survivors(probe, step):
    """Independently of the package's own counting."""
    program = RUN.program(step)
    points = RUN.probes()[probe]
    on = signs(program, points(program) if callable(points) else points)
    crossed = on.any(axis=1) & ~on.all(axis=1)
    assert crossed.sum(axis=1).mean() == pytest.approx(lc(probe, step))
    return crossed[:, alive()].sum(axis=1).mean()


def off(step):
    found = RUN.program(step).pre_activations(POINTS)
    return sum(int((values <= 0).all(axis=0).sum()) for values in found)


def is_the_run_that_is_described():
    widths = [activation.width for activation in RUN.program(0).activations]
    data = recipes.data("checkerboard", RUN.metadata["seed"])
    return (
        widths == [64] * 3
        and len(POINTS) == 150
        and np.array_equal(POINTS, data.train_inputs)
        and (RUN.steps[-1], len(RUN)) == (30_000, 56)
    )


def fits_first_at_step_175():
    accuracy = RUN.metrics["train_accuracy"]
    return accuracy.index[accuracy == 1][0] == 175


def stays_accurate():
    later = RUN.metrics.loc[175:]
    test = later["test_accuracy"]
    return later["train_accuracy"].min() > 0.98 and test.max() - test.min() < 0.04


def gathers_at_the_decision_boundary():
    return 1.15 < migration(FITTED).ratio < 1.25 and migration(GATHERED).ratio > 2.5


def loses_regions():
    found = regions()
    after = [count for step, count in found.items() if step > 6500]
    rising = found[6267] > 14_000 and max(after) < found[6267]
    return rising and found[LAST] == 6240 == min(found.values())


def covers_squares_with_wide_regions():
    areas = [
        np.median(partition(step).areas[partition(step).locate(POINTS)]) for step in (HIGHEST, LAST)
    ]
    return areas[1] > 10 * areas[0]


def first_half_is_mostly_something_else():
    data, uniform = (
        np.array([getattr(migration(step), name) for step in (FITTED, HIGHEST, GATHERED, LAST)])
        for name in ("density_near_data", "density_near_uniform")
    )
    return (abs(data / uniform - 1) < 0.1).all() and dies()


def becomes_flat():
    return median_slope(FITTED) > 0.71 and median_slope(LAST) < 0.06


def rises_and_falls():
    means = complexity().mean("training")
    assert complexity().steps[means.argmax()] == HIGHEST
    return [round(means[0], 1), round(means.max(), 1), round(means[-1], 1)] == [9.7, 12.1, 7.4]


def rises_eighteen_times_as_long():
    return round(HIGHEST / 175) == 18


def goes_together():
    means = [complexity().mean(name) for name in ("training", "test", "random")]
    return all(np.corrcoef(means[0], other)[0, 1] > 0.9 for other in means[1:]) and all(
        abs(means[0] - other).max() < 1.3 for other in means[1:]
    )


def gathers_by_local_complexity():
    steps = (0, HIGHEST, GATHERED, LAST)
    return [round(lc("boundary", step), 1) for step in steps] == [11.3, 19.0, 23.1, 20.5]


def dies():
    return (off(HIGHEST), off(LAST)) == (25, 98)


def survivors_stay():
    found = [lc_of_survivors("training", step) for step in (HIGHEST, LAST)]
    assert alive().sum() == migration(LAST).n_switching
    return alive().sum() == 101 and [round(mean, 1) for mean in found] == [7.7, 7.4]


def nine_tenths_is_death():
    fall = lc("training", HIGHEST) - lc("training", LAST)
    survivors = lc_of_survivors("training", HIGHEST) - lc_of_survivors("training", LAST)
    return (fall - survivors) / fall > 0.9


def survivors_gather():
    found = [lc_of_survivors("boundary", step) for step in (HIGHEST, LAST)]
    return [round(mean, 1) for mean in found] == [12.1, 20.5]


def depends_on_the_radius():
    found = RUN.local_complexity(
        radius=[0.005, 0.05, 0.1], directions=2, steps=[0, LAST], cache=False
    ).mean()
    return (found[1] > found[0]).tolist() == [True, False, False]


def has_thousands_of_pieces():
    return len(partition(LAST)) > 2000


def is_exact():
    found = partition(LAST)
    assert found.verify(RUN.program(LAST))
    return found.vertices.dtype == np.float64


FACTS = {
    "A trained network is a *spline* with thousands of these pieces.": has_thousands_of_pieces,
    "A network with three hidden layers of 64 neurons learned to colour a 3 × 3 checkerboard from "
    "150 points, in 30,000 steps; 56 checkpoints were kept.": is_the_run_that_is_described,
    "*Until step 175.* More and more training points become right, until all of them are for the "
    "first time": fits_first_at_step_175,
    "Little changes in the accuracies any more": stays_accurate,
    "Within a radius of 0.1 they lie a fifth denser there than round the training points at step "
    "193, and more than two and a half times as dense at step "
    "21,183.": gathers_at_the_decision_boundary,
    "*From about step 6,000 on.* The number of regions falls, from more than 14,000 to "
    "6,240.": loses_regions,
    "Wide ones cover the squares": covers_squares_with_wide_regions,
    "The first half is mostly something else: **neurons die**": first_half_is_mostly_something_else,
    "At half of the training points the slope was above 0.71 at step 193; at the end it is below "
    "0.06.": becomes_flat,
    "LC at the training points rises from 9.7 to 12.1 at step 3,125, and falls to "
    "7.4.": rises_and_falls,
    "here it goes on eighteen times as long.": rises_eighteen_times_as_long,
    "Training, test and random points go together": goes_together,
    "On the decision boundary LC rises from 11.3 to 19.0 at step 3,125 and 23.1 at step 21,183; it "
    "ends at 20.5.": gathers_by_local_complexity,
    "They are 25 at step 3,125 and 98 at the end, of 192.": dies,
    "Count only the 101 neurons that still draw a line in the square at the end, and LC at the "
    "training points hardly falls after step 3,125: from 7.7 to 7.4.": survivors_stay,
    "So more than nine tenths of its fall is neurons dying.": nine_tenths_is_death,
    "On the decision boundary the LC of the same neurons rises from 12.1 to 20.5": survivors_gather,
    "At radius 0.005, LC at the training points ends *higher* than it began, at 0.05 and 0.1 "
    "lower.": depends_on_the_radius,
    "Every region is a polygon whose corners are computed in double precision and shared with its "
    "neighbours, and the whole can be *proved* against the network.": is_exact,
}

# Sentences with numbers that are no facts of the bundled run: of data, or of the notebook's own
# runs, checked as it says above.
OTHERS = [
    "*Step 0.* The weights are random.",
    "An 8 × 8 image of a digit is a point in a space of 64 dimensions.",
    "the network is right on all 200 training images long before it is right on others.",
    "*Deep Networks Always Grok and Here is Why*, ICML 2024, "
    "[arXiv:2402.15555](https://arxiv.org/abs/2402.15555)",
]

README_FACTS = {
    "in the bundled run local complexity near the training points ends higher than it began at "
    "radius 0.005, and lower at 0.05 and 0.1.": depends_on_the_radius,
    "See neuron boundaries gather at the decision boundary long after the training points are "
    "fitted, and neurons die.": lambda: survivors_gather() and dies(),
}


@pytest.mark.parametrize("sentence", FACTS)
def test_what_the_notebook_says_of_the_bundled_run_is_true(sentence):
    assert sentence in markdown()
    assert FACTS[sentence]()


@pytest.mark.parametrize("sentence", README_FACTS)
def test_what_the_readme_says_of_the_bundled_run_is_true(sentence):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(sentence in " ".join(page.read_text("utf-8").split()) for page in pages)
    assert README_FACTS[sentence]()


def test_every_number_in_the_notebook_is_in_a_sentence_that_is_checked():
    text = markdown()
    for sentence in [*FACTS, *OTHERS]:
        assert sentence in text, sentence
        text = text.replace(sentence, "")
    # The numbers of a list.
    left = re.sub(r"^\d\. ", "", _NO_WORDS.sub("", text), flags=re.MULTILINE)
    assert re.findall(r"[^.\n]*\d[^.\n]*", left) == []


def test_recipes_say_of_the_bundled_run_what_is_true():
    """The figures in the docstring of the recipe that are of its seed 0, which is the bundled."""
    early, late = migration(68), migration(136)
    assert early.ratio < 1 < late.ratio
    shares = [
        (values <= 0).all(axis=0).mean() for values in RUN.program(LAST).pre_activations(POINTS)
    ]
    assert shares[0] == pytest.approx(1 / 2, abs=0.05)
    assert shares[1] == pytest.approx(2 / 3, abs=0.05)
