"""The exact regions of a network that is being trained, as a frame."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

from splineviz.display.frames import Frame
from splineviz.errors import NonFiniteValues

if TYPE_CHECKING:
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.training.live.live_training import LiveTraining


def live_frame(training: LiveTraining, plane: InputSlice, most: int) -> Frame:
    """All linear regions of a network as it is now.

    Parameters
    ----------
    training : LiveTraining
    plane : InputSlice
        Where to look.
    most : int
        How many regions to draw at most.

    Returns
    -------
    Frame

    Raises
    ------
    NonFiniteValues
        If the training has diverged; the message says so.
    TooManyRegions
        If there are more than `most`.
    """
    from splineviz.partition.enumeration import enumerate_regions

    step = training.steps
    # Small matrices are multiplied faster without a second thread. So few regions are found no
    # faster by several threads either, and the page wants a core as well.
    with _blas().limit(limits=1, user_api="blas"):
        try:
            partition = enumerate_regions(training.program(), plane, threads=1, max_regions=most)
            return Frame.from_partition(partition, step)
        except NonFiniteValues as error:
            raise NonFiniteValues(_said_diverged(step, error)) from error


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _said_diverged(step: int, error: NonFiniteValues) -> str:
    text = str(error)
    if "diverged" in text:
        return text
    return f"training diverged at step {step:,}: lower the learning rate, then reset ({text})"
