"""A program as a differentiable torch module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from splineviz.errors import InvalidArgument
from splineviz.network.interpret import Domain, interpret
from splineviz.network.layers import LAYERS
from splineviz.network.layers.layer_kind import step_params
from splineviz.network.program import OF_TORCH, Program, not_applied
from splineviz.validation.wording import shown


class ProgramModule(torch.nn.Module):
    """Runs a :class:`~splineviz.network.program.Program` in torch.

    Parameters
    ----------
    program : Program
        What to run.
    dtype : torch.dtype, optional
        The dtype of the parameters and statistics. Default: torch.float32.

    Notes
    -----
    Parameters stand at the attribute paths of the user's network (``features.3.weight``), so that
    ``state_dict()`` has the keys of ``program.state``.
    """

    def __init__(self, program: Program, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        if dtype is None:
            dtype = torch.float32
        elif not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
            raise InvalidArgument(
                "dtype must be a floating-point type of torch, such as torch.float64, not "
                f"{shown(dtype)}"
            )
        # Kept out of the module's own attributes, whose names belong to the user's network.
        object.__setattr__(self, "_splineviz_program", program)
        statistics = {
            step.params[role]
            for step in program.steps
            for role in (*LAYERS[step.kind].buffers, *step.options.get("buffers", ()))
            if role in step.params
        }
        for key, array in program.state.items():
            tensor = torch.tensor(array, dtype=dtype, device="cpu")
            *path, name = key.split(".")
            holder: torch.nn.Module = self
            for child in path:
                if child not in holder._modules:
                    setattr(holder, child, torch.nn.Module())
                holder = holder._modules[child]  # type: ignore[assignment]
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
        return interpret(Tensors(program, weights), {0: x})[program.output]


class Tensors(Domain[torch.Tensor]):
    """Batches of numbers in torch: tensors of shape (n, *shape), of one dtype.

    Parameters
    ----------
    program : Program
    weights : mapping of str to tensor
        By the keys of ``program.state``.
    """

    def __init__(self, program: Program, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__(program)
        self.weights = weights

    def affine(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply the weights and the offset."""
        step, like = self.program.steps[i], inputs[0]
        kind = LAYERS[step.kind]
        assert kind.linear is not None
        linear, offset = kind.coefficients(self._params(i, like), step.options)
        result: torch.Tensor = kind.linear(_like(linear, like), inputs, step.options)
        return result if offset is None else result + _like(offset, like)

    def activation(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply the function."""
        step = self.program.steps[i]
        activate = LAYERS[step.kind].activate
        assert activate is not None
        result: torch.Tensor = activate(self._params(i, inputs[0]), inputs, step.options)
        return result

    def opaque(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Run the operation."""
        step = self.program.steps[i]
        run = LAYERS[step.kind].opaque
        assert run is not None
        self.program.check_opaque_steps()
        # What it reads may be places or truth values, which say nothing of a weight's type.
        try:
            result: torch.Tensor = run(self._weights(i), inputs, step.options)
        except OF_TORCH as error:
            raise not_applied(i, step, error) from error
        return result

    def _params(self, i: int, like: torch.Tensor) -> dict[str, Any]:
        return {role: _like(weight, like) for role, weight in self._weights(i).items()}

    def _weights(self, i: int) -> dict[str, Any]:
        step = self.program.steps[i]
        return step_params(step.params, step.options, self.weights)


def _like(array: Any, x: torch.Tensor) -> Any:
    """Give a constant the dtype and device of a tensor."""
    if array is None or isinstance(array, torch.Tensor):
        return array
    return torch.as_tensor(array, dtype=x.dtype, device=x.device)
