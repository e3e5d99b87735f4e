"""CallLowering: from one call of an exported graph to the steps that compute its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import fx

from splineviz.network.tracing.exporting.graph_nodes import flat, picks
from splineviz.network.tracing.exporting.sample_axis import FIRST, SampleAxis
from splineviz.network.tracing.lowering.known_nodes import KnownNodes
from splineviz.network.tracing.lowering.moved_calls import EACH_ALONE, moved_call
from splineviz.network.tracing.lowering.opaque_calls import Unfinished, in_graph, with_samples_first
from splineviz.network.tracing.lowering.program_builder import ProgramBuilder
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
    Reader,
    Refused,
    Results,
    Value,
)
from splineviz.network.tracing.operations.shape_ops import order_of_axes


class CallLowering:
    """Lowers calls one at a time; nodes before them are known.

    Parameters
    ----------
    nodes : KnownNodes
    program : ProgramBuilder
        What the steps are added to.
    """

    def __init__(self, nodes: KnownNodes, program: ProgramBuilder) -> None:
        self.nodes, self.program, self.samples = nodes, program, nodes.samples

    def lower(self, node: fx.Node, name: str, arguments: Mapping[str, Any]) -> Any:
        """Add the steps of a call.

        Parameters
        ----------
        node : torch.fx.Node
            A call of torch that depends on the samples.
        name : str
            Its operation.
        arguments : mapping of str to object
            All arguments by name, with nodes for tensors.

        Returns
        -------
        Value, Unfinished, None or tuple of these
            One for each result; None for a result that nothing uses.

        Raises
        ------
        Refused
            If no program can hold the call.
        """
        results = self.nodes.results(node)
        operands = {
            key: self.nodes.argument(argument)
            for key, argument in arguments.items()
            # Only written to.
            if key != "out"
        }
        operands = self._with_activated_value(node, name, operands, results)
        moved = self._with_samples_elsewhere(node, name, operands, results)
        if moved is not None:
            return moved
        operands = {key: self._in_graph(argument) for key, argument in operands.items()}
        moving = name in MOVING and not all(map(self._is_batch, results))
        read = None if moving else self._reader(name, operands)
        apart = [not self._is_batch(result) for result in results] if read is None else []
        if all(apart) and apart:
            return self._unfinished(node, operands, results)
        for result in results:
            if read is not None or self._is_batch(result):
                self.check(result)
        call = Call(
            name,
            operands,
            tuple(tuple(int(side) for side in result.shape[1:]) for result in results),
            tuple(result.is_floating_point() for result in results),
        )
        return self._read(node, call, read, apart)

    def check(self, result: torch.Tensor) -> None:
        """Refuse a result that is no batch, is empty, or holds complex numbers."""
        size = tuple(result.shape)
        if not self._is_batch(result):
            raise Refused(
                f"it mixes the samples of a batch: from {self.samples} samples it makes a tensor "
                f"of shape {size}",
                "Keep the first dimension: torch.flatten(x, 1), nn.Flatten() or "
                "x.view(x.size(0), -1).",
            )
        _check_numbers(result)

    def _is_batch(self, result: torch.Tensor) -> bool:
        return result.ndim > 0 and result.shape[0] == self.samples

    def _in_graph(self, argument: Any) -> Any:
        """Return an argument as a call of the graph takes it."""
        if isinstance(argument, list):
            return [self._in_graph(one) for one in argument]
        return in_graph(argument, self.samples) if isinstance(argument, Value) else argument

    def _reader(self, name: str, operands: Mapping[str, Any]) -> Reader | None:
        """Find the row that reads a call into steps that are not opaque, if there may be one."""
        parts = flat([*operands.values()])
        if any(isinstance(argument, Unfinished) for argument in parts):
            return None
        if any(
            isinstance(argument, Constant) and argument.along not in (None, 0) for argument in parts
        ):
            return None
        if name not in REARRANGING and not all(
            argument.floating for argument in parts if isinstance(argument, Value)
        ):
            return None
        if name not in EITHER and not isinstance(next(iter(operands.values()), None), Value):
            return None
        return OPERATIONS.get(name)

    def _read(
        self, node: fx.Node, call: Call, read: Reader | None, apart: Sequence[bool] = ()
    ) -> Any:
        """Lower a call by its row of the table, or as one that torch runs."""
        naming = self.program.names.naming(node, call.name)
        values: Results = None
        if read is not None:
            values = read(call, self.program.adding(call, naming))
        if isinstance(values, Value):
            return values
        # What no step says, such as the places of the largest numbers, torch computes.
        target: Any = node.target
        several = _has_several(node)
        results: list[Any] = [None] * len(call.shapes) if values is None else [*values]
        for which in range(len(results)):
            last = Unfinished(target, call.arguments, node, which if several else None)
            if apart and apart[which]:
                results[which] = last
            elif results[which] is None and (
                not several or any(picks(user, which) for user in node.users)
            ):
                results[which] = self.program.add_opaque(last, self.samples, call, naming)
        return tuple(results) if several else results[0]

    def _unfinished(
        self, node: fx.Node, operands: Mapping[str, Any], results: Sequence[torch.Tensor]
    ) -> Any:
        """Put a call off whose results have the samples where nothing is known."""
        target: Any = node.target
        if target._schema.is_mutable:
            raise Refused(
                "it writes in place to a tensor without the samples on its first axis",
                "Use the call that returns a new tensor, such as relu(x) for relu_(x).",
            )
        if not any(side % self.samples == 0 for result in results for side in result.shape):
            # No axis is left that counts the samples.
            self.check(results[0])
        if _has_several(node):
            return tuple(Unfinished(target, operands, node, k) for k in range(len(results)))
        return Unfinished(target, operands, node)

    # Samples on another axis ----------------------------------------------------------------------

    def _with_activated_value(
        self, node: fx.Node, name: str, operands: dict[str, Any], results: Sequence[torch.Tensor]
    ) -> dict[str, Any]:
        """Return an activation's arguments with a value first, where a call before it was put off.

        It is to be seen as an activation, not as a part of what was put off.
        """
        key, before = next(iter(operands.items()), ("", None))
        if name not in OF_ONE_NUMBER or name == "glu" or not isinstance(before, Unfinished):
            return operands
        (result,) = results
        sizes = [*result.shape]
        if sizes.count(self.samples) != 1:
            return operands
        where = SampleAxis(sizes.index(self.samples))
        call = Call("movedim", {}, (where.of_one(sizes),))
        naming = f"{self.program.names.naming(node, name)[0]}.movedim", ""
        first = with_samples_first(before, where, sizes, self.samples)
        value = self.program.add_opaque(first, self.samples, call, naming)
        return {**operands, key: value.moved(where, before.first.node)}

    def _with_samples_elsewhere(
        self, node: fx.Node, name: str, operands: Mapping[str, Any], results: Sequence[torch.Tensor]
    ) -> Any:
        """Lower a call whose samples are not on the first axis, before or after it.

        None if they are first before and after it, or if it is not known what it does with them.
        """
        parts = flat([*operands.values()])
        values = [argument for argument in parts if isinstance(argument, Value)]
        layouts = {(value.samples, value.rank) for value in values}
        if len(layouts) != 1 or any(isinstance(argument, Unfinished) for argument in parts):
            return None
        ((samples, rank),) = layouts
        if samples == FIRST and (name not in MOVING or all(map(self._is_batch, results))):
            return None
        by = next((value.moved_by for value in values if value.moved_by is not None), node)
        if name in RESHAPING | PERMUTING:
            return self._rearranged(node, name, operands, results[0], by)
        moved = moved_call(node.target, name, operands, rank, results)
        where = samples if moved is None else moved.samples
        if not all(where.counts(result.shape, self.samples) for result in results):
            return None
        for result in results:
            _check_numbers(result)
        call = Call(
            name,
            operands if moved is None else moved.arguments,
            tuple(where.of_one(result.shape) for result in results),
            tuple(result.is_floating_point() for result in results),
        )
        if moved is not None:
            lowered = self._read(node, call, self._reader(name, call.arguments))
        elif name in EACH_ALONE and samples.axis == 0:
            lowered = self._each_alone(node, call, where)
        else:
            return None
        if isinstance(lowered, tuple):
            return tuple(value and value.moved(where, by) for value in lowered)
        return lowered.moved(where, by)

    def _rearranged(
        self,
        node: fx.Node,
        name: str,
        operands: Mapping[str, Any],
        result: torch.Tensor,
        by: fx.Node,
    ) -> Value | None:
        """Reshape a value or reorder its axes."""
        value = next(iter(operands.values()))
        if not isinstance(value, Value) or value.floating != result.is_floating_point():
            return None
        before = value.samples.of_all(value.shape, self.samples)
        where: SampleAxis | None
        if name in RESHAPING:
            where = value.samples.reshaped(before, result.shape, self.samples)
            axes = None
        else:
            where, axes = value.samples.permuted(order_of_axes(name, operands, value.rank))
        if where is None:
            return None
        shape = where.of_one(result.shape)
        naming = self.program.names.naming(node, name)
        add = self.program.adding(Call(name, operands, (shape,)), naming)
        first = value.with_samples_first
        if axes is not None and axes != sorted(axes):
            first = add("permute", [first], {"axes": axes})
        elif shape != first.shape:
            first = add("reshape", [first], {"shape": [*shape]})
        return first.moved(where, by)

    def _each_alone(self, node: fx.Node, call: Call, where: SampleAxis) -> Any:
        """Let torch run a call on each entry of the first axis alone, samples first."""
        naming = self.program.names.naming(node, call.name)
        several = _has_several(node)
        operands = {key: self._in_graph(argument) for key, argument in call.arguments.items()}
        values: list[Value | None] = []
        for which, shape in enumerate(call.shapes):
            if several and not any(picks(user, which) for user in node.users):
                values.append(None)
                continue
            target: Any = node.target
            last = Unfinished(target, operands, node, which if several else None)
            whole = where.of_all(shape, self.samples)
            first = with_samples_first(last, where, whole, self.samples)
            one = Call(call.name, {}, (shape,), (call.floating[which],))
            values.append(self.program.add_opaque(first, self.samples, one, naming))
        return tuple(values) if several else values[0]


def _has_several(node: fx.Node) -> bool:
    """Whether a call returns several results."""
    return isinstance(node.meta.get("val"), list | tuple)


def _check_numbers(result: torch.Tensor) -> None:
    if 0 in result.shape:
        raise Refused(
            f"it makes an empty tensor, of shape {tuple(result.shape[1:])} for one sample",
            "Leave it out.",
        )
    if result.is_complex():
        raise Refused("it makes complex numbers", "Use real numbers.")
