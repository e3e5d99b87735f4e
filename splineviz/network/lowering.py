"""From a torch.fx graph to the steps of a program: one sample batch is run, node by node."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from splineviz.errors import ShapeMismatch, UnsupportedLayer
from splineviz.network.following import ROOT, asks_for_sizes, method, user_path
from splineviz.network.layers import (
    Call,
    Constant,
    LayerKind,
    Refused,
    Value,
    row_of_function,
    row_of_method,
    row_of_module,
)
from splineviz.network.program import Program, Step
from splineviz.network.refusals import refusal_of


def lower(graph: fx.Graph, root: torch.nn.Module, x: torch.Tensor) -> Program:
    """Make a program from a traced network.

    Parameters
    ----------
    graph : torch.fx.Graph
        The traced forward of ``root``.
    root : torch.nn.Module
        A float64 module whose attribute :data:`ROOT` is the user's network, without hooks.
    x : torch.Tensor of shape (n, *input_shape), float64
        Samples to run; in-place layers may write to it.

    Returns
    -------
    Program

    Raises
    ------
    UnsupportedLayer
        If a call has no row, or mixes samples.
    ShapeMismatch
        If a call fails on these samples.
    NonFiniteValues
        If a weight is NaN or infinite.
    """
    return _Lowering(root, x).run(graph)


class _Lowering:
    """The program so far, and what each node of the graph is in it."""

    def __init__(self, root: torch.nn.Module, x: torch.Tensor) -> None:
        self.root = root
        self.x = x
        self.results: dict[fx.Node, Any] = {}
        self.values: dict[fx.Node, int] = {}
        self.steps: list[Step] = []
        self.shapes: list[tuple[int, ...]] = [tuple(x.shape[1:])]
        self.state: dict[str, Any] = {}
        self.keys: dict[int, str] = {}
        for name, tensor in [*root.named_parameters(), *root.named_buffers()]:
            self.keys[id(tensor)] = user_path(name)
        self.module_paths = {user_path(name) for name, _ in root.named_modules()}
        self.names: set[str] = set()

    def run(self, graph: fx.Graph) -> Program:
        output = 0
        for node in graph.nodes:
            if node.op == "placeholder":
                self.results[node] = self.x
                self.values[node] = 0
            elif node.op == "get_attr":
                self.results[node] = operator.attrgetter(node.target)(self.root)
            elif node.op == "output":
                output = self._output(node)
            else:
                self._call(node)
        return Program(tuple(self.steps), tuple(self.shapes), self.state, output)

    def _output(self, node: fx.Node) -> int:
        (returned,) = node.args
        if isinstance(returned, fx.Node):
            if returned in self.values:
                return self.values[returned]
            returned = self.results[returned]
        if isinstance(returned, torch.Tensor):
            what = "tensor that does not depend on its input"
        else:
            # torch.fx hands out its own immutable lists and dicts.
            what = type(returned).__name__.removeprefix("immutable_")
        network = getattr(self.root, ROOT)
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            f"its forward returns a {what}, not one tensor computed from its input",
            "Write a module whose forward calls it and returns one tensor.",
        )

    def _call(self, node: fx.Node) -> None:
        path, kind, row, function = self._target(node)
        args, kwargs = self._arguments(node, self.results.__getitem__)
        reads_values = any(argument in self.values for argument in node.all_input_nodes)
        if not reads_values or asks_for_sizes(node, args):
            self.results[node] = self._run(node, path, kind, function, args, kwargs)
            return
        if row is None:
            refusal = refusal_of(kind)
            raise UnsupportedLayer(path, kind, refusal.why, refusal.advice)
        try:
            # Before running it: a weight made by a hook is stale until the hook has run.
            params = self._params(row, function) if isinstance(function, torch.nn.Module) else {}
            versions = self._versions(node)
            result = self._run(node, path, kind, function, args, kwargs)
            self.results[node] = result
            self._check_result(result)
            shape = tuple(result.shape[1:])
            self.values[node] = self._append(node, path, kind, row, params, shape)
        except Refused as refused:
            raise UnsupportedLayer(path, kind, refused.why, refused.advice) from None
        if versions != self._versions(node):
            self._follow_mutation(node)

    def _versions(self, node: fx.Node) -> list[int]:
        """How often each tensor that a node reads has been written to."""
        tensors = [self.results[argument] for argument in node.all_input_nodes]
        return [tensor._version for tensor in tensors if isinstance(tensor, torch.Tensor)]

    def _run(
        self,
        node: fx.Node,
        path: str,
        kind: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            layer = repr(function) if isinstance(function, torch.nn.Module) else kind
            where = f"at {path!r}" if path else "at the top of the network"
            given = [
                str(tuple(self.results[argument].shape[1:]))
                for argument in node.all_input_nodes
                if argument in self.values
            ]
            raise ShapeMismatch(
                f"the network cannot take inputs of shape {self.shapes[0]}: {layer} {where} fails "
                f"on values of shape {' and '.join(given) or 'none'} for one sample ({error})"
            ) from error

    def _target(self, node: fx.Node) -> tuple[str, str, LayerKind | None, Callable[..., Any]]:
        """Where a node stands, the name of its kind, its row, and how to run it."""
        target: Any = node.target
        if node.op == "call_module":
            module = self.root.get_submodule(target)
            return (
                user_path(target),
                type(module).__name__,
                row_of_module(module),
                module,
            )
        modules = [*(node.meta.get("nn_module_stack") or {}).values()]
        path = user_path(modules[-1][0]) if modules else ""
        if node.op == "call_method":
            return path, target, row_of_method(target), method(target)
        kind = getattr(target, "__name__", str(target))
        return path, kind, row_of_function(target), target

    def _arguments(
        self, node: fx.Node, of_node: Callable[[fx.Node], Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args: Any = fx.node.map_arg(node.args, of_node)
        kwargs: Any = fx.node.map_arg(dict(node.kwargs), of_node)
        return tuple(args), dict(kwargs)

    def _argument(self, node: fx.Node) -> Any:
        """What a row sees of an argument."""
        if node in self.values:
            index = self.values[node]
            return Value(index, self.shapes[index])
        if isinstance(self.results[node], torch.Tensor):
            return Constant(user_path(str(node.target)) if node.op == "get_attr" else node.name)
        return self.results[node]

    def _append(
        self,
        node: fx.Node,
        path: str,
        kind: str,
        row: LayerKind,
        params: dict[str, str],
        shape: tuple[int, ...],
    ) -> int:
        module = self.root.get_submodule(str(node.target)) if node.op == "call_module" else None
        args, kwargs = self._arguments(node, self._argument)
        reading = row.read(Call(module, args, kwargs, shape))
        name = path if module is not None else ".".join(filter(None, [path, _plain(kind)]))
        return self._add_step(
            reading.kind or row.name,
            tuple(value.index for value in reading.inputs),
            name or kind.lower(),
            params,
            dict(reading.options),
            shape,
            of_module=module is not None,
        )

    def _params(self, row: LayerKind, module: torch.nn.Module) -> dict[str, str]:
        """The keys of a module's weights, which become part of the program's state."""
        params = {}
        for role in (*row.params, *row.buffers):
            tensor = getattr(module, role, None)
            if tensor is None:
                continue
            key = self.keys.get(id(tensor))
            if key is None:
                raise Refused(
                    f"its {role} is computed from other weights by a hook or a parametrization",
                    "Make it a plain parameter with torch.nn.utils.parametrize."
                    "remove_parametrizations, torch.nn.utils.prune.remove or "
                    "torch.nn.utils.remove_weight_norm.",
                )
            params[role] = key
            self.state[key] = tensor
        return params

    def _add_step(
        self,
        kind: str,
        inputs: tuple[int, ...],
        name: str,
        params: dict[str, str],
        options: dict[str, Any],
        shape: tuple[int, ...],
        of_module: bool = False,
    ) -> int:
        unique, count = name, 0
        while unique in self.names or (
            unique in self.module_paths and not (of_module and not count)
        ):
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        self.steps.append(Step(kind, inputs, unique, params, options))
        self.shapes.append(shape)
        return len(self.steps)

    def _check_result(self, result: torch.Tensor) -> None:
        given, samples = tuple(result.shape), self.x.shape[0]
        if not given or given[0] != samples:
            raise Refused(
                f"it mixes the samples of a batch: from {samples} samples it makes a tensor of "
                f"shape {given}",
                "Keep the first dimension: torch.flatten(x, 1), nn.Flatten() or "
                "x.view(x.size(0), -1).",
            )
        if result.dtype != torch.float64:
            raise Refused(
                f"it makes {result.dtype} values",
                "Take the conversion out of the forward and convert the data before the network.",
            )

    def _follow_mutation(self, node: fx.Node) -> None:
        """After an in-place call, all that shares the memory it wrote to has the new value."""
        made = self.values[node]
        written = self.results[node]
        for other in [*self.values]:
            tensor = self.results[other]
            if other is node or _memory(tensor) != _memory(written):
                continue
            if tensor.shape == written.shape:
                self.values[other] = made
            elif any(user not in self.results for user in other.users):
                shape = tuple(tensor.shape[1:])
                name = f"{self.steps[made - 1].name}.reshape"
                self.values[other] = self._add_step(
                    "reshape", (made,), name, {}, {"shape": list(shape)}, shape
                )


def _plain(name: str) -> str:
    """A function's name for a step: relu for relu_, add for iadd."""
    return "add" if name == "iadd" else name.rstrip("_")


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
