"""A network as something that neighborhoods can be carried through."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Protocol

import torch

from splineviz.complexity.estimator import Estimator
from splineviz.complexity.layers import Layer, Selection, Switches
from splineviz.complexity.neighborhood import Visit
from splineviz.complexity.pushing import ModuleNeighborhoods
from splineviz.complexity.selection import Asked, Names, read_selection, selected
from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    ShapeMismatch,
    TraceMismatch,
    UnsupportedLayer,
)
from splineviz.network.program import Program
from splineviz.network.trace import trace


class Neighborhoods(Protocol):
    """What both ways of sending neighborhoods through a network can do.

    Attributes
    ----------
    method : str
        ``"program"`` or ``"module"``.
    dtypes : tuple of torch.dtype
        Those that differences are carried in: one after the other, for samples that the one
        before left uncertain.
    device : torch.device
        Where tensors are.
    """

    method: str
    dtypes: tuple[torch.dtype, ...]
    device: torch.device

    @property
    def available(self) -> list[tuple[Layer, Switches]]:
        """The activations in the order of the network, and its output."""

    @property
    def others(self) -> list[str]:
        """The names of the other things whose values can be looked at."""

    @property
    def layers(self) -> tuple[tuple[Layer, Switches], ...]:
        """The layers that are looked at."""

    def numbers_a_vertex(self, shared_frame: bool) -> int:
        """The most numbers that one vertex has at a time, but for what all samples share."""

    def watch(self, chosen: Sequence[Names]) -> Neighborhoods:
        """The same network with some layers to look at."""

    def centres(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        """What is known of samples (n, *input_shape), by number; the first axis is theirs."""

    def propagate(
        self,
        centres: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        dtype: torch.dtype,
        visit: Visit,
    ) -> None:
        """Send the vertices round samples through the network, and tell of each layer."""


def neighborhoods_in(
    model: torch.nn.Module | Program,
    input_shape: tuple[int, ...],
    device: str | torch.device | None,
    layers: Selection,
    winners: bool,
    logits: bool,
) -> Neighborhoods:
    """Find out how to carry neighborhoods through a network, and which layers to look at.

    Parameters
    ----------
    model : torch.nn.Module or Program
        The network.
    input_shape : tuple of int
        The shape of one sample.
    device : str, torch.device or None
        Where to compute; where the model is if None.
    layers, winners, logits
        As for :func:`~splineviz.complexity.local_complexity.local_complexity`.

    Returns
    -------
    Neighborhoods
        In a Program if the model is one or can be traced and the layers have names there, or else
        in the module.
    """
    place, asked = _device(model, device), read_selection(layers)
    if isinstance(model, Program):
        if model.input_shape != input_shape:
            raise ShapeMismatch(
                f"the network takes inputs of shape {model.input_shape}, but x holds inputs of "
                f"shape {input_shape}"
            )
        return _watching(Estimator(model, place), asked, winners, logits)
    try:
        traced = Estimator(trace(model, input_shape), place)
    # A hook may change values, for example, or a buffer hold a mask of infinities.
    except (UnsupportedLayer, TraceMismatch, NonFiniteValues):
        traced = None
    if traced is not None and _has_all(traced, asked):
        return _watching(traced, asked, winners, logits)
    pushed = ModuleNeighborhoods(model, input_shape, place)
    watching = _watching(pushed, asked, winners, logits, pushed.unwatched)
    if pushed.choices and (asked is None or callable(asked)):
        warnings.warn(
            "the network chooses numbers by comparisons, or other truth values, of what it "
            f"computes ({', '.join(pushed.choices)}), and where these choices change is not looked "
            "at: only activations are, such as relu, clamp and maximum. Write "
            "torch.where(x > 0, x, 0) as torch.relu(x), for example",
            stacklevel=3,
        )
    return watching


def _device(model: torch.nn.Module | Program, device: str | torch.device | None) -> torch.device:
    if device is not None:
        return _checked_device(device)
    if isinstance(model, torch.nn.Module):
        for tensor in [*model.parameters(), *model.buffers()]:
            # Others, such as mps, have no float64.
            if tensor.device.type == "cuda":
                return tensor.device
    return torch.device("cpu")


def _checked_device(device: str | torch.device) -> torch.device:
    try:
        place = torch.device(device)
        # A name may be that of a device which is not there, or has no float64 or no numbers at all.
        torch.zeros((), dtype=torch.float64, device=place).item()
    # Torch raises whatever comes: for CUDA that it was built without, AssertionError.
    except (AssertionError, ImportError, RuntimeError, TypeError) as error:
        why = str(error).partition("\n")[0]
        raise InvalidArgument(
            f"device={device!r} cannot compute in float64 here ({why}); say 'cpu', or 'cuda' where "
            "there is a GPU, or leave it out to compute where the model is"
        ) from error
    return place


def _has_all(network: Neighborhoods, asked: Asked) -> bool:
    """Whether all layers that are asked for by name have one there."""
    if asked is None or callable(asked):
        return True
    known = {*(layer.name for layer, _ in network.available), *network.others}
    return all(name in known for names in asked for name in names)


def _watching(
    network: Neighborhoods,
    asked: Asked,
    winners: bool,
    logits: bool,
    unwatched: Sequence[str] = (),
) -> Neighborhoods:
    chosen = selected(network.available, network.others, asked, winners, logits, unwatched)
    return network.watch(chosen)
