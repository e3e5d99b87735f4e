"""A program as a differentiable torch module."""

from __future__ import annotations

from typing import Any

import torch

from splineviz.network.layers import LAYERS
from splineviz.network.layers.rows import step_params
from splineviz.network.program import Program


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
        values = [x]
        for step in program.steps:
            kind = LAYERS[step.kind]
            inputs = [values[value] for value in step.inputs]
            params = {
                role: _like(weight, x)
                for role, weight in step_params(step.params, step.options, weights).items()
            }
            if kind.activate is not None:
                values.append(kind.activate(params, inputs, step.options))
            elif kind.linear is not None:
                linear, offset = kind.coefficients(params, step.options)
                made = kind.linear(_like(linear, x), inputs, step.options)
                values.append(made if offset is None else made + _like(offset, x))
        return values[program.output]


def _like(array: Any, x: torch.Tensor) -> Any:
    """Numbers that are no weights are numpy arrays."""
    if array is None or isinstance(array, torch.Tensor):
        return array
    return torch.as_tensor(array, dtype=x.dtype, device=x.device)
