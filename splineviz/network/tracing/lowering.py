"""From the graph of an exported network to the steps of a program."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx

from splineviz.errors import UnsupportedLayer
from splineviz.network.layers import LAYERS
from splineviz.network.program import Program, Step
from splineviz.network.tracing.export import Exported, user_path
from splineviz.network.tracing.folding import Folding, Taken
from splineviz.network.tracing.graph_nodes import (
    arguments_of,
    flat,
    innermost_call,
    is_known,
    is_of_numbers,
    is_torchs_own,
    operation_of,
    picks,
    precision_of,
    tensor_of,
)
from splineviz.network.tracing.memory_views import layout, places, shares_memory
from splineviz.network.tracing.opaque_calls import Unfinished, is_random, opaque_options
from splineviz.network.tracing.operations import (
    EITHER,
    MOVING,
    OF_ONE_NUMBER,
    OPERATIONS,
    REARRANGING,
)
from splineviz.network.tracing.operations.call import (
    Call,
    Constant,
    Made,
    Reader,
    Refused,
    Shape,
    Value,
    as_value,
)
from splineviz.network.unsupported import REFUSED_FUNC

_OF_FLOAT64 = float(torch.finfo(torch.float64).eps)

# What only checks or declares something about tensors.
_CHECKS = ("_assert", "sym_constrain", "_set_grad_enabled")

# Parts of the graph that run in a mode of their own, which changes no number here.
_MODES = ("wrap_with_set_grad_enabled", "wrap_with_autocast")

# Those that leave out the axis that they go over.
_OVER_AN_AXIS = ("mean", "sum", "amax", "amin", "max", "min", "select", "unbind")

# What looks at the shape of a tensor only: of a value it is a constant.
_OF_SHAPE = [
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty",
    "sym_size",
    "sym_numel",
    "sym_stride",
]


class Lowered(NamedTuple):
    """A network as a program.

    Attributes
    ----------
    program : Program
    folding : Folding
        How its weights follow from the network's.
    precision : float
        The relative rounding of the coarsest type that the network converts values to: that of
        float64 if it converts none. The program computes in float64 throughout.
    """

    program: Program
    folding: Folding
    precision: float = _OF_FLOAT64


def lower(graph: Exported, network: torch.nn.Module, samples: int, input_shape: Shape) -> Lowered:
    """Make a program from an exported network.

    Parameters
    ----------
    graph : Exported
    network : torch.nn.Module
        What was exported: float64, on the CPU, in eval mode.
    samples : int
        How many samples it was exported with.
    input_shape : tuple of int
        The shape of one of them.

    Returns
    -------
    Lowered

    Raises
    ------
    UnsupportedLayer
        If a call mixes samples, is random, or works on what no program can hold.
    NonFiniteValues
        If a weight is NaN or infinite.
    """
    lowering = _Lowering(graph, network, samples, input_shape)
    output = lowering.run(graph.graph)
    folding = Folding.of(graph, lowering.taken)
    state = {key: tensor.detach().numpy() for key, tensor in folding.weights_of(network).items()}
    program = Program(tuple(lowering.steps), tuple(lowering.shapes), state, output)
    return Lowered(program, folding, lowering.precision)


class _Lowering:
    """The program so far, and what each node of the graph is in it.

    Attributes
    ----------
    known : dict
        For each node: a Value, a tensor or a number that does not depend on the samples, or a
        tuple of these. None is a result that only an opaque step can make.
    learned : set
        The nodes that depend on what is in the network's ``state_dict()``.
    random : set
        The nodes that depend on numbers drawn at random.
    precision : float
        The relative rounding of the coarsest type that a value is converted to.
    """

    def __init__(
        self, graph: Exported, network: torch.nn.Module, samples: int, input_shape: Shape
    ) -> None:
        self.exported, self.network, self.samples = graph, network, samples
        self.steps: list[Step] = []
        self.shapes: list[Shape] = [input_shape]
        self.known: dict[fx.Node, Any] = {}
        self.learned: set[fx.Node] = set()
        self.random: set[fx.Node] = set()
        self.taken: dict[str, Taken] = {}
        self.names: set[str] = set()
        self.modules = dict(network.named_modules())
        self.stored = network.state_dict().keys()
        self.trained = {name for name, _ in network.named_parameters(remove_duplicate=False)}
        self.first_path: dict[int, str] = {}
        for key, tensor in network.state_dict(keep_vars=True).items():
            self.first_path.setdefault(id(tensor), key)
        self.calls: dict[Any, int] = {}
        self.precision = _OF_FLOAT64

    # The graph ------------------------------------------------------------------------------------

    def run(self, graph: fx.Graph) -> int:
        """Go through the graph; returns the value that is its output."""
        self._count_calls(graph)
        for node in graph.nodes:
            if node.op == "placeholder":
                self._placeholder(node)
            elif node.op == "output":
                self.precision = max(map(precision_of, self.known))
                return self._output(node)
            elif node.op == "get_attr":
                self.known[node] = getattr(self.exported.submodules, str(node.target), None)
            else:
                self._node(node)
        raise AssertionError("a graph ends with its output")

    def _count_calls(self, graph: fx.Graph) -> None:
        """How many nodes each call of a module has made: the last takes the module's name."""
        for node in graph.nodes:
            if node.op == "get_attr":
                part = getattr(self.exported.submodules, str(node.target), None)
                if isinstance(part, fx.GraphModule):
                    self._count_calls(part.graph)
            if node.op == "call_function" and node.target is not operator.getitem:
                self.calls[innermost_call(node)] = self.calls.get(innermost_call(node), 0) + 1

    def _placeholder(self, node: fx.Node) -> None:
        name = str(node.target)
        if name in self.exported.constants:
            # A copy: what the forward writes into it is no change of the network.
            self.known[node] = self.exported.constants[name].clone()
        elif name in self.exported.paths:
            path = self.exported.paths[name]
            self.known[node] = operator.attrgetter(path)(self.network).detach().clone()
            if path in self.stored:
                self.learned.add(node)
        else:
            self.known[node] = Value(0, self.shapes[0])

    def _output(self, node: fx.Node) -> int:
        returned = node.args[0]
        spec = returned[0] if isinstance(returned, tuple | list) and returned else None
        value = self.known.get(spec) if isinstance(spec, fx.Node) else None
        if isinstance(value, Value) and value.floating:
            return value.index
        if isinstance(value, Unfinished):
            lost = value.first.node
            try:
                for result in self._results(lost):
                    self._check(result)
            except Refused as refused:
                raise self._unsupported(lost, refused.why, refused.advice) from None
        raise UnsupportedLayer(
            "",
            type(self.network).__name__,
            "its forward returns a tensor that does not depend on its input, or no real numbers",
            "Write a module whose forward calls it and returns one tensor.",
        )

    def _node(self, node: fx.Node) -> None:
        target: Any = node.target
        if target is not operator.getitem and innermost_call(node):
            self.calls[innermost_call(node)] -= 1
        if target is operator.getitem:
            source, place = node.args
            self.known[node] = self.known[source][place]  # type: ignore[index]
            if source in self.learned:
                self.learned.add(node)
            return
        name = operation_of(target)
        if name.startswith(_CHECKS):
            self.known[node] = None
            return
        if name in _MODES:
            self._inline(node)
            return
        if not (isinstance(target, torch._ops.OpOverload) or is_of_numbers(target)):
            # Never run: what torch.func leaves in a graph changes the state of the process.
            path, _ = self._place(node)
            raise UnsupportedLayer(path, "torch.func", *REFUSED_FUNC)
        reads = [value for value in node.all_input_nodes if self._is_value(value)]
        arguments = arguments_of(node) if isinstance(target, torch._ops.OpOverload) else {}
        first = next(iter(arguments.values()), None)
        of_shape = name in _OF_SHAPE or (
            name.endswith("_as") and isinstance(first, fx.Node) and not self._is_value(first)
        )
        if not reads or of_shape:
            self._constant(node, arguments)
        else:
            self._step(node, name, arguments)

    def _inline(self, node: fx.Node) -> None:
        """Go through a part of the graph that runs in a mode of its own."""
        nodes = [part for part in node.args if isinstance(part, fx.Node)]
        graph = next(self.known[part] for part in nodes if part.op == "get_attr").graph
        given = iter(part for part in nodes if part.op != "get_attr")
        for inner in graph.nodes:
            if inner.op == "placeholder":
                outer = next(given)
                self.known[inner] = self.known[outer]
                if outer in self.learned:
                    self.learned.add(inner)
            elif inner.op == "output":
                results = inner.args[0]
                made = fx.node.map_arg(results, self.known.__getitem__)
                self.known[node] = made
                if any(result in self.learned for result in flat(results)):
                    self.learned.add(node)
            else:
                self._node(inner)

    # Constants ------------------------------------------------------------------------------------

    def _constant(self, node: fx.Node, arguments: Mapping[str, Any]) -> None:
        target: Any = node.target
        if is_random(target, arguments) or self.random.intersection(node.all_input_nodes):
            self.random.add(node)
        args, kwargs = fx.node.map_arg((node.args, dict(node.kwargs)), self._real)
        self.known[node] = target(*args, **kwargs)
        if any(argument in self.learned for argument in node.all_input_nodes):
            self.learned.add(node)

    def _real(self, node: fx.Node) -> Any:
        """A constant; zeros in place of a value, of which only the shape counts."""
        known = self.known[node]
        if isinstance(known, Value):
            kind = torch.float64 if known.floating else torch.bool
            return torch.zeros((self.samples, *known.shape), dtype=kind)
        if isinstance(known, Unfinished):
            made: Any = node.meta["val"]
            return torch.zeros(made.shape, dtype=made.dtype)
        return known

    def _as_constant(self, node: fx.Node, tensor: torch.Tensor) -> Constant:
        if node in self.random:
            raise Refused(
                "it takes numbers that the forward draws at random",
                "Draw them once, and keep them as a buffer.",
            )
        path = self.exported.paths.get(str(node.target)) if node.op == "placeholder" else None
        key = path if path in self.stored else None
        taken, along = Taken(node), None
        if node.op != "placeholder" and self.samples in tensor.shape:
            # Made in the shape of a batch, if all samples have the same.
            axis = [*tensor.shape].index(self.samples)
            one = tensor.select(axis, 0)
            if bool((tensor == one.unsqueeze(axis)).all()):
                taken, tensor, along, key = Taken(node, axis), one, axis, None
        name = path or (str(node.target) if node.op == "placeholder" else node.name)
        return Constant(
            name,
            tensor.clone(),
            key,
            fixed=key is not None and key not in self.trained,
            learned=node in self.learned,
            source=taken,
            along=along,
        )

    # Steps ----------------------------------------------------------------------------------------

    def _is_value(self, node: fx.Node) -> bool:
        return any(isinstance(part, Value | Unfinished) for part in flat(self.known.get(node)))

    def _step(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> None:
        try:
            self.known[node] = self._made(node, name, arguments)
        except Refused as refused:
            raise self._unsupported(node, refused.why, refused.advice) from None
        self._follow_writing(node, name, arguments)

    def _made(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> Any:
        target: Any = node.target
        results = self._results(node)
        given = {
            key: self._argument(part)
            for key, part in arguments.items()
            # Only written to.
            if key != "out"
        }
        given = self._over_samples_first(name, given)
        read = self._reader(name, given, results)
        several = isinstance(node.meta.get("val"), list | tuple)
        axis = self._other_axis(name, given, results)
        if axis is not None:
            return self._with_samples_first(node, given, axis)
        apart = [not self._is_batch(result) for result in results] if read is None else []
        if all(apart) and apart:
            return self._unfinished(node, given, several, len(results))
        for result in results:
            if read is not None or self._is_batch(result):
                self._check(result)
        call = Call(
            name,
            given,
            tuple(tuple(int(side) for side in result.shape[1:]) for result in results),
            tuple(result.is_floating_point() for result in results),
        )
        naming = self._naming(node, name)
        made: Made = None if read is None else read(call, self._adding(call, naming))
        if isinstance(made, Value):
            return made
        # What no step says, such as the places of the largest numbers, torch makes.
        found: list[Any] = [None] * len(results) if made is None else [*made]
        for which in range(len(results)):
            last = Unfinished(target, given, node, which if several else None)
            if apart and apart[which]:
                found[which] = last
            elif found[which] is None and (
                not several or any(picks(user, which) for user in node.users)
            ):
                found[which] = self._opaque(last, call, naming)
        return tuple(found) if several else found[0]

    def _other_axis(
        self, name: str, given: Mapping[str, Any], results: Sequence[torch.Tensor]
    ) -> int | None:
        """The axis with the samples, for an activation that finds them on another than the first.

        It is to be seen as an activation, not as a part of what is done meanwhile.
        """
        if name not in OF_ONE_NUMBER or name == "glu":
            return None
        if not isinstance(next(iter(given.values())), Unfinished):
            return None
        (result,) = results
        sizes = [*result.shape]
        return sizes.index(self.samples) if sizes.count(self.samples) == 1 else None

    def _with_samples_first(self, node: fx.Node, given: Mapping[str, Any], axis: int) -> Any:
        """Make a call with the samples on the first axis, and bring them back afterwards."""
        first, *_ = given
        move: Any = torch.ops.aten.movedim.int
        result = self._results(node)[0].movedim(axis, 0)
        shape = tuple(int(side) for side in result.shape[1:])
        naming = self._naming(node, operation_of(node.target))
        before = Unfinished(move, {"self": given[first], "source": axis, "destination": 0}, node)
        moved = self._opaque(before, Call("movedim", {}, (shape,)), (f"{naming[0]}.movedim", ""))
        call = Call(operation_of(node.target), {**given, first: moved}, (shape,))
        read = OPERATIONS.get(call.name)
        made = None if read is None else read(call, self._adding(call, naming))
        if made is None:
            last = Unfinished(node.target, call.arguments, node)  # type: ignore[arg-type]
            made = self._opaque(last, call, naming)
        back = {"self": made, "source": 0, "destination": axis}
        return Unfinished(move, back, given[first].first.node)

    def _over_samples_first(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call over the first axis of a stack, such as stack(...).mean(0).

        The same call over the second axis reads a stack that has the samples on its first one.
        """
        key, stack = next(iter(given.items()), ("", None))
        dims = given["dim"] if isinstance(given.get("dim"), list) else [given.get("dim")]
        if (
            name not in _OVER_AN_AXIS
            or given.get("keepdim")
            or not isinstance(stack, Unfinished)
            or stack.target is not torch.ops.aten.stack.default
        ):
            return given
        (result,) = self._results(stack.node)
        tensors, first = stack.arguments["tensors"], (0, -result.ndim)
        if (
            stack.arguments["dim"] not in first
            or len(dims) != 1
            or dims[0] not in first
            or not all(isinstance(part, Value) and part.floating for part in tensors)
        ):
            return given
        shape = (len(tensors), *tensors[0].shape)
        call = Call("stack", {"tensors": tensors, "dim": 1}, (shape,))
        made = OPERATIONS["stack"](call, self._adding(call, self._naming(stack.node, "stack")))
        return {**given, key: made, "dim": [1] if isinstance(given["dim"], list) else 1}

    def _reader(
        self, name: str, given: Mapping[str, Any], results: Sequence[torch.Tensor]
    ) -> Reader | None:
        """How to read a call into steps that are no opaque ones, if there may be a way."""
        parts = flat([*given.values()])
        if any(isinstance(part, Unfinished) for part in parts):
            return None
        if any(isinstance(part, Constant) and part.along not in (None, 0) for part in parts):
            return None
        if name not in REARRANGING and not all(
            part.floating for part in parts if isinstance(part, Value)
        ):
            return None
        if name not in EITHER and not isinstance(next(iter(given.values()), None), Value):
            return None
        # These may take the samples off the first axis, and others bring them back.
        if name in MOVING and not all(map(self._is_batch, results)):
            return None
        return OPERATIONS.get(name)

    def _is_batch(self, result: torch.Tensor) -> bool:
        return result.ndim > 0 and result.shape[0] == self.samples

    def _unfinished(
        self, node: fx.Node, given: Mapping[str, Any], several: bool, results: int
    ) -> Any:
        target: Any = node.target
        if target._schema.is_mutable:
            raise Refused(
                "it writes in place to a tensor without the samples on its first axis",
                "Use the call that returns a new tensor, such as relu(x) for relu_(x).",
            )
        made = self._results(node)
        if not any(side % self.samples == 0 for result in made for side in result.shape):
            # No axis is left that counts the samples.
            self._check(made[0])
        if several:
            return tuple(Unfinished(target, given, node, which) for which in range(results))
        return Unfinished(target, given, node)

    def _argument(self, part: Any) -> Any:
        """What a row sees of an argument."""
        if isinstance(part, list | tuple):
            return [self._argument(one) for one in part]
        if not isinstance(part, fx.Node):
            return part
        known = self.known[part]
        return self._as_constant(part, known) if isinstance(known, torch.Tensor) else known

    def _results(self, node: fx.Node) -> list[torch.Tensor]:
        """Tensors of the shapes and types of the results of a call."""
        made: Any = node.meta.get("val")
        results: list[Any] = [*made] if isinstance(made, list | tuple) else [made]
        if not all(map(is_known, results)):
            # The number of entries that a mask picks out is known by running it only.
            target: Any = node.target
            args, kwargs = fx.node.map_arg((node.args, dict(node.kwargs)), self._real)
            made = target(*args, **kwargs)
            results = [*made] if isinstance(made, list | tuple) else [made]
        return results

    def _check(self, result: torch.Tensor) -> None:
        size = tuple(result.shape)
        if not self._is_batch(result):
            raise Refused(
                f"it mixes the samples of a batch: from {self.samples} samples it makes a tensor "
                f"of shape {size}",
                "Keep the first dimension: torch.flatten(x, 1), nn.Flatten() or "
                "x.view(x.size(0), -1).",
            )
        if 0 in size:
            raise Refused(
                f"it makes an empty tensor, of shape {size[1:]} for one sample", "Leave it out."
            )
        if result.is_complex():
            raise Refused("it makes complex numbers", "Use real numbers.")

    def _opaque(self, last: Unfinished, call: Call, naming: tuple[str, str]) -> Value:
        """Add an opaque step that ends with a call."""
        options, inputs, params = opaque_options(last, self.samples)
        which = last.result or 0
        shape = call.shapes[which]
        value = self._adding(call, naming)("opaque", inputs, options, params, shape=shape)
        return Value(value.index, shape, call.floating[which])

    def _adding(self, call: Call, naming: tuple[str, str]) -> Any:
        """The function with which a row adds the steps of a call."""

        def add(
            kind: str,
            inputs: Sequence[Value],
            options: Mapping[str, Any] | None = None,
            params: Mapping[str, Constant] | None = None,
            *,
            shape: Shape | None = None,
            part: str = "",
        ) -> Value:
            shape = call.shape if shape is None else shape
            name, path = naming
            if part:
                name, path = ".".join(filter(None, [name, part])), ""
            unique = self._unique(name, path)
            keys, held = self._weights(unique, kind, params or {}, dict(options or {}))
            index = self._append(
                Step(kind, tuple(value.index for value in inputs), unique, keys, held), shape
            )
            return Value(index, shape, inputs[0].floating)

        return add

    def _append(self, step: Step, shape: Shape) -> int:
        self.steps.append(step)
        self.shapes.append(shape)
        return len(self.steps)

    def _weights(
        self, step: str, kind: str, params: Mapping[str, Constant], options: dict[str, Any]
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """The keys of a step's weights, and its options with the constants that have no key."""
        keys: dict[str, str] = {}
        literals = dict(options.pop("literals", {}))
        buffers = []
        for role, constant in params.items():
            if not constant.learned:
                literals[role] = _literal(constant)
                continue
            key = f"{step}.{role}" if constant.key is None else self._first_of(constant.key)
            self.taken[key] = constant.source
            keys[role] = key
            if constant.fixed and role not in LAYERS[kind].buffers:
                buffers.append(role)
        held = {"literals": literals, "buffers": buffers}
        return keys, {**options, **{name: found for name, found in held.items() if found}}

    def _first_of(self, key: str) -> str:
        """The first name of a weight that has several."""
        return self.first_path[id(operator.attrgetter(key)(self.network))]

    # Names ----------------------------------------------------------------------------------------

    def _naming(self, node: fx.Node, name: str) -> tuple[str, str]:
        """The name of a call's step, and the path of the module that it is all of, or nothing."""
        key = innermost_call(node)
        path, module = self._place(node)
        if key and self.calls[key] == 0 and is_torchs_own(module):
            return (path, path) if path else (name, "")
        return ".".join(filter(None, [path, name])), ""

    def _unique(self, name: str, path: str) -> str:
        unique, count = name, 0
        while unique in self.names or (
            unique in self.modules and not (unique == path and not count)
        ):
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        return unique

    def _unsupported(self, node: fx.Node, why: str, advice: str) -> UnsupportedLayer:
        path, module = self._place(node)
        own = bool(path) and is_torchs_own(module)
        return UnsupportedLayer(
            path, type(module).__name__ if own else operation_of(node.target), why, advice
        )

    def _place(self, node: fx.Node) -> tuple[str, torch.nn.Module | None]:
        """The path of the innermost module that a node is part of, and the module."""
        key = innermost_call(node)
        path = user_path(key[1].partition("@")[0]) if key else ""
        return path, self.modules.get(path)

    # Writing in place -----------------------------------------------------------------------------

    def _follow_writing(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> None:
        """After an in-place call, all that shares the memory it wrote to has the new value."""
        target: Any = node.target
        written = [
            arguments[argument.name]
            for argument in target._schema.arguments
            if argument.alias_info is not None and argument.alias_info.is_write
        ]
        if not written or name in ("detach", "squeeze", "unsqueeze", "transpose", "t"):
            return
        made, (source,) = self.known[node], written
        if not isinstance(made, Value):
            raise Refused("it writes several results in place", "Use the call that returns them.")
        memory = tensor_of(source)
        naming = ".".join(filter(None, [self.steps[made.index - 1].name, "write"]))
        for other in [*self.known]:
            tensor = tensor_of(other)
            if other is node or not shares_memory(tensor, memory):
                continue
            if all(user in self.known for user in other.users) and other is not source:
                continue
            self.known[other] = self._rewritten(other, tensor, memory, made, naming)

    def _rewritten(
        self, node: fx.Node, tensor: torch.Tensor, memory: torch.Tensor, made: Value, name: str
    ) -> Any:
        """What a tensor holds after another one, in the same memory, was written to."""
        old = self.known[node]
        if layout(tensor) == layout(memory):
            return made
        shown, written = places(tensor), places(memory)
        if shown is None or written is None:
            raise Refused(
                "it writes in place to a part of a tensor, or to a view of it, that is read again "
                "later",
                "Use the call that returns a new tensor, such as relu(x) for relu_(x).",
            )
        where = {place: k for k, place in enumerate(written.reshape(-1).tolist())}
        found = [where.get(place) for place in shown.reshape(-1).tolist()]
        if all(k is None for k in found):
            return old
        shape, size = tuple(shown.shape), len(found)
        add = self._adding(Call("write", {}, (shape,)), (name, ""))
        if found == [*range(len(where))]:
            return add("reshape", [made], {"shape": [*shape]}, shape=shape)
        if isinstance(old, torch.Tensor):
            old = as_value(self._as_constant(node, old), made, add)
        parts = [
            add(
                "reshape",
                [part],
                {"shape": [math.prod(part.shape)]},
                shape=(math.prod(part.shape),),
            )
            for part in (old, made)
        ]
        both = add("cat", parts, {"axis": 1}, shape=(size + len(where),))
        index = [k if at is None else size + at for k, at in enumerate(found)]
        entries = [{"slice": [None, None, None]}, {"places": index}]
        picked = add("getitem", [both], {"index": entries}, shape=(size,))
        return add("reshape", [picked], {"shape": [*shape]}, shape=shape)


def _literal(constant: Constant) -> Any:
    """The numbers of a tensor that is written into the network's code."""
    if constant.tensor.is_complex():
        raise Refused(f"the constant {constant.name!r} is complex", "Use real numbers.")
    return constant.tensor.double().tolist()
