"""The graph of the calls that a network's forward makes, found with torch.fx."""

from __future__ import annotations

import operator
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import fx

from splineviz.errors import UnsupportedLayer
from splineviz.network.layers import row_of_module
from splineviz.network.refusals import MEASURE_LC, REFUSED_FUNC

ROOT = "network"
"""The attribute of the root module of a graph that holds the user's network."""

# What may be asked about a tensor without looking at its numbers.
_SHAPE_METHODS = (
    *("size", "dim", "ndimension", "numel", "nelement", "get_device", "is_floating_point"),
    *("new_zeros", "new_ones", "new_full", "new_tensor"),
)
_SHAPE_ATTRIBUTES = ("shape", "ndim", "dtype", "device", "is_cuda", "requires_grad")
_SHAPE_FUNCTIONS = (torch.zeros_like, torch.ones_like, torch.full_like, torch.numel)

# A decision by the input's shape is followed only if it is the same for all these batch sizes.
_BATCH_SIZES = (1, 2, 3, 64)

# torch.fx replaces what calls of modules do in all threads, so only one of them may follow.
_FOLLOWING = threading.RLock()


def follow(
    network: torch.nn.Module, input_shape: tuple[int, ...]
) -> tuple[fx.Graph, torch.nn.Module]:
    """Find the calls of a network's forward.

    Parameters
    ----------
    network : torch.nn.Module
        A network without hooks.
    input_shape : tuple of int
        The shape of one sample; decisions that the forward makes by it are followed.

    Returns
    -------
    graph : torch.fx.Graph
        The calls: of the modules that have a row in the table of layer kinds, of torch's own
        modules, and of functions and methods.
    root : torch.nn.Module
        The module that the graph belongs to; its attribute :data:`ROOT` is ``network``.

    Raises
    ------
    UnsupportedLayer
        If torch.fx cannot follow the forward.
    """
    root = _OneInput(network)
    lengths: dict[str, int | None] = {}
    tracer = _Tracer(input_shape, lengths)
    try:
        while True:
            try:
                return tracer.trace(root), root
            except _UnknownLength as unknown:
                # Once more, with what is known now: layers cannot be run while torch.fx traces.
                samples = torch.zeros((_BATCH_SIZES[-1], *input_shape), dtype=torch.float64)
                results = _run(unknown.node, samples, root, {})
                several = isinstance(results, tuple | list)
                lengths[unknown.node.name] = len(results) if several else None
                tracer = _Tracer(input_shape, lengths)
    except Exception as error:
        path = user_path(tracer.failed_at or ROOT)
        if _in_torch_func(error):
            raise UnsupportedLayer(path, "torch.func", *REFUSED_FUNC) from error
        if isinstance(error, _NotRegistered):
            raise UnsupportedLayer(
                path,
                str(error),
                "it is called, but no part of the network that torch knows of: it is made in the "
                "forward, or kept in a list, a dict or a global variable",
                "Make it in __init__ and keep it as an attribute, or in a torch.nn.ModuleList.",
            ) from error
        raise UnsupportedLayer(
            path,
            type(network.get_submodule(path)).__name__,
            f"its forward cannot be followed by torch.fx ({type(error).__name__}: {error})",
            f"{_advice(error)} {MEASURE_LC}",
        ) from error


def _advice(error: Exception) -> str:
    """What would work, where torch.fx fails with an error."""
    if "iterated" in str(error):
        return "Apply layers to the whole batch, not in a loop over a tensor."
    if "control flow" in str(error):
        return (
            "Take the decision out of the forward: only those by the shape of the network's input "
            "are followed, not by numbers or by the shape of a value inside."
        )
    if isinstance(error, TypeError) or "Proxy" in str(error):
        return (
            "The forward is run with a stand-in for the tensor, which some functions do not take. "
            "Make tensors from others, as x.new_zeros(...) does, and keep sizes, scripted "
            "functions and other libraries out of the forward."
        )
    return "The forward must take one tensor, and apply layers and functions of torch to it."


def _in_torch_func(error: Exception) -> bool:
    """Whether an error comes from what torch.func made of a function."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(
        frame.f_globals.get("__name__", "").startswith(("torch._functorch", "torch.func"))
        for frame, _ in frames
    )


def user_path(path: str) -> str:
    """A path in the user's network, from the path in the root of a graph."""
    return path.removeprefix(ROOT).removeprefix(".")


def asks_for_shape(node: fx.Node, args: tuple[Any, ...]) -> bool:
    """Whether a call looks at a tensor's shape or type only, not at its numbers."""
    if node.op == "call_method":
        return node.target in _SHAPE_METHODS
    if node.target is getattr:
        return args[1] in _SHAPE_ATTRIBUTES
    return node.target in _SHAPE_FUNCTIONS


def method(name: str) -> Callable[..., Any]:
    """A function that calls the method of that name of its first argument."""

    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(value, name)(*args, **kwargs)

    return call


class _OneInput(torch.nn.Module):
    """Calls the network with one argument, so that its other arguments take their defaults."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.add_module(ROOT, network)

    def forward(self, x: torch.Tensor) -> Any:
        return getattr(self, ROOT)(x)


class _NotRegistered(Exception):
    """A module is called that is no part of the network; the message is its type."""


class _DependsOnNumbers(Exception):
    """A decision that the shape of the network's input does not settle."""


class _Proxy(fx.Proxy):
    """Follows ``x += y`` as what it is: Python would take ``x = x + y`` for it."""

    def __iadd__(self, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", operator.iadd, (self, other), {})

    def __isub__(self, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", operator.isub, (self, other), {})

    def __imul__(self, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", operator.imul, (self, other), {})

    def __itruediv__(self, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", operator.itruediv, (self, other), {})


class _UnknownLength(Exception):
    """The forward goes through the results of a call, and nobody knows yet how many they are."""

    def __init__(self, node: fx.Node) -> None:
        super().__init__()
        self.node = node


class _Tracer(fx.Tracer):
    """Follows into modules that the user wrote, stops at those with a row and at torch's own."""

    def __init__(self, input_shape: tuple[int, ...], lengths: dict[str, int | None]) -> None:
        # Of a weight the shape is known, so that the forward may decide and count by it.
        super().__init__(param_shapes_constant=True)
        self.input_shape = input_shape
        self.lengths = lengths
        self.failed_at: str | None = None
        self.thread: int | None = None

    def trace(
        self,
        root: torch.nn.Module | Callable[..., Any],
        concrete_args: dict[str, Any] | None = None,
    ) -> fx.Graph:
        with _FOLLOWING:
            self.thread = threading.get_ident()
            try:
                return super().trace(root, concrete_args)
            finally:
                # Another user of torch.fx may put its changes back in place later.
                self.thread = None

    def _follows(self) -> bool:
        """Whether what this thread does now is part of the forward that is followed."""
        return self.thread == threading.get_ident()

    def is_leaf_module(self, m: torch.nn.Module, module_qualified_name: str) -> bool:
        return row_of_module(m) is not None or super().is_leaf_module(m, module_qualified_name)

    def path_of_module(self, mod: torch.nn.Module) -> str:
        try:
            return super().path_of_module(mod)
        except NameError as error:
            raise _NotRegistered(type(mod).__name__) from error

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Proxy(node, self)

    def call_module(
        self,
        m: torch.nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if not self._follows():
            return forward(*args, **kwargs)
        try:
            return super().call_module(m, forward, args, kwargs)
        except Exception as error:
            if self.failed_at is None and not isinstance(error, _NotRegistered):
                self.failed_at = self.path_of_module(m)
            raise

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, fx.Proxy]) -> Any:
        if not self._follows():
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def to_bool(self, obj: fx.Proxy) -> bool:
        """Settle a decision, such as ``x.dim() > 2``, by the shape of the network's input."""
        try:
            answers = {
                bool(_by_shape(obj.node, torch.empty((n, *self.input_shape), device="meta")))
                for n in _BATCH_SIZES
            }
        except _DependsOnNumbers:
            answers = set()
        return answers.pop() if len(answers) == 1 else super().to_bool(obj)

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        """Go through several results, or a shape; going through a tensor is left to torch.fx."""
        if obj.node.name not in self.lengths:
            raise _UnknownLength(obj.node)
        length = self.lengths[obj.node.name]
        if length is None:
            return super().iter(obj)
        return iter([operator.getitem(obj, i) for i in range(length)])


def _run(
    node: fx.Node, samples: torch.Tensor, root: torch.nn.Module, done: dict[fx.Node, Any]
) -> Any:
    """What a node is for some samples."""
    if node in done:
        return done[node]
    args: Any = fx.node.map_arg(node.args, lambda part: _run(part, samples, root, done))
    kwargs: Any = fx.node.map_arg(dict(node.kwargs), lambda part: _run(part, samples, root, done))
    if node.op == "placeholder":
        done[node] = samples
    elif node.op == "get_attr":
        done[node] = operator.attrgetter(str(node.target))(root)
    elif node.op == "call_module":
        done[node] = root.get_submodule(str(node.target))(*args, **kwargs)
    else:
        target: Any = node.target
        function = method(target) if node.op == "call_method" else target
        done[node] = function(*args, **kwargs)
    return done[node]


def _by_shape(node: fx.Node, x: torch.Tensor) -> Any:
    """What a node is, if that follows from the shape of the network's input."""
    if node.op == "placeholder":
        return x
    if node.op not in ("call_function", "call_method"):
        raise _DependsOnNumbers
    function: Any = method(str(node.target)) if node.op == "call_method" else node.target
    args: Any = fx.node.map_arg(node.args, lambda argument: _by_shape(argument, x))
    kwargs: Any = fx.node.map_arg(dict(node.kwargs), lambda argument: _by_shape(argument, x))
    of_tensors = any(isinstance(value, torch.Tensor) for value in [*args, *kwargs.values()])
    if of_tensors and not asks_for_shape(node, args):
        raise _DependsOnNumbers
    return function(*args, **kwargs)
