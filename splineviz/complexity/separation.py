"""Whether a network keeps the samples of a batch apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

import torch

from splineviz.errors import UnsupportedLayer

# Of the largest number met so far: what rounding may change, float32 inside the network included.
_ROUNDING = 1e-5
# Times that a sample is run at once: some networks fail on a batch of one.
_TIMES = 3


class Met(NamedTuple):
    """Some values that a batch meets on its way through a network.

    Attributes
    ----------
    name, kind : str
        Where, and what.
    values : torch.Tensor
        Those of the first sample, then those of the second, and so on.
    """

    name: str
    kind: str
    values: torch.Tensor


def check_apart(run: Callable[[torch.Tensor], Sequence[Met]], samples: torch.Tensor) -> None:
    """Check that what a network makes of a sample depends on nothing else.

    Parameters
    ----------
    run : callable
        Runs a batch and says what it meets, in order.
    samples : tensor (n, *input_shape)
        Different ones, two at least.

    Raises
    ------
    UnsupportedLayer
        If it depends on chance, on earlier calls, or on the rest of the batch; the first place
        where it does is named.
    """
    together = run(samples)
    found = _first_difference(samples, together, run(samples))
    if found is not None:
        raise UnsupportedLayer(
            found.name,
            found.kind,
            "the numbers there are not the same when the network is run on the same inputs again",
            "Take what is random out of its forward, such as F.dropout without "
            "training=self.training, and what it remembers from one call to the next.",
        )
    for i in range(len(samples)):
        alone = run(samples[[i] * _TIMES])
        found = _first_difference(samples, together, alone, (len(samples), _TIMES), i)
        if found is not None:
            raise UnsupportedLayer(
                found.name,
                found.kind,
                "the numbers there do not belong to one sample each: those of a sample change "
                "with the other samples of the batch, or samples are not on the first axis",
                "Have the network keep samples apart and first: a BatchNorm with "
                "track_running_stats=True, a transformer or RNN with batch_first=True, no mean, "
                "choice or test over the first axis.",
            )


def _first_difference(
    samples: torch.Tensor,
    together: Sequence[Met],
    others: Sequence[Met],
    rows: tuple[int, int] = (1, 1),
    row: int = 0,
) -> Met | None:
    """Where another run does not meet one row of this one all over; `rows` is how many each has."""
    largest = samples.abs().amax()
    for met, other in zip_longest(together, others):
        if met is None or other is None or met.name != other.name:
            return met or other
        if any(part.values.numel() % n for part, n in zip((met, other), rows, strict=True)):
            return met
        these, those = (
            # What overflows is not compared.
            part.values.double().nan_to_num(0.0, 0.0, 0.0).reshape(n, -1)
            for part, n in zip((met, other), rows, strict=True)
        )
        if these.shape[1] != those.shape[1]:
            return met
        largest = torch.maximum(largest, these.abs().amax())
        if bool(((those - these[row]).abs() > _ROUNDING * largest).any()):
            return met
    return None
