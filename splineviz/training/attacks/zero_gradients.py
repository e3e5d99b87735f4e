"""Where an attack had no gradient to follow, and what in a network may be to blame.

A zero gradient says nothing of robustness. It is honest where a network is constant, as one of
ReLUs is where the neurons of a layer are off. It is not where a function that saturates or rounds
hides what the numbers in front of it would do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from splineviz.errors import ZeroGradients

_SATURATES = (
    "attack the outputs in front of it (the logits), without it. At the end of a network it does "
    "not change which output is largest"
)
_ROUNDS = (
    "take it out of the network that is attacked, or give it the gradient of the identity: "
    "x + (f(x) - x).detach()"
)
# By the names of functions, methods and modules of torch, in lower case without underscores: what
# has a derivative of zero, exactly or rounded, where it is not constant nearby.
_TO_BLAME = {
    **dict.fromkeys(
        (
            *("softmax", "softmin", "gumbelsoftmax", "sigmoid", "expit", "tanh", "erf", "atan"),
            *("arctan", "hardsigmoid", "hardtanh", "relu6", "clamp", "clip", "clampmax"),
            *("softsign", "minimum", "exp"),
        ),
        _SATURATES,
    ),
    **dict.fromkeys(
        (
            *("round", "floor", "ceil", "trunc", "fix", "frac", "sign", "sgn", "heaviside"),
            *("hardshrink", "bucketize", "searchsorted", "argmax", "argmin", "onehot"),
            *("gt", "lt", "ge", "le", "eq", "ne", "greater", "less", "greaterequal", "lessequal"),
            *("long", "int", "short", "char", "byte", "bool", "floordivide", "quantizeperchannel"),
            *("quantizepertensor", "dequantize"),
        ),
        _ROUNDS,
    ),
    **dict.fromkeys(("detach", "data"), "take it out, so that the gradient passes"),
}
_CROSS_ENTROPY = (
    "the gradient of the cross-entropy rounds to zero where outputs lie far apart. Use the loss "
    "'margin'"
)
_HALF = "numbers in half precision are small soon. Convert the network with float()"
_UNKNOWN = (
    "yet its outputs are not constant there. Raise restarts or eps, or look for what cuts the "
    "gradient off in its forward"
)


@dataclass(frozen=True, eq=False)
class Standstill:
    """At which samples an attack had no gradient, for one eps.

    Attributes
    ----------
    eps : float
    samples : bool tensor (n,)
        Those that are right at every point the attack came to, where it found a gradient of zero at
        the end from each start, so that it stood still.
    varied : bool tensor (n,)
        Where margins were not the same at all those points, or at some random ones of the ball.
    right : int
        How many samples are right at every point.
    """

    eps: float
    samples: torch.Tensor
    varied: torch.Tensor
    right: int


def warn_of_zero_gradients(
    standstills: list[Standstill],
    network: torch.nn.Module,
    sample: torch.Tensor,
    losses: Sequence[str],
) -> None:
    """Warn if an attack stood still at samples around which a network is not known to be constant.

    Parameters
    ----------
    standstills : list of Standstill
        One for each eps. The warning is about the one with the most samples.
    network : torch.nn.Module
    sample : tensor (1, *input_shape)
        An input, to see what the network calls.
    losses : sequence of str
        The names of what was maximized.

    Warns
    -----
    ZeroGradients
    """
    most = max(standstills, key=lambda one: int(one.samples.sum()), default=None)
    if most is None or not bool(most.samples.any()):
        return
    called = _called(network, sample)
    blamed = {name: _TO_BLAME[name] for name in called if name in _TO_BLAME}
    if blamed:
        why = "The network calls " + "; and ".join(
            f"{' and '.join(called[name] for name in blamed if blamed[name] is advice)}: {advice}"
            for advice in dict.fromkeys(blamed.values())
        )
    elif set(losses) == {"cross-entropy"}:
        why = f"With this loss, {_CROSS_ENTROPY}"
    elif sample.dtype in (torch.float16, torch.bfloat16):
        why = f"The network computes in {str(sample.dtype).removeprefix('torch.')}, and {_HALF}"
    else:
        hidden = [replace(one, samples=one.samples & one.varied) for one in standstills]
        most = max(hidden, key=lambda one: int(one.samples.sum()))
        if not bool(most.samples.any()):
            return
        why = f"The network calls nothing that is known to saturate or to round, {_UNKNOWN}"
    samples = most.samples.cpu().numpy()
    warnings.warn(
        ZeroGradients(
            f"the attack had no gradient to follow at {samples.sum()} of the {most.right} samples "
            f"that are right after it (eps {most.eps:.4g}): they may look robust without being so. "
            f"{why}",
            samples,
        ),
        stacklevel=6,
    )


def _called(network: torch.nn.Module, sample: torch.Tensor) -> Mapping[str, str]:
    """What a network calls of torch: names as in the table above, and as they are written."""
    names: dict[str, str] = {}

    class Listen(TorchFunctionMode):
        def __torch_function__(
            self,
            func: Callable[..., Any],
            types: Any,
            args: tuple[Any, ...] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            name = getattr(func, "__name__", "")
            if name == "__get__":
                name = getattr(getattr(func, "__self__", None), "__name__", "")
            names.setdefault(name.replace("_", "").lower(), name.strip("_"))
            return func(*args, **(kwargs or {}))

    with torch.no_grad(), Listen():
        network(sample.clone())
    return names
