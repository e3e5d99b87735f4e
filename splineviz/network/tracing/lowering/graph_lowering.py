"""lower: from the graph of an exported network to the steps of a program."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import fx

from splineviz.errors import UnsupportedLayer
from splineviz.network.program import Program
from splineviz.network.program_weights import ProgramWeights
from splineviz.network.tracing.exporting.export import Exported
from splineviz.network.tracing.exporting.graph_nodes import (
    arguments_of,
    flat,
    is_of_numbers,
    operation_of,
    tensor_of,
)
from splineviz.network.tracing.exporting.sample_axis import FIRST
from splineviz.network.tracing.lowering.call_lowering import CallLowering
from splineviz.network.tracing.lowering.folding import Folding
from splineviz.network.tracing.lowering.in_place_writes import after_writing, shares_memory
from splineviz.network.tracing.lowering.known_nodes import KnownNodes
from splineviz.network.tracing.lowering.opaque_calls import Unfinished
from splineviz.network.tracing.lowering.program_builder import ProgramBuilder
from splineviz.network.tracing.operations.call import Call, Refused, Shape, Value
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
    lowering = _GraphLowering(graph, network, samples, input_shape)
    output = lowering.run(graph.graph)
    built, nodes = lowering.program, lowering.nodes
    folding = Folding.of(graph, built.taken, nodes.writes)
    weights = folding.weights_of(network, shared=True)
    state = ProgramWeights({key: tensor.double().numpy() for key, tensor in weights.items()})
    program = Program(tuple(built.steps), tuple(built.shapes), state, output)
    return Lowered(program, folding, lowering.roundings)


class _GraphLowering:
    """Goes through a graph, node by node.

    Attributes
    ----------
    nodes : KnownNodes
        What each node so far is.
    program : ProgramBuilder
        The steps so far.
    roundings : dict
        As in `Lowered`.
    """

    def __init__(
        self, graph: Exported, network: torch.nn.Module, samples: int, input_shape: Shape
    ) -> None:
        self.nodes = KnownNodes(graph, network, samples, input_shape, _OF_SHAPE)
        self.program = ProgramBuilder(network, input_shape)
        self.calls = CallLowering(self.nodes, self.program)
        self.roundings: dict[int, float] = {}

    def run(self, graph: fx.Graph) -> int:
        """Lower the whole graph; return the value that is its output."""
        submodules = self.nodes.exported.submodules
        self.program.names.count_calls(graph, submodules)
        for node in graph.nodes:
            if node.op == "placeholder":
                self.nodes.add_placeholder(node)
            elif node.op == "output":
                return self._output(node)
            elif node.op == "get_attr":
                self.nodes[node] = getattr(submodules, str(node.target), None)
            else:
                self._node(node)
        raise AssertionError("a graph ends with its output")

    def _output(self, node: fx.Node) -> int:
        returned = node.args[0]
        spec = returned[0] if isinstance(returned, tuple | list) and returned else None
        value = self.nodes.known.get(spec) if isinstance(spec, fx.Node) else None
        if isinstance(value, Value) and value.floating and value.samples == FIRST:
            return value.index
        lost = value.moved_by if isinstance(value, Value) else None
        if isinstance(value, Unfinished):
            lost = value.first.node
        if lost is not None:
            try:
                for result in self.nodes.results(lost):
                    self.calls.check(result)
            except Refused as refused:
                raise self._unsupported(lost, refused) from None
        raise UnsupportedLayer(
            "",
            type(self.nodes.network).__name__,
            "its forward returns a tensor that does not depend on its input, or no real numbers",
            "Write a module whose forward calls it and returns one tensor.",
        )

    def _node(self, node: fx.Node) -> None:
        target: Any = node.target
        self.program.names.passed(node)
        if target is operator.getitem:
            source: Any = node.args[0]
            self.nodes.add(node, self.nodes[source][node.args[1]], [source])
            return
        name = operation_of(target)
        if name.startswith(_CHECKS):
            self.nodes[node] = None
            return
        if name in _MODES:
            self._inline(node)
            return
        if not (isinstance(target, torch._ops.OpOverload) or is_of_numbers(target)):
            # Never run: what torch.func leaves in a graph changes the state of the process.
            path, _ = self.program.names.place(node)
            raise UnsupportedLayer(path, "torch.func", *REFUSED_FUNC)
        reads = [source for source in node.all_input_nodes if self.nodes.is_value(source)]
        arguments = arguments_of(node) if isinstance(target, torch._ops.OpOverload) else {}
        first = next(iter(arguments.values()), None)
        of_shape = name in _OF_SHAPE or (
            name.endswith("_as") and isinstance(first, fx.Node) and not self.nodes.is_value(first)
        )
        if not reads or of_shape:
            self.nodes.add_constant(node, arguments)
        else:
            self._step(node, name, arguments)

    def _inline(self, node: fx.Node) -> None:
        """Lower a subgraph that runs in a mode of its own."""
        sources = [operand for operand in node.args if isinstance(operand, fx.Node)]
        graph = next(self.nodes[operand] for operand in sources if operand.op == "get_attr").graph
        outer = iter(operand for operand in sources if operand.op != "get_attr")
        for inner in graph.nodes:
            if inner.op == "placeholder":
                source = next(outer)
                self.nodes.add(inner, self.nodes[source], [source])
            elif inner.op == "output":
                results = inner.args[0]
                known = fx.node.map_arg(results, self.nodes.__getitem__)
                self.nodes.add(node, known, flat(results))
            else:
                self._node(inner)

    def _step(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> None:
        rounding = self.nodes.rounding(node)
        before = len(self.program.steps)
        try:
            self.nodes[node] = self.calls.lower(node, name, arguments)
            self._follow_writing(node, name, arguments)
        except Refused as refused:
            raise self._unsupported(node, refused) from None
        if rounding > _OF_FLOAT64:
            values = [operand for operand in flat(self.nodes[node]) if isinstance(operand, Value)]
            steps = {value.index - 1 for value in values if value.index}
            for i in {*range(before, len(self.program.steps)), *steps}:
                self.roundings[i] = max(rounding, self.roundings.get(i, 0.0))

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
        value, (source,) = self.nodes[node], written
        if not isinstance(value, Value):
            raise Refused("it writes several results in place", "Use the call that returns them.")
        memory = tensor_of(source)
        written_to = self.program.steps[value.index - 1].name if value.index else ""
        naming = ".".join(filter(None, [written_to, "write"])), ""
        known = self.nodes.known
        for other in [*known]:
            tensor = tensor_of(other)
            if other is node or not shares_memory(tensor, memory):
                continue
            if all(user in known for user in other.users) and other is not source:
                continue
            shape = tuple(int(side) for side in tensor.shape[1:])
            known[other] = after_writing(
                known[other],
                tensor,
                memory,
                value,
                self.program.adding(Call("write", {}, (shape,)), naming),
                partial(self.nodes.as_constant, other),
            )

    def _unsupported(self, node: fx.Node, refused: Refused) -> UnsupportedLayer:
        return self.program.names.unsupported(node, refused.why, refused.advice)
