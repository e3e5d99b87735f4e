"""What notebook 04 states as facts of the run that it records, and of the bundled one, computed.

Each sentence stands here beside its check, and must still stand there. Another machine may go other
ways late in a training, so the limits are wide.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.notebooks.checkerboard import FITTED, HIGHEST, LAST, dies, migration
from tests.notebooks.reading import other_numbers, variables, words

NAME = "04_training_moves_regions"


@cache
def after_it_ran():
    return variables(NAME)


@cache
def table():
    return after_it_ran()["curves"].to_dataframe()


def has_two_classes_by_sign():
    x, labels = after_it_ran()["x"].numpy(), after_it_ran()["labels"].numpy()
    same = (x[:, 0] > 0) == (x[:, 1] > 0)
    return x.shape == (200, 2) and abs(x).max() <= 1 and (labels == same).all()


def is_a_folder_of_plain_files():
    run = after_it_ran()["run"]
    kept = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*")}
    weights = [name for name in kept if name.startswith("checkpoints/")]
    return {"manifest.json", "metrics.csv"} <= kept and len(weights) == len(run)


def gathers():
    ratio = table()["ratio_uniform"]
    return ratio[62] < 0.9 and ratio.iloc[-1] > 1.1


def does_not_leave_the_data():
    near = table()["density_near_data"]
    return near.iloc[-1] > near[62]


def dies_on_the_checkerboard():
    found = [migration(step) for step in (HIGHEST, LAST)]
    data = found[1].density_near_data / found[0].density_near_data
    anywhere = found[1].density_near_uniform / found[0].density_near_uniform
    gathers = migration(LAST).ratio > migration(FITTED).ratio
    return gathers and dies() and data < 0.8 and abs(data - anywhere) < 0.1


FACTS = {
    "200 points in a square; the class is 1 where both inputs have the same "
    "sign.": has_two_classes_by_sign,
    "A run is a folder: a manifest, a table of metrics, and a file of weights for each "
    "checkpoint.": is_a_folder_of_plain_files,
    "From step 62 to the end the ratio rises from below 0.9 to above 1.1": gathers,
    "Around the data they get denser, too: in this run they do not leave "
    "it.": does_not_leave_the_data,
    "In the bundled checkerboard run boundaries gather, too; around the data they get fewer as "
    "around points anywhere, because neurons die.": dies_on_the_checkerboard,
}

# Sentences with numbers that are no facts.
OTHERS = [
    "How many of the 64 neurons do not switch",
    "The boundaries of which of the hidden layers, 0 and 1, stay?",
]


@pytest.mark.parametrize("sentence", FACTS)
def test_what_the_notebook_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()


def test_every_number_in_the_notebook_is_in_a_sentence_that_is_checked():
    assert other_numbers(NAME, [*FACTS, *OTHERS]) == []
