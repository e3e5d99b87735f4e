"""A program as a differentiable torch module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from splineviz.network.layers import LAYERS
from splineviz.network.layers.rows import step_params
from splineviz.network.program import Program, Step


class ProgramModule(torch.nn.Module):
    """Runs a :class:`~splineviz.network.program.Program` in torch.

    Parameters
    ----------
    program : Program
        What to run.
    dtype : torch.dtype, default torch.float32
        The dtype of the parameters and statistics.

    Notes
    -----
    Parameters stand at the attribute paths of the user's network (``features.3.weight``), so that
    ``state_dict()`` has the keys of ``program.state``.
    """

    def __init__(self, program: Program, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        # Kept out of the module's own attributes, whose names belong to the user's network.
        object.__setattr__(self, "_splineviz_program", program)
        statistics = {
            step.params[role]
            for step in program.steps
            for role in (*LAYERS[step.kind].buffers, *step.options.get("buffers", ()))
            if role in step.params
        }
        for key, array in program.state.items():
            tensor = torch.tensor(array, dtype=dtype or torch.float32, device="cpu")
            *path, name = key.split(".")
            holder: torch.nn.Module = self
            for part in path:
                if part not in holder._modules:
                    setattr(holder, part, torch.nn.Module())
                holder = holder._modules[part]  # type: ignore[assignment]
            if key in statistics:
                holder.register_buffer(name, tensor)
            else:
                setattr(holder, name, torch.nn.Parameter(tensor))

    def program(self) -> Program:
        """The program with the weights that this module has now, in float64."""
        program: Program = self._splineviz_program  # type: ignore[assignment]
        return program.with_state(self.state_dict())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the program on a batch of inputs of shape (n, *input_shape)."""
        program: Program = self._splineviz_program  # type: ignore[assignment]
        weights = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        return output_of(program, weights, x)


def output_of(
    program: Program, weights: Mapping[str, torch.Tensor], x: torch.Tensor
) -> torch.Tensor:
    """What a program makes in torch; parameters are those of `walk`."""
    output = x
    for i, made in walk(program, weights, x):
        if i + 1 == program.output:
            output = made
    return output


def walk(
    program: Program, weights: Mapping[str, torch.Tensor], x: torch.Tensor
) -> Iterator[tuple[int, torch.Tensor]]:
    """Run a program step by step in torch, forgetting values that no later step reads.

    Parameters
    ----------
    program : Program
        What to run.
    weights : mapping of str to tensor
        By the keys of ``program.state``.
    x : tensor (n, *input_shape)
        Inputs.

    Yields
    ------
    index : int
        The step.
    made : tensor (n, *shapes[index + 1])
        What it made.
    """
    values = {0: x}
    for i, step in enumerate(program.steps):
        inputs = [values[value] for value in step.inputs]
        values[i + 1] = _applied(step, weights, inputs)
        yield i, values[i + 1]
        for value in {*step.inputs, i + 1}:
            if program.last_use[value] <= i:
                del values[value]


def _applied(
    step: Step, weights: Mapping[str, torch.Tensor], inputs: Sequence[torch.Tensor]
) -> torch.Tensor:
    kind, like = LAYERS[step.kind], inputs[0]
    params = {
        role: _like(weight, like)
        for role, weight in step_params(step.params, step.options, weights).items()
    }
    if kind.activate is not None:
        activated: torch.Tensor = kind.activate(params, inputs, step.options)
        return activated
    if kind.opaque is not None:
        ran: torch.Tensor = kind.opaque(params, inputs, step.options)
        return ran
    assert kind.linear is not None
    linear, offset = kind.coefficients(params, step.options)
    made: torch.Tensor = kind.linear(_like(linear, like), inputs, step.options)
    return made if offset is None else made + _like(offset, like)


def _like(array: Any, x: torch.Tensor) -> Any:
    """Numbers that are no weights are numpy arrays."""
    if array is None or isinstance(array, torch.Tensor):
        return array
    return torch.as_tensor(array, dtype=x.dtype, device=x.device)
