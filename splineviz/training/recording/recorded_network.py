"""The network of a recording: read at each checkpoint, and compared with what was traced of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import (
    InvalidProgram,
    NetworkChanged,
    ShapeMismatch,
    SplinevizError,
    TraceMismatch,
    UnknownName,
    UnsupportedLayer,
)
from splineviz.training.recording.weights import as_arrays

if TYPE_CHECKING:
    import torch

    from splineviz.network.program import Program
    from splineviz.network.tracing.lowering.graph_lowering import Lowered
    from splineviz.network.tracing.module_state import Surroundings
    from splineviz.network.tracing.start_module import Start

_ADVICE = "A run records one network: record the changed one into another folder"
_MOST_LISTED = 4


class RecordedNetwork:
    """Reads a network in training so that what is read computes what the network computes.

    Parameters
    ----------
    model : torch.nn.Module
        The network, in any mode, dtype and on any device. It stays as it is.
    traced : Lowered
        What was traced of it, and how that program's weights follow from the network's.
    dtype : {"float16", "float32", "float64"}
        The type to read weights in.
    samples : array of shape (n, *input_shape), optional
        Inputs that occur in training.
    start : Start, optional
        Where in the network the program begins. Default: with the network's own input.

    Attributes
    ----------
    program : Program
        What was traced of it last; its weights are those at that time.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        traced: Lowered,
        dtype: str,
        samples: npt.NDArray[Any] | None = None,
        start: Start | None = None,
    ) -> None:
        from splineviz.network.tracing.agreement import inputs_for
        from splineviz.network.tracing.module_state import surroundings_of

        program = traced.program
        self.program = self._first = program
        self._folding, self._roundings = traced.folding, traced.roundings
        self._model, self._start = model, start
        self._dtype = dtype
        self._shapes = {name: array.shape for name, array in program.state.items()}
        # Masks, which only torch reads.
        self._infinite = {name for name, array in program.state.items() if np.isinf(array).any()}
        self._inputs = inputs_for(program, samples)
        self._surroundings = surroundings_of(model)

    def resume(self, graph: Mapping[str, Any]) -> None:
        """Go on with the network of an earlier recording.

        Parameters
        ----------
        graph : mapping
            That network, as ``Program.to_json()`` gives it. Its constants may have other values.

        Raises
        ------
        NetworkChanged
            If it differs in more than the values of weights and constants.
        """
        from splineviz.network.program import Program

        try:
            first = Program.from_json(graph, self.program.state)
        except (InvalidProgram, ShapeMismatch, UnknownName) as error:
            raise NetworkChanged(str(error)) from error
        differences = _changes(first, self.program)
        if differences:
            raise NetworkChanged(differences)
        self._first = first

    def read(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, dict[str, Any]]]:
        """Read the network as it is now.

        Returns
        -------
        weights : dict of str to array
            As `as_arrays` gives them.
        options : dict of str to dict
            The options of the steps whose constants differ from those of the first network, by the
            names of the steps.

        Raises
        ------
        NetworkChanged
            If it has changed in another way than in the values of weights and constants.
        NonFiniteValues
            If a weight is NaN or infinite, or too large for the type, or the network overflows.
        UnsupportedLayer
            If it can no longer be copied.
        """
        from splineviz.network.tracing.changes import changed_options
        from splineviz.network.tracing.module_state import surroundings_of

        now = surroundings_of(self._model)
        weights, mismatch = self._read()
        # A change beside the weights may not show in the outputs yet, as after a gate that is 0.
        if mismatch is not None or now != self._surroundings:
            self.program = self._traced_again(now)
            weights, mismatch = self._read()
        if mismatch is not None:
            raise self._unexplained(mismatch, now)
        self._surroundings = now
        return weights, changed_options(self._first, self.program)

    def _read(self) -> tuple[dict[str, npt.NDArray[Any]], SplinevizError | None]:
        """The weights, and how the network differs from the program with them."""
        import torch

        from splineviz.network.torch_modules.model_copy import float64_copy
        from splineviz.network.torch_modules.running import made_on, untouched_random_state
        from splineviz.network.tracing.agreement import check_agreement
        from splineviz.network.tracing.start_module import start_behind

        with (
            untouched_random_state(),
            made_on("cpu"),
            torch.inference_mode(False),
            torch.no_grad(),
        ):
            network = float64_copy(self._model)
            # Before it runs: a forward may write to buffers.
            tensors = self._weights_of(network)
            weights = as_arrays(tensors, self._shapes, self._dtype, self._infinite)
            try:
                if self._start is not None:
                    start_behind(network, self._start)
                check_agreement(self.program, tensors, network, self._inputs, self._roundings)
            except (ShapeMismatch, TraceMismatch, UnknownName, UnsupportedLayer) as error:
                return weights, error
        return weights, None

    def _weights_of(self, network: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Read the weights of the program from a copy of the network."""
        try:
            return self._folding.weights_of(network)
        except KeyError as error:
            raise NetworkChanged(
                f"the network no longer has the parameter {error} it had when the recording "
                "began. A run records one network"
            ) from error

    def _traced_again(self, now: Surroundings) -> Program:
        from splineviz.network.tracing.trace import traced

        try:
            now_traced = traced(self._model, self._start or self.program.input_shape)
        except SplinevizError as error:
            raise self._unexplained(error, now) from error
        differences = _changes(self.program, now_traced.program)
        if differences:
            raise NetworkChanged(f"the network has changed: {differences}. {_ADVICE}")
        self._folding, self._roundings = now_traced.folding, now_traced.roundings
        return now_traced.program

    def _unexplained(self, error: SplinevizError, now: Surroundings) -> NetworkChanged:
        from splineviz.network.tracing.module_state import changed_places

        places = changed_places(self._surroundings, now)
        return NetworkChanged(
            f"the network has changed{f' ({_some(places)})' if places else ''}, and can no longer "
            f"be replayed: {str(error).rstrip('.')}. {_ADVICE}"
        )


def _changes(old: Program, new: Program) -> str:
    from splineviz.network.tracing.changes import changes

    return _some(changes(old, new))


def _some(phrases: Sequence[str]) -> str:
    more = len(phrases) - _MOST_LISTED
    return "; ".join(phrases[:_MOST_LISTED]) + (f"; and {more} more" if more > 0 else "")
