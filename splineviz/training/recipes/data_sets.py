"""DATA_SETS: what recipes learn, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from splineviz.training.data import sets
from splineviz.training.data.sets import Dataset


@dataclass(frozen=True)
class DataSet:
    """A data set that a recipe can name.

    Attributes
    ----------
    make : callable
        Of the options and ``seed``: a :class:`~splineviz.training.data.sets.Dataset`.
    options : mapping of str
        What may be said of it, with the values it has otherwise; each is a row of
        :data:`~splineviz.training.recipes.settings.SETTINGS`. ``random_labels`` is applied to what
        `make` makes.
    is_classification : bool
    """

    make: Callable[..., Dataset]
    options: Mapping[str, Any] = field(default_factory=dict)
    is_classification: bool = True


_LABELS: Mapping[str, Any] = {"random_labels": 0.0}

DATA_SETS: dict[str, DataSet] = {
    "checkerboard": DataSet(sets.checkerboard, {"train": 150, "tiles": 3, **_LABELS}),
    "two-moons": DataSet(sets.two_moons, {"train": 100, "noise": 0.1, **_LABELS}),
    "digits": DataSet(sets.digits, {"train": 200, **_LABELS}),
    "modular-addition": DataSet(sets.modular_addition, {"train": 821, "modulus": 37, **_LABELS}),
    "sine": DataSet(sets.sine, {"train": 1000, "half_width": 5.0}, is_classification=False),
    "xor": DataSet(sets.xor, {"train": 400, "dimensions": 40, **_LABELS}),
}


def make_data(name: str, options: Mapping[str, Any], seed: int) -> Dataset:
    """Make a data set.

    Parameters
    ----------
    name : str
        A row of :data:`DATA_SETS`.
    options : mapping of str
        Values that differ from those in the row.
    seed : int

    Raises
    ------
    InvalidArgument
        If options do not go together, such as more training points than there are.
    """
    row = DATA_SETS[name]
    values = {**row.options, **options}
    share = values.pop("random_labels", 0.0)
    data = row.make(**values, seed=seed)
    return sets.with_random_labels(data, share, seed) if share else data
