"""The frame of the exact regions of a network during training."""

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
    """Compute all linear regions of the network in its current state.

    Parameters
    ----------
    training : LiveTraining
    plane : InputSlice
        The slice.
    most : int
        The most regions to draw.

    Returns
    -------
    Frame

    Raises
    ------
    NonFiniteValues
        If the training has diverged.
    TooManyRegions
        If there are more than `most`.
    """
    from splineviz.partition.enumeration import enumerate_regions

    step = training.steps
    # Small matrices are multiplied faster by one thread, and several threads do not find so few
    # regions faster. The browser needs a core as well.
    with _blas().limit(limits=1, user_api="blas"):
        try:
            partition = enumerate_regions(training.program(), plane, threads=1, max_regions=most)
            return Frame.from_partition(partition, step)
        except NonFiniteValues as error:
            raise NonFiniteValues(_divergence_text(step, error)) from error


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _divergence_text(step: int, error: NonFiniteValues) -> str:
    text = str(error)
    if "diverged" in text:
        return text
    return f"training diverged at step {step:,}: lower the learning rate, then reset ({text})"
