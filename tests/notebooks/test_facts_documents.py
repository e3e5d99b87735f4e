"""What the README with its pages, and docstrings, state of the bundled run, computed from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks.checkerboard import (
    LAST,
    POINTS,
    RUN,
    depends_on_the_radius,
    dies,
    migration,
    survivors_gather,
)

ROOT = Path(__file__).parents[2]

README_FACTS = {
    "in the bundled run local complexity near the training points ends higher than it began at "
    "radius 0.005, and lower at 0.05 and 0.1.": depends_on_the_radius,
    "See neuron boundaries gather at the decision boundary long after the training points are "
    "fitted, and neurons die.": lambda: survivors_gather() and dies(),
}


@pytest.mark.parametrize("sentence", README_FACTS)
def test_what_the_readme_says_of_the_bundled_run_is_true(sentence):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(sentence in " ".join(page.read_text("utf-8").split()) for page in pages)
    assert README_FACTS[sentence]()


def test_recipes_say_of_the_bundled_run_what_is_true():
    """The figures in the docstring of the recipe that are of its seed 0, which is the bundled."""
    early, late = migration(68), migration(136)
    assert early.ratio < 1 < late.ratio
    shares = [
        (values <= 0).all(axis=0).mean() for values in RUN.program(LAST).pre_activations(POINTS)
    ]
    assert shares[0] == pytest.approx(1 / 2, abs=0.05)
    assert shares[1] == pytest.approx(2 / 3, abs=0.05)
