"""CheckpointTraits: the traits of a widget that shows one checkpoint of a run at a time."""

from __future__ import annotations

from typing import Any

import traitlets

from splineviz.errors import UnknownName
from splineviz.validation.numbers import as_int


def read_checkpoint_index(index: Any, count: int) -> int:
    """Check the number of a checkpoint; negative numbers count from the end.

    Parameters
    ----------
    index : int
        The number that a user passed.
    count : int
        The number of checkpoints.

    Raises
    ------
    InvalidArgument
        If `index` is not a whole number.
    UnknownName
        If there is no checkpoint of that number.
    """
    place = as_int(index, "index", -(2**63))
    if not -count <= place < count:
        raise UnknownName("checkpoint", str(place), [str(i) for i in range(count)])
    return place % count


class CheckpointTraits(traitlets.HasTraits):
    """The traits of a widget that shows one checkpoint of a run at a time.

    Attributes
    ----------
    steps : list of int
        Training steps of the checkpoints, increasing.
    index : int
        Number of the checkpoint shown.
    step : int
        Its training step. Set it to move to that checkpoint.
    play_range : tuple of int
        First and last checkpoint that play; empty for all.
    """

    index = traitlets.Int(0)
    step = traitlets.Int(0)
    play_range = traitlets.Tuple()

    steps: list[int]

    @traitlets.observe("index")
    def _follow_index(self, change: dict[str, Any]) -> None:
        self.step = self.steps[change["new"]]

    @traitlets.observe("step")
    def _follow_step(self, change: dict[str, Any]) -> None:
        self.index = self.steps.index(change["new"])

    @traitlets.validate("index")
    def _check_index(self, proposal: dict[str, Any]) -> int:
        index = int(proposal["value"])
        if not 0 <= index < len(self.steps):
            raise traitlets.TraitError(
                f"index must be a checkpoint's number from 0 to {len(self.steps) - 1}, not {index}"
            )
        return index

    @traitlets.validate("step")
    def _check_step(self, proposal: dict[str, Any]) -> int:
        step = int(proposal["value"])
        if step not in self.steps:
            nearest = min(self.steps, key=lambda known: abs(known - step), default="none")
            raise traitlets.TraitError(f"there is no checkpoint at step {step}; near it: {nearest}")
        return step

    @traitlets.validate("play_range")
    def _check_play_range(self, proposal: dict[str, Any]) -> tuple[int, ...]:
        chosen = tuple(int(index) for index in proposal["value"])
        if chosen and not (len(chosen) == 2 and 0 <= chosen[0] <= chosen[1] < len(self.steps)):
            raise traitlets.TraitError(
                "play_range must be the numbers of a first and a last checkpoint, from 0 to "
                f"{len(self.steps) - 1}, or empty; not {chosen}"
            )
        return chosen
