"""From a torch.fx graph to the steps of a program: one sample batch is run, node by node."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from splineviz.errors import ShapeMismatch, UnsupportedLayer
from splineviz.network.following import ROOT, asks_for_shape, method, user_path
from splineviz.network.layers import row_of_function, row_of_method, row_of_module
from splineviz.network.layers.rows import (
    Call,
    Constant,
    LayerKind,
    Reader,
    Reading,
    Refused,
    Value,
)
from splineviz.network.program import Program, Step
from splineviz.network.refusals import refusal_of


def lower(graph: fx.Graph, parts: Parts, x: torch.Tensor) -> Program:
    """Make a program from a traced network.

    Parameters
    ----------
    graph : torch.fx.Graph
        The traced forward of ``parts.root``.
    parts : Parts
        Of a float64 module whose attribute :data:`ROOT` is the user's network, without hooks.
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
    lowering = _Lowering(parts, x)
    output = lowering.run(graph)
    return Program(tuple(lowering.steps), tuple(lowering.shapes), lowering.state, output)


def steps_of(
    graph: fx.Graph, parts: Parts, x: torch.Tensor
) -> tuple[tuple[Step, ...], tuple[tuple[int, ...], ...]]:
    """The steps and shapes of the program that `lower` makes, and what it raises."""
    lowering = _Lowering(parts, x)
    lowering.run(graph)
    return tuple(lowering.steps), tuple(lowering.shapes)


class Parts:
    """The modules and the weights of a network, by their names.

    Parameters
    ----------
    root : torch.nn.Module
        The module that its graph belongs to.

    Attributes
    ----------
    root : torch.nn.Module
        That module.
    modules : dict of str to torch.nn.Module
        By the targets of the graph's calls.
    paths : set of str
        Where modules stand in the user's network.
    keys : dict of int to str
        The name of each weight in the user's network, by the weight's id.
    tensors : dict of str to torch.Tensor
        The weights that are in its ``state_dict()``, by their keys there.
    fixed : set of str
        The keys of those that are buffers.
    """

    def __init__(self, root: torch.nn.Module) -> None:
        self.root = root
        self.modules = dict(root.named_modules())
        self.paths = {user_path(name) for name in self.modules}
        self.keys: dict[int, str] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        self.fixed: set[str] = set()
        stored = root.state_dict().keys()
        parameters = dict(root.named_parameters())
        for name, tensor in [*parameters.items(), *root.named_buffers()]:
            key = self.keys[id(tensor)] = user_path(name)
            if name in stored:
                self.tensors[key] = tensor
                if name not in parameters:
                    self.fixed.add(key)

    def constant(self, tensor: torch.Tensor, name: str, of_weights: bool) -> Constant:
        """What a row sees of a tensor that does not depend on the samples."""
        for key, stored in self.tensors.items():
            if tensor is stored:
                return Constant(name, tensor, key, fixed=key in self.fixed)
        for key, stored in self.tensors.items():
            shares = _memory(tensor) == _memory(stored) and tensor.dtype == stored.dtype
            if shares and stored.is_contiguous() and stored.numel() > 0:
                first = int(tensor.storage_offset() - stored.storage_offset())
                last = first + sum(
                    (size - 1) * step
                    for size, step in zip(tensor.shape, tensor.stride(), strict=True)
                )
                if first >= 0 and last < stored.numel():
                    view = (list(tensor.shape), list(tensor.stride()), first)
                    return Constant(name, tensor, key, view, fixed=key in self.fixed)
        return Constant(name, tensor, computed=of_weights)


class _Lowering:
    """The program so far, and what each node of the graph is in it.

    Attributes
    ----------
    results : dict
        What each node is when the samples are run.
    values : dict
        For each node that depends on the samples its value in the program; for one with several
        results a tuple of values, None for a result that has none.
    of_weights : set
        The nodes that depend on the network's weights, but not on the samples.
    """

    def __init__(self, parts: Parts, x: torch.Tensor) -> None:
        self.parts = parts
        self.x = x
        self.results: dict[fx.Node, Any] = {}
        self.values: dict[fx.Node, int | tuple[int | None, ...]] = {}
        self.of_weights: set[fx.Node] = set()
        self.steps: list[Step] = []
        self.shapes: list[tuple[int, ...]] = [tuple(x.shape[1:])]
        self.state: dict[str, Any] = {}
        self.names: set[str] = set()

    def run(self, graph: fx.Graph) -> int:
        """Go through the graph; returns the value that is its output."""
        output = 0
        for node in graph.nodes:
            if node.op == "placeholder":
                self.results[node] = self.x
                self.values[node] = 0
            elif node.op == "get_attr":
                self.results[node] = operator.attrgetter(node.target)(self.parts.root)
                if isinstance(self.results[node], torch.nn.Parameter):
                    self.of_weights.add(node)
            elif node.op == "output":
                output = self._output(node)
            else:
                self._call(node)
        return output

    def _output(self, node: fx.Node) -> int:
        (returned,) = node.args
        if isinstance(returned, fx.Node):
            value = self.values.get(returned)
            if isinstance(value, int):
                return value
            returned = self.results[returned]
        if isinstance(returned, torch.Tensor):
            what = "tensor that does not depend on its input"
        else:
            # torch.fx hands out its own immutable lists and dicts.
            what = type(returned).__name__.removeprefix("immutable_")
        network = getattr(self.parts.root, ROOT)
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            f"its forward returns a {what}, not one tensor computed from its input",
            "Write a module whose forward calls it and returns one tensor.",
        )

    def _call(self, node: fx.Node) -> None:
        path, kind, found, function = self._target(node)
        args, kwargs = self._arguments(node, self.results.__getitem__)
        reads_values = any(argument in self.values for argument in node.all_input_nodes)
        if not reads_values or asks_for_shape(node, args):
            self.results[node] = self._run(node, path, kind, function, args, kwargs)
            if not reads_values and self.of_weights.intersection(node.all_input_nodes):
                self.of_weights.add(node)
            return
        if self._picks_a_result(node, path, kind):
            return
        if found is None:
            refusal = refusal_of(kind)
            raise UnsupportedLayer(path, kind, refusal.why, refusal.advice)
        row, read = found
        try:
            # Before running it: a weight made by a hook is stale until the hook has run.
            params = self._params(row, function) if isinstance(function, torch.nn.Module) else {}
            versions = self._versions(node)
            result = self._run(node, path, kind, function, args, kwargs)
            self.results[node] = result
            made = self._append(node, path, kind, row, read, params)
            self.values[node] = made if isinstance(result, tuple | list) else made[0]  # type: ignore[assignment]
        except Refused as refused:
            raise UnsupportedLayer(path, kind, refused.why, refused.advice) from None
        if versions != self._versions(node):
            self._follow_mutation(node)

    def _picks_a_result(self, node: fx.Node, path: str, kind: str) -> bool:
        """Follow a call that picks one of several results, as ``x.max(1).values`` does."""
        source = node.args[0] if node.args else None
        values = self.values.get(source) if isinstance(source, fx.Node) else None
        if not isinstance(values, tuple) or node.target not in (operator.getitem, getattr):
            return False
        assert isinstance(source, fx.Node)
        results = self.results[source]
        index: Any = node.args[1]
        if node.target is getattr:
            # The fields of torch's named tuples; their order is that of the results.
            fields = [name for name in dir(type(results)) if not name.startswith("_")]
            ordered = [name for name in ("values", "indices") if name in fields]
            index = ordered.index(index) if index in ordered else len(values)
        try:
            picked = values[index]
        except (IndexError, TypeError):
            picked = None
        if picked is None:
            if not node.users:
                # As in ``largest, _ = x.max(1)``.
                self.results[node] = None
                return True
            raise UnsupportedLayer(
                path,
                kind,
                f"it picks the result {node.args[1]!r}, which is not piecewise linear in the input",
                "Use the values only, not their places.",
            )
        self.results[node] = results[index]
        self.values[node] = picked
        return True

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

    def _target(
        self, node: fx.Node
    ) -> tuple[str, str, tuple[LayerKind, Reader] | None, Callable[..., Any]]:
        """Where a node stands, the name of its kind, its row and reader, and how to run it."""
        target: Any = node.target
        if node.op == "call_module":
            module = self.parts.modules[target]
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
        if target is getattr:
            name = str(node.args[1])
            return path, name, row_of_method(name), getattr
        # F.threshold calls itself _threshold.
        kind = getattr(target, "__name__", str(target)).lstrip("_")
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
            value = self.values[node]
            if isinstance(value, int):
                return Value(value, self.shapes[value])
            return tuple(None if v is None else Value(v, self.shapes[v]) for v in value)
        result = self.results[node]
        if isinstance(result, torch.Tensor):
            name = user_path(str(node.target)) if node.op == "get_attr" else node.name
            return self.parts.constant(result, name, node in self.of_weights)
        if isinstance(result, float) and node in self.of_weights:
            raise Refused(
                "its numbers are computed from weights",
                "Pass the weight itself, as a tensor.",
            )
        return result

    def _append(
        self,
        node: fx.Node,
        path: str,
        kind: str,
        row: LayerKind,
        read: Reader,
        params: dict[str, str],
    ) -> tuple[int | None, ...]:
        """Add the steps of a call; return the values of its results."""
        result = self.results[node]
        results = result if isinstance(result, tuple | list) else (result,)
        for tensor in results:
            self._check_samples(tensor)
        module = self.parts.modules[str(node.target)] if node.op == "call_module" else None
        args, kwargs = self._arguments(node, self._argument)
        if node.target is getattr:
            args = args[:1]
        shapes = tuple(tuple(tensor.shape[1:]) for tensor in results)
        readings = read(Call(module, args, kwargs, shapes))
        name = path if module is not None else ".".join(filter(None, [path, _plain(kind)]))
        made: list[int | None] = []
        for reading, tensor, shape in zip(
            [readings] if isinstance(readings, Reading) else readings, results, shapes, strict=True
        ):
            if reading is None:
                made.append(None)
                continue
            _check_dtype(tensor)
            given, options = self._given_weights(reading, shape)
            made.append(
                self._add_step(
                    reading.kind or row.name,
                    tuple(value.index for value in reading.inputs),
                    name or kind.lower(),
                    {**params, **given},
                    options,
                    shape,
                    of_module=module is not None,
                )
            )
        return tuple(made)

    def _given_weights(
        self, reading: Reading, shape: tuple[int, ...]
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """The keys of weights given as arguments; options with those that have none."""
        params: dict[str, str] = {}
        options = dict(reading.options)
        literals = dict(options.pop("literals", {}))
        views: dict[str, Any] = {}
        for role, constant in reading.params.items():
            if constant.computed:
                raise Refused(
                    f"the constant {constant.name!r} is computed from weights in the forward",
                    "Apply the layers one after the other, or keep the result as a parameter or a "
                    "buffer.",
                )
            if constant.key is None:
                literals[role] = self._literal(constant, shape)
                continue
            params[role] = constant.key
            self.state[constant.key] = self.parts.tensors[constant.key]
            if constant.view is not None:
                size, stride, offset = constant.view
                if len(size) == len(shape) + 1 and size[0] == len(self.x) and stride[0] == 0:
                    # Expanded to the shape of a batch.
                    size, stride = size[1:], stride[1:]
                views[role] = [size, stride, offset]
        buffers = [role for role, constant in reading.params.items() if constant.fixed]
        held = {"literals": literals, "views": views, "buffers": buffers}
        return params, {**options, **{name: found for name, found in held.items() if found}}

    def _literal(self, constant: Constant, shape: tuple[int, ...]) -> Any:
        """The numbers of a tensor that is written into the network's code."""
        tensor = constant.tensor
        if tensor.ndim == len(shape) + 1 and tensor.shape[0] == len(self.x):
            # Made in the shape of a batch.
            if not bool((tensor == tensor[:1]).all()):
                raise Refused(
                    f"the constant {constant.name!r} is another for each sample",
                    "Use one constant for all samples.",
                )
            tensor = tensor[:1]
        if tensor.is_complex() or not bool(tensor.isfinite().all()):
            raise Refused(
                f"the constant {constant.name!r} is complex or not finite", "Use finite numbers."
            )
        return tensor.double().tolist()

    def _params(self, row: LayerKind, module: torch.nn.Module) -> dict[str, str]:
        """The keys of a module's weights, which become part of the program's state."""
        params = {}
        for role in (*row.params, *row.buffers):
            tensor = getattr(module, role, None)
            if tensor is None:
                continue
            key = self.parts.keys.get(id(tensor))
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
            unique in self.parts.paths and not (of_module and not count)
        ):
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        self.steps.append(Step(kind, inputs, unique, params, options))
        self.shapes.append(shape)
        return len(self.steps)

    def _check_samples(self, result: torch.Tensor) -> None:
        given, samples = tuple(result.shape), self.x.shape[0]
        if not given or given[0] != samples:
            raise Refused(
                f"it mixes the samples of a batch: from {samples} samples it makes a tensor of "
                f"shape {given}",
                "Keep the first dimension: torch.flatten(x, 1), nn.Flatten() or "
                "x.view(x.size(0), -1).",
            )
        if result.numel() == 0:
            raise Refused(
                f"it makes an empty tensor, of shape {given[1:]} for one sample", "Leave it out."
            )

    def _follow_mutation(self, node: fx.Node) -> None:
        """After an in-place call, all that shares the memory it wrote to has the new value."""
        made, written = self.values[node], self.results[node]
        assert isinstance(made, int)
        for other in [*self.values]:
            value, tensors = self.values[other], self.results[other]
            later = any(user not in self.results for user in other.users)
            if other is node or not later:
                continue
            if isinstance(value, int):
                self.values[other] = self._behind(tensors, value, written, made)
            else:
                self.values[other] = tuple(
                    None if old is None else self._behind(tensor, old, written, made)
                    for tensor, old in zip(tensors, value, strict=True)
                )

    def _behind(self, tensor: torch.Tensor, value: int, written: torch.Tensor, made: int) -> int:
        """The value of a tensor after another one was written to, which made `made`."""
        if _layout(tensor) == _layout(written):
            return made
        if not _overlap(tensor, written):
            return value
        if not (_covers(tensor, written) and tensor.is_contiguous() and written.is_contiguous()):
            raise UnsupportedLayer(
                "",
                self.steps[made - 1].name,
                "it writes in place to a part of a tensor, or to a view of it, that is read again "
                "later",
                "Use the call that returns a new tensor, such as relu(x) for relu_(x).",
            )
        shape = tuple(tensor.shape[1:])
        name = f"{self.steps[made - 1].name}.reshape"
        return self._add_step("reshape", (made,), name, {}, {"shape": list(shape)}, shape)


def _check_dtype(result: torch.Tensor) -> None:
    if result.dtype != torch.float64:
        raise Refused(
            f"it makes {result.dtype} values, but the network is run in float64",
            "Take the conversion out of the forward and convert the data before the network.",
        )


def _plain(name: str) -> str:
    """A function's name for a step: relu for relu_, add for iadd."""
    in_place = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv"}
    return in_place.get(name, name.rstrip("_"))


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _layout(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Where a tensor's numbers lie in memory."""
    return _memory(tensor), tensor.storage_offset(), tensor.shape, tensor.stride()


def _places(tensor: torch.Tensor) -> torch.Tensor:
    """The places in its memory that a tensor shows."""
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    return torch.arange(size).as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())


def _overlap(first: torch.Tensor, second: torch.Tensor) -> bool:
    if _memory(first) != _memory(second):
        return False
    return bool(torch.isin(_places(first), _places(second)).any())


def _covers(first: torch.Tensor, second: torch.Tensor) -> bool:
    return first.numel() == second.numel() and first.storage_offset() == second.storage_offset()
