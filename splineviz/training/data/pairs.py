"""Pairs of inputs that a network tells apart."""

from __future__ import annotations

import numpy as np

from splineviz.typing import IntArray
from splineviz.validation.numbers import random_generator

Codes = IntArray

# How many pairs to try for a point before drawing one from all pairs that fit.
_TRIES = 32


def separated_pairs(labels: Codes, classes: Codes, n: int, seed: int) -> Codes:
    """Draw pairs of inputs with different labels and different predicted classes.

    Parameters
    ----------
    labels : int64 array of shape (m,)
        What the inputs are. Two labels or more.
    classes : int64 array of shape (m,)
        What the network takes them for. Two classes or more.
    n : int
        How many pairs.
    seed : int
        Seed of the draw. NumPy's global random state is not used.

    Returns
    -------
    int64 array of shape (n, 2)
        Places in `labels`, each pair drawn uniformly from all that will do; a pair may be drawn
        twice.

    Notes
    -----
    Each pair comes from a list of its own, which is drawn without a look at `labels` and
    `classes`: it is the first in its list that will do. So the pairs of two networks are the same
    where the networks agree. Should none of the first 32 do, the pair is drawn from all that will;
    there is one, since a network that gives one class to all inputs of different labels gives it to
    all inputs.
    """
    rng = random_generator(seed)
    pairs = np.empty((n, 2), dtype=np.int64)
    missing = np.ones(n, dtype=bool)
    for _ in range(_TRIES):
        # Drawn for those that have a pair too: the lists must not depend on the network.
        drawn = rng.integers(len(labels), size=(n, 2))
        first, second = drawn.T
        differ = (labels[first] != labels[second]) & (classes[first] != classes[second])
        fits = missing & differ
        pairs[fits] = drawn[fits]
        missing &= ~differ
    if missing.any():
        pairs[missing] = _drawn_from_all(labels, classes, n, rng)[missing]
    return pairs


def _drawn_from_all(labels: Codes, classes: Codes, n: int, rng: np.random.Generator) -> Codes:
    """Pairs (n, 2) drawn uniformly from all with different labels and different classes."""
    both = np.unique(np.stack([labels, classes]), axis=1, return_inverse=True)[1].ravel()
    alike = [np.bincount(codes)[codes] for codes in (labels, classes, both)]
    partners = len(labels) - alike[0] - alike[1] + alike[2]
    until = np.cumsum(partners)
    firsts = np.searchsorted(until, rng.integers(until[-1], size=n), side="right")
    seconds = [
        np.flatnonzero((labels != labels[first]) & (classes != classes[first]))[place]
        for first, place in zip(firsts, rng.integers(partners[firsts]), strict=True)
    ]
    return np.stack([firsts, seconds], axis=1)
