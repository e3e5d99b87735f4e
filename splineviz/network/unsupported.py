"""The refusal of opaque steps where everything must be piecewise linear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from splineviz.errors import UnsupportedLayer
from splineviz.network.plan import steps_to

if TYPE_CHECKING:
    from splineviz.network.program import Program

# Operations that networks end in and that do not change which output is the largest.
_KEEP_ORDER = frozenset({"softmax", "_softmax", "log_softmax", "_log_softmax", "sigmoid", "tanh"})


REFUSED_FUNC = (
    "torch.vmap, grad and the like call functions on tensors that stand for one sample each, so "
    "that what they compute is not seen",
    "Call layers on the whole batch: they take the samples on the first axis.",
)


def refuse_opaque(program: Program) -> None:
    """Refuse a program if an opaque step would make its regions, or maps on them, wrong.

    Raises
    ------
    UnsupportedLayer
        If an activation or the output depends on a step that is neither affine nor piecewise
        linear. It names the first of them.
    """
    if program.opaque_steps:
        wanted = [program.output, *(activation.step + 1 for activation in program.activations)]
        for i in steps_to(program, wanted):
            if i in program.opaque_steps:
                raise unsupported(program, i)


def unsupported(program: Program, i: int) -> UnsupportedLayer:
    """Make the error for an opaque step where everything must be piecewise linear."""
    step = program.steps[i]
    operation = str(step.options["operation"]).partition(".")[0]
    readers = [
        repr(activation.name)
        for activation in program.activations
        if i in steps_to(program, [activation.step + 1])
    ]
    reader = f"the activation {readers[0]}" if readers else "the output"
    advice = (
        "Put something piecewise linear in its place (ReLU, LeakyReLU, max pooling, batch "
        "normalization), or measure the network with local_complexity, which takes any layer."
    )
    if i + 1 == program.output and not readers:
        advice = "Leave it out: let the network return what goes into it."
        if operation in _KEEP_ORDER and len(program.output_shape) == 1:
            advice += f" The largest output before the {operation} is the largest behind it."
    return UnsupportedLayer(
        step.name,
        operation,
        f"it is no operation known to be affine or piecewise linear, and {reader} depends on it: "
        "there are no exact linear regions",
        advice,
    )
