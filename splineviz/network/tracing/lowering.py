"""From the graph of an exported network to the steps of a program."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import fx

from splineviz.errors import UnsupportedLayer
from splineviz.network.program import Program
from splineviz.network.program_weights import ProgramWeights
from splineviz.network.tracing.export import Exported
from splineviz.network.tracing.folding import Folding, Taken
from splineviz.network.tracing.graph_nodes import (
    arguments_of,
    flat,
    is_known,
    is_of_numbers,
    operation_of,
    picks,
    precision_of,
    tensor_of,
)
from splineviz.network.tracing.in_place_writes import (
    after_writing,
    shares_memory,
    writes_to_constants,
)
from splineviz.network.tracing.moved_calls import EACH_ALONE, moved_call
from splineviz.network.tracing.opaque_calls import (
    Unfinished,
    in_graph,
    is_random,
    with_samples_first,
)
from splineviz.network.tracing.operations import (
    EITHER,
    MOVING,
    OF_ONE_NUMBER,
    OPERATIONS,
    PERMUTING,
    REARRANGING,
    RESHAPING,
)
from splineviz.network.tracing.operations.call import (
    Call,
    Constant,
    Made,
    Reader,
    Refused,
    Shape,
    Value,
)
from splineviz.network.tracing.operations.shape_ops import order_of_axes
from splineviz.network.tracing.program_builder import ProgramBuilder
from splineviz.network.tracing.sample_axis import FIRST, SampleAxis
from splineviz.network.unsupported import REFUSED_FUNC

_OF_FLOAT64 = float(torch.finfo(torch.float64).eps)

# What only checks or declares something about tensors.
_CHECKS = ("_assert", "sym_constrain", "_set_grad_enabled")

# Parts of the graph that run in a mode of their own, which changes no number here.
_MODES = ("wrap_with_set_grad_enabled", "wrap_with_autocast")

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
    roundings : mapping of int to float
        For each step that the network makes in a coarser type than float64, or converts to one:
        the relative rounding of that type. The program computes in float64 throughout.
    """

    program: Program
    folding: Folding
    roundings: Mapping[int, float] = MappingProxyType({})


def lower(graph: Exported, network: torch.nn.Module, samples: int, input_shape: Shape) -> Lowered:
    """Make a program from an exported network.

    Parameters
    ----------
    graph : Exported
    network : torch.nn.Module
        What was exported: float64, on the CPU, in eval mode. The program takes the memory of its
        weights over, unless its forward writes to it.
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
    built = lowering.program
    folding = Folding.of(graph, built.taken, lowering.writes)
    weights = folding.weights_of(network, shared=True)
    state = ProgramWeights({key: tensor.double().numpy() for key, tensor in weights.items()})
    program = Program(tuple(built.steps), tuple(built.shapes), state, output)
    return Lowered(program, folding, lowering.roundings)


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
    writes : bool
        Whether what does not depend on the samples is written to, in place. Copies are made then.
    roundings : dict
        As in `Lowered`.
    """

    def __init__(
        self, graph: Exported, network: torch.nn.Module, samples: int, input_shape: Shape
    ) -> None:
        self.exported, self.network, self.samples = graph, network, samples
        self.program = ProgramBuilder(network, input_shape)
        self.names = self.program.names
        self.known: dict[fx.Node, Any] = {}
        self.learned: set[fx.Node] = set()
        self.random: set[fx.Node] = set()
        self.stored = network.state_dict().keys()
        self.trained = {name for name, _ in network.named_parameters(remove_duplicate=False)}
        self.writes = writes_to_constants(graph, _OF_SHAPE)
        self.roundings: dict[int, float] = {}

    # The graph ------------------------------------------------------------------------------------

    def run(self, graph: fx.Graph) -> int:
        """Lower the whole graph; return the value that is its output."""
        self.names.count_calls(graph, self.exported.submodules)
        for node in graph.nodes:
            if node.op == "placeholder":
                self._placeholder(node)
            elif node.op == "output":
                return self._output(node)
            elif node.op == "get_attr":
                self.known[node] = getattr(self.exported.submodules, str(node.target), None)
            else:
                self._node(node)
        raise AssertionError("a graph ends with its output")

    def _placeholder(self, node: fx.Node) -> None:
        name = str(node.target)
        if name in self.exported.constants:
            # A copy: what the forward writes into it is no change of the network.
            self.known[node] = self.exported.constants[name].clone()
        elif name in self.exported.paths:
            path = self.exported.paths[name]
            held = operator.attrgetter(path)(self.network).detach()
            self.known[node] = held.clone() if self.writes else held
            if path in self.stored:
                self.learned.add(node)
        else:
            self.known[node] = Value(0, self.program.shapes[0])

    def _output(self, node: fx.Node) -> int:
        returned = node.args[0]
        spec = returned[0] if isinstance(returned, tuple | list) and returned else None
        value = self.known.get(spec) if isinstance(spec, fx.Node) else None
        if isinstance(value, Value) and value.floating and value.samples == FIRST:
            return value.index
        lost = value.moved_by if isinstance(value, Value) else None
        if isinstance(value, Unfinished):
            lost = value.first.node
        if lost is not None:
            try:
                for result in self._results(lost):
                    self._check(result)
            except Refused as refused:
                raise self.names.unsupported(lost, refused.why, refused.advice) from None
        raise UnsupportedLayer(
            "",
            type(self.network).__name__,
            "its forward returns a tensor that does not depend on its input, or no real numbers",
            "Write a module whose forward calls it and returns one tensor.",
        )

    def _node(self, node: fx.Node) -> None:
        target: Any = node.target
        self.names.passed(node)
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
            path, _ = self.names.place(node)
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
        """Lower a subgraph that runs in a mode of its own."""
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
        """Return a constant; zeros for a value, of which only the shape counts."""
        known = self.known[node]
        if isinstance(known, Value) and known.samples == FIRST:
            kind = torch.float64 if known.floating else torch.bool
            return torch.zeros((self.samples, *known.shape), dtype=kind)
        if isinstance(known, Value | Unfinished):
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
        taken, along, whole = Taken(node), None, None
        if node.op != "placeholder" and self.samples in tensor.shape:
            # Made in the shape of a batch, if all samples have the same.
            axis = [*tensor.shape].index(self.samples)
            one = tensor.select(axis, 0)
            if bool((tensor == one.unsqueeze(axis)).all()):
                taken, whole = Taken(node, SampleAxis(axis)), tensor
                tensor, along, key = one, axis, None
        name = path or (str(node.target) if node.op == "placeholder" else node.name)
        return Constant(
            name,
            tensor.clone() if self.writes else tensor,
            key,
            fixed=key is not None and key not in self.trained,
            learned=node in self.learned,
            source=taken,
            along=along,
            whole=whole,
        )

    # Steps ----------------------------------------------------------------------------------------

    def _is_value(self, node: fx.Node) -> bool:
        return any(isinstance(part, Value | Unfinished) for part in flat(self.known.get(node)))

    def _rounding(self, node: fx.Node) -> float:
        """Find the rounding of the coarsest dtype of a call and of unfinished calls before it."""
        found, met = precision_of(node), set()
        waiting = [self.known.get(source) for source in node.all_input_nodes]
        while waiting:
            for part in flat(waiting.pop()):
                if isinstance(part, Unfinished) and id(part) not in met:
                    met.add(id(part))
                    found = max(found, precision_of(part.node))
                    waiting.extend(part.arguments.values())
        return found

    def _step(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> None:
        rounding = self._rounding(node)
        steps = len(self.program.steps)
        try:
            self.known[node] = self._made(node, name, arguments)
            self._follow_writing(node, name, arguments)
        except Refused as refused:
            raise self.names.unsupported(node, refused.why, refused.advice) from None
        if rounding > _OF_FLOAT64:
            made = flat(self.known[node])
            made_by = {part.index - 1 for part in made if isinstance(part, Value) and part.index}
            for i in {*range(steps, len(self.program.steps)), *made_by}:
                self.roundings[i] = max(rounding, self.roundings.get(i, 0.0))

    def _made(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> Any:
        results = self._results(node)
        given = {
            key: self._argument(part)
            for key, part in arguments.items()
            # Only written to.
            if key != "out"
        }
        given = self._seen(node, name, given, results)
        moved = self._of_samples_elsewhere(node, name, given, results)
        if moved is not None:
            return moved
        given = {key: self._in_graph(part) for key, part in given.items()}
        moving = name in MOVING and not all(map(self._is_batch, results))
        read = None if moving else self._reader(name, given)
        apart = [not self._is_batch(result) for result in results] if read is None else []
        if all(apart) and apart:
            return self._unfinished(node, given, results)
        for result in results:
            if read is not None or self._is_batch(result):
                self._check(result)
        call = Call(
            name,
            given,
            tuple(tuple(int(side) for side in result.shape[1:]) for result in results),
            tuple(result.is_floating_point() for result in results),
        )
        return self._read(node, call, read, apart)

    def _read(
        self, node: fx.Node, call: Call, read: Reader | None, apart: Sequence[bool] = ()
    ) -> Any:
        """Lower a call by its row of the table, or as one that torch runs."""
        naming = self.names.naming(node, call.name)
        made: Made = None if read is None else read(call, self.program.adding(call, naming))
        if isinstance(made, Value):
            return made
        # What no step says, such as the places of the largest numbers, torch makes.
        target: Any = node.target
        several = isinstance(node.meta.get("val"), list | tuple)
        found: list[Any] = [None] * len(call.shapes) if made is None else [*made]
        for which in range(len(found)):
            last = Unfinished(target, call.arguments, node, which if several else None)
            if apart and apart[which]:
                found[which] = last
            elif found[which] is None and (
                not several or any(picks(user, which) for user in node.users)
            ):
                found[which] = self.program.add_opaque(last, self.samples, call, naming)
        return tuple(found) if several else found[0]

    # Samples on another axis ----------------------------------------------------------------------

    def _of_samples_elsewhere(
        self, node: fx.Node, name: str, given: Mapping[str, Any], results: Sequence[torch.Tensor]
    ) -> Any:
        """Lower a call whose samples are not on the first axis, before or after it.

        None if they are first before and after it, or if it is not known what it does with them.
        """
        parts = flat([*given.values()])
        values = [part for part in parts if isinstance(part, Value)]
        found = {(value.samples, value.rank) for value in values}
        if len(found) != 1 or any(isinstance(part, Unfinished) for part in parts):
            return None
        ((samples, rank),) = found
        if samples == FIRST and (name not in MOVING or all(map(self._is_batch, results))):
            return None
        by = next((value.moved_by for value in values if value.moved_by is not None), node)
        if name in RESHAPING | PERMUTING:
            return self._rearranged(node, name, given, results[0], by)
        told = moved_call(node.target, name, given, rank, results)
        where = samples if told is None else told.samples
        if not all(where.counts(result.shape, self.samples) for result in results):
            return None
        for result in results:
            self._check_numbers(result)
        shapes = tuple(where.of_one(result.shape) for result in results)
        call = Call(
            name,
            given if told is None else told.arguments,
            shapes,
            tuple(result.is_floating_point() for result in results),
        )
        if told is not None:
            made = self._read(node, call, self._reader(name, call.arguments))
        elif name in EACH_ALONE and samples.axis == 0:
            made = self._each_alone(node, call, where)
        else:
            return None
        if isinstance(made, tuple):
            return tuple(value and value.moved(where, by) for value in made)
        return made.moved(where, by)

    def _rearranged(
        self, node: fx.Node, name: str, given: Mapping[str, Any], result: torch.Tensor, by: fx.Node
    ) -> Value | None:
        """Reshape a value or reorder its axes."""
        value = next(iter(given.values()))
        if not isinstance(value, Value) or value.floating != result.is_floating_point():
            return None
        before = value.samples.of_all(value.shape, self.samples)
        where: SampleAxis | None
        if name in RESHAPING:
            where = value.samples.reshaped(before, result.shape, self.samples)
            axes = None
        else:
            where, axes = value.samples.permuted(order_of_axes(name, given, value.rank))
        if where is None:
            return None
        shape = where.of_one(result.shape)
        add = self.program.adding(Call(name, given, (shape,)), self.names.naming(node, name))
        made = value.with_samples_first
        if axes is not None and axes != sorted(axes):
            made = add("permute", [made], {"axes": axes})
        elif shape != made.shape:
            made = add("reshape", [made], {"shape": [*shape]})
        return made.moved(where, by)

    def _each_alone(self, node: fx.Node, call: Call, where: SampleAxis) -> Any:
        """Let torch run a call on each entry of the first axis alone, samples first."""
        naming = self.names.naming(node, call.name)
        several = isinstance(node.meta.get("val"), list | tuple)
        given = {key: self._in_graph(part) for key, part in call.arguments.items()}
        found: list[Value | None] = []
        for which, shape in enumerate(call.shapes):
            if several and not any(picks(user, which) for user in node.users):
                found.append(None)
                continue
            target: Any = node.target
            last = Unfinished(target, given, node, which if several else None)
            whole = where.of_all(shape, self.samples)
            first = with_samples_first(last, where, whole, self.samples)
            one = Call(call.name, {}, (shape,), (call.floating[which],))
            found.append(self.program.add_opaque(first, self.samples, one, naming))
        return tuple(found) if several else found[0]

    def _seen(
        self, node: fx.Node, name: str, given: dict[str, Any], results: Sequence[torch.Tensor]
    ) -> dict[str, Any]:
        """Return an activation's arguments, also where only torch knows their value.

        It is to be seen as an activation, not as a part of what is done meanwhile.
        """
        key, lost = next(iter(given.items()), ("", None))
        if name not in OF_ONE_NUMBER or name == "glu" or not isinstance(lost, Unfinished):
            return given
        (result,) = results
        sizes = [*result.shape]
        if sizes.count(self.samples) != 1:
            return given
        where = SampleAxis(sizes.index(self.samples))
        call = Call("movedim", {}, (where.of_one(sizes),))
        naming = f"{self.names.naming(node, name)[0]}.movedim", ""
        first = with_samples_first(lost, where, sizes, self.samples)
        value = self.program.add_opaque(first, self.samples, call, naming)
        return {**given, key: value.moved(where, lost.first.node)}

    def _in_graph(self, part: Any) -> Any:
        """Return an argument as a call of the graph takes it."""
        if isinstance(part, list):
            return [self._in_graph(one) for one in part]
        return in_graph(part, self.samples) if isinstance(part, Value) else part

    # Calls of torch -------------------------------------------------------------------------------

    def _reader(self, name: str, given: Mapping[str, Any]) -> Reader | None:
        """Find the row that reads a call into steps that are not opaque, if there may be one."""
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
        return OPERATIONS.get(name)

    def _is_batch(self, result: torch.Tensor) -> bool:
        return result.ndim > 0 and result.shape[0] == self.samples

    def _unfinished(
        self, node: fx.Node, given: Mapping[str, Any], results: Sequence[torch.Tensor]
    ) -> Any:
        target: Any = node.target
        if target._schema.is_mutable:
            raise Refused(
                "it writes in place to a tensor without the samples on its first axis",
                "Use the call that returns a new tensor, such as relu(x) for relu_(x).",
            )
        if not any(side % self.samples == 0 for result in results for side in result.shape):
            # No axis is left that counts the samples.
            self._check(results[0])
        if isinstance(node.meta.get("val"), list | tuple):
            return tuple(Unfinished(target, given, node, which) for which in range(len(results)))
        return Unfinished(target, given, node)

    def _argument(self, part: Any) -> Any:
        """Return an argument as rows of the table take it."""
        if isinstance(part, list | tuple):
            return [self._argument(one) for one in part]
        if not isinstance(part, fx.Node):
            return part
        known = self.known[part]
        return self._as_constant(part, known) if isinstance(known, torch.Tensor) else known

    def _results(self, node: fx.Node) -> list[torch.Tensor]:
        """Make tensors of the shapes and dtypes of a call's results."""
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
        self._check_numbers(result)

    def _check_numbers(self, result: torch.Tensor) -> None:
        if 0 in result.shape:
            raise Refused(
                f"it makes an empty tensor, of shape {tuple(result.shape[1:])} for one sample",
                "Leave it out.",
            )
        if result.is_complex():
            raise Refused("it makes complex numbers", "Use real numbers.")

    # Writing in place -----------------------------------------------------------------------------

    def _follow_writing(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> None:
        """After an in-place call, give new values to all tensors in the memory that it wrote to."""
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
        written_to = self.program.steps[made.index - 1].name if made.index else ""
        naming = ".".join(filter(None, [written_to, "write"])), ""
        for other in [*self.known]:
            tensor = tensor_of(other)
            if other is node or not shares_memory(tensor, memory):
                continue
            if all(user in self.known for user in other.users) and other is not source:
                continue
            shape = tuple(int(side) for side in tensor.shape[1:])
            self.known[other] = after_writing(
                self.known[other],
                tensor,
                memory,
                made,
                self.program.adding(Call("write", {}, (shape,)), naming),
                partial(self._as_constant, other),
            )
