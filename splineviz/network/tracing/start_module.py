"""A network whose input is what one of its modules makes, such as its embedding."""

from __future__ import annotations

from typing import Any

import torch

from splineviz.errors import UnknownName, UnsupportedLayer
from splineviz.network.model_copy import run_copy


def start_behind(
    network: torch.nn.Module, start: str, tokens: torch.Tensor | None
) -> tuple[int, ...]:
    """Make a network take what one of its modules makes, in place of its own input.

    Parameters
    ----------
    network : torch.nn.Module
        A copy in eval mode; it is changed.
    start : str
        The path of the module in it.
    tokens : tensor of shape (n, *shape) or None
        Inputs that the network took so far, of which the first is kept: what is before the module,
        or beside it, is made from that.

    Returns
    -------
    tuple of int
        The shape of what the module makes for one sample.

    Raises
    ------
    UnknownName
        If the network has no such module.
    UnsupportedLayer
        If there are no inputs, or the module is not called once, with one tensor as its result.
    """
    modules = dict(network.named_modules())
    if not isinstance(start, str) or start not in modules or not start:
        raise UnknownName("module", str(start), [name for name in modules if name])
    module = modules[start]
    if tokens is None:
        raise UnsupportedLayer(
            start,
            type(module).__name__,
            "what comes before it is run once, and no input is given for that",
            "Pass a batch of inputs as the example, such as tokens of shape (1, length).",
        )
    if tokens.is_floating_point():
        tokens = tokens.double()
    met: list[Any] = []
    handle = module.register_forward_hook(lambda module, args, made: met.append(made))
    try:
        run_copy(network, tokens[:1])
    finally:
        handle.remove()
    if len(met) != 1 or not isinstance(met[0], torch.Tensor) or not met[0].is_floating_point():
        raise UnsupportedLayer(
            start,
            type(module).__name__,
            f"it is called {len(met)} times, or does not return one tensor of real numbers",
            "Start behind a module that is called once and returns one tensor.",
        )
    behind = _Behind(network.forward, tokens[:1])
    module.register_forward_hook(behind.instead)
    network.forward = behind
    return tuple(met[0].shape[1:])


class _Behind:
    """The forward of such a network, and the hook that gives its module's result."""

    def __init__(self, forward: Any, tokens: torch.Tensor) -> None:
        self.forward, self.tokens = forward, tokens
        self.given: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> Any:
        self.given = x
        try:
            return self.forward(self.tokens.expand(len(x), *self.tokens.shape[1:]))
        finally:
            self.given = None

    def instead(self, module: torch.nn.Module, args: Any, made: Any) -> Any:
        return self.given
