from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given
from hypothesis import strategies as st

from splineviz.training.data.pairs import separated_pairs

CODES = st.lists(st.integers(0, 3), min_size=2, max_size=30)
Codes = npt.NDArray[np.int64]


def differ(codes: Codes, pairs: Codes) -> npt.NDArray[np.bool_]:
    return codes[pairs[:, 0]] != codes[pairs[:, 1]]


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_pairs_differ_in_label_and_in_class(rows: list[tuple[int, int]]) -> None:
    labels, classes = np.array(rows).T
    assume(np.ptp(labels) > 0)
    assume(np.ptp(classes) > 0)
    pairs = separated_pairs(labels, classes, 40, 0)
    assert pairs.shape == (40, 2)
    assert differ(labels, pairs).all()
    assert differ(classes, pairs).all()
    np.testing.assert_array_equal(pairs, separated_pairs(labels, classes, 40, 0))


def test_the_only_pair_that_will_do_is_found_among_millions() -> None:
    labels, classes = np.zeros((2, 5000), dtype=np.int64)
    labels[3], classes[4321] = 1, 1
    pairs = separated_pairs(labels, classes, 100, 0)
    assert {tuple(sorted(pair)) for pair in pairs.tolist()} == {(3, 4321)}
    assert 20 < (pairs[:, 0] == 3).sum() < 80


def test_all_pairs_that_will_do_are_equally_likely() -> None:
    # A third of the points finds none in its list.
    labels = np.array([0] * 40 + [1] * 2)
    classes = np.array([0] * 20 + [1] * 20 + [1, 2])
    wanted = (labels[:, None] != labels) & (classes[:, None] != classes)
    pairs = separated_pairs(labels, classes, 60_000, 0)
    counts = np.zeros(wanted.shape)
    np.add.at(counts, tuple(pairs.T), 1)
    assert (counts[~wanted] == 0).all()
    expected = 60_000 / wanted.sum()
    assert np.abs(counts[wanted] - expected).max() < 6 * np.sqrt(expected)


@given(seed=st.integers(0, 10**6), share=st.floats(0, 0.5))
def test_networks_that_tell_apart_alike_get_the_same_pairs(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    labels, many = rng.integers(3, size=(2, 60))
    # The second network confuses some that the first one tells apart.
    fewer = np.where(rng.random(60) < share, 0, many)
    assume((fewer > 0).any())
    assume((fewer == 0).any())
    before = separated_pairs(labels, many, 50, seed)
    after = separated_pairs(labels, fewer, 50, seed)
    # The first in a list that is good for both.
    others = many.copy()
    others[fewer == 0] = np.where(many[fewer == 0] == 0, 0, 3)
    kept = (before == after).all(axis=1)
    confused = fewer != many
    certain = ~confused[before].any(axis=1) & ~confused[after].any(axis=1)
    assert (kept | ~certain).mean() > 0.5
