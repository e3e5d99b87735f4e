"""program_of: the program of a network, for functions that take a network or its program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from splineviz.errors import ShapeMismatch
from splineviz.network.program import Program
from splineviz.network.unsupported import refuse_opaque

if TYPE_CHECKING:
    import torch


def program_of(
    model: torch.nn.Module | Program, input_shape: tuple[int, ...], inputs: str
) -> Program:
    """Trace a network for inputs of some shape, or check that a program takes them.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A Program needs no torch.
    input_shape : tuple of int
        The shape of one input.
    inputs : str
        What has that shape, for the error: "x holds inputs", "the slice goes through inputs".

    Returns
    -------
    Program

    Raises
    ------
    ShapeMismatch
        If the network takes inputs of another shape.
    UnsupportedLayer, TraceMismatch, NonFiniteValues
        If the network cannot be traced; see :func:`~splineviz.trace`.
    """
    if isinstance(model, Program):
        check_input_shape(model, input_shape, inputs)
        return model
    from splineviz.network.tracing.trace import trace

    return trace(model, input_shape)


def piecewise_linear_program(
    model: torch.nn.Module | Program, input_shape: tuple[int, ...], inputs: str
) -> Program:
    """Return the program of a network whose regions are to be exact.

    Parameters
    ----------
    model, input_shape, inputs
        As for :func:`program_of`.

    Raises
    ------
    UnsupportedLayer
        Also if an activation or the output depends on a step that is neither affine nor piecewise
        linear.
    ShapeMismatch, TraceMismatch, NonFiniteValues
        As for :func:`program_of`.
    """
    program = program_of(model, input_shape, inputs)
    refuse_opaque(program)
    return program


def check_input_shape(program: Program, input_shape: tuple[int, ...], inputs: str) -> None:
    """Raise ShapeMismatch unless a program takes inputs of a shape."""
    if program.input_shape != input_shape:
        raise ShapeMismatch(
            f"the network takes inputs of shape {program.input_shape}, but {inputs} of shape "
            f"{input_shape}"
        )
