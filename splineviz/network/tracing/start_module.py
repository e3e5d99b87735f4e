"""A network whose input is what one of its modules makes, such as its embedding."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from splineviz.errors import UnknownName, UnsupportedLayer
from splineviz.network.torch_modules.running import run_copy


class Start(NamedTuple):
    """Where in a network a program begins.

    Attributes
    ----------
    module : str
        The path of the module whose result is the program's input.
    inputs : tensor of shape (1, *shape) or None
        An input that the network takes: what is before the module, or beside it, is made from that.
    """

    module: str
    inputs: torch.Tensor | None


def start_behind(network: torch.nn.Module, start: Start) -> tuple[int, ...]:
    """Make a network take the output of one of its modules in place of its own input.

    Parameters
    ----------
    network : torch.nn.Module
        A copy in eval mode; it is changed.
    start : Start

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
    ShapeMismatch
        If the network does not take such inputs.
    """
    path, tokens = start
    modules = dict(network.named_modules())
    if not isinstance(path, str) or path not in modules or not path:
        raise UnknownName("module", path, [name for name in modules if name])
    module = modules[path]
    if tokens is None:
        raise UnsupportedLayer(
            path,
            type(module).__name__,
            "what comes before it is run once, and no input is given for that",
            "Pass a batch of inputs as the example, such as tokens of shape (1, length).",
        )
    if tokens.is_floating_point():
        tokens = tokens.double()
    met: list[Any] = []
    handle = module.register_forward_hook(lambda module, args, result: met.append(result))
    try:
        run_copy(network, tokens)
    finally:
        handle.remove()
    if len(met) != 1 or not isinstance(met[0], torch.Tensor) or not met[0].is_floating_point():
        raise UnsupportedLayer(
            path,
            type(module).__name__,
            f"it is called {len(met)} times, or does not return one tensor of real numbers",
            "Start behind a module that is called once and returns one tensor.",
        )
    behind = _Behind(network.forward, tokens)
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

    def instead(self, module: torch.nn.Module, args: Any, result: Any) -> Any:
        return self.given
