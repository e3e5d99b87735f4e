"""Reads the name of a metric: whether it is an accuracy, and under which attack."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

_ACCURACY = {"acc", "accuracy"}
_ATTACKS = {
    "adv": "adversarial",
    "adversarial": "adversarial",
    "robust": "robust",
    "pgd": "PGD",
    "fgsm": "FGSM",
}
_EPS = {"eps", "epsilon", "ε"}
# What may stand beside an attack in the name of an accuracy that does not say that it is one.
_PLAIN = {"train", "training", "test", "val", "valid", "validation", "l", "linf", "inf"}

# No digit can be read as part of two of these, so that a name of any length is read at once.
_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?"
# The word stands alone: that of steps10 does not.
_NAMED_EPS = re.compile(rf"(?<![^\W\d_])(?:eps|epsilon|ε)[\W_]*?({_NUMBER})", re.IGNORECASE)
_LONE_NUMBER = re.compile(rf"(?:^|[\W_])({_NUMBER})(?=$|[\W_])")


@dataclass(frozen=True)
class MetricName:
    """The name of a metric, and what it says.

    Words are separated by characters that are neither letters nor digits: ``val_acc``,
    ``val/acc`` and ``accuracy.test`` are accuracies, ``pace`` is none. One under an attack has a
    word such as ``adv``, ``pgd`` or ``fgsm``, or an ``eps`` with a number.

    Parameters
    ----------
    name : str
        The name in the run.

    Examples
    --------
    >>> read = MetricName("test_pgd_eps0.03_accuracy")
    >>> read.is_accuracy, read.group, read.eps
    (True, 'test PGD', '0.03')
    """

    name: str

    @cached_property
    def words(self) -> list[str]:
        """The words of the name, unchanged."""
        return [word for word in re.split(r"[\W_]+", self.name) if word]

    @cached_property
    def _letters(self) -> list[str]:
        """Its words without digits, in lower case: ``eps0.1`` has the word ``eps``."""
        return [word for word in re.split(r"[\W\d_]+", self.name.lower()) if word]

    @property
    def is_adversarial(self) -> bool:
        """Whether it is measured under an attack."""
        return bool(set(self._letters) & set(_ATTACKS)) or bool(_NAMED_EPS.search(self.name))

    @property
    def is_accuracy(self) -> bool:
        """Whether it is an accuracy.

        Either it says so, or nothing but an attack: ``pgd_0.1`` is one, ``pgd_loss`` is not.
        """
        letters = set(self._letters)
        return bool(letters & _ACCURACY) or (
            self.is_adversarial and letters <= _PLAIN | _EPS | set(_ATTACKS)
        )

    @property
    def eps(self) -> str | None:
        """The strength of the attack, as in the name: ``0.03`` or ``8/255``."""
        if not self.is_adversarial:
            return None
        match = _NAMED_EPS.search(self.name) or _LONE_NUMBER.search(self.name)
        return match.group(1) if match else None

    @property
    def strength(self) -> float:
        """`eps` as a number, to sort by; 0 if there is none."""
        top, _, bottom = (self.eps or "0").partition("/")
        strength = float(top) / (float(bottom or 1) or 1.0)
        return 0.0 if math.isnan(strength) else strength

    @property
    def group(self) -> str:
        """For a metric under an attack: its words without `eps` and "accuracy"."""
        rest = self.name if self.eps is None else self._without_eps()
        words = [word for word in re.split(r"[\W_]+", rest) if word]
        kept = [word for word in words if word.lower() not in _ACCURACY | _EPS]
        return " ".join(map(_named, kept)) or "adversarial"

    def readable(self, on_accuracy_axis: bool = False) -> str:
        """Its words; of ``train_accuracy`` "train" is enough where the axis says the rest."""
        said = _ACCURACY if on_accuracy_axis else set()
        return " ".join(word for word in self.words if word.lower() not in said) or self.name

    def _without_eps(self) -> str:
        named = _NAMED_EPS.sub(" ", self.name, count=1)
        return named if named != self.name else _LONE_NUMBER.sub(" ", self.name, count=1)


def _named(word: str) -> str:
    """A word as people write it: pgd10 is PGD10."""
    letters = re.match(r"[^\W\d_]*", word.lower())
    start = letters.group() if letters else ""
    return _ATTACKS[start] + word[len(start) :] if start in _ATTACKS else word
