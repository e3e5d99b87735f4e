"""KnownNodes: what each node of an exported graph is, as far as the graph has been lowered."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch
from torch import fx

from splineviz.network.tracing.exporting.export import Exported
from splineviz.network.tracing.exporting.graph_nodes import flat, is_known, precision_of
from splineviz.network.tracing.exporting.sample_axis import FIRST, SampleAxis
from splineviz.network.tracing.lowering.folding import Taken
from splineviz.network.tracing.lowering.in_place_writes import writes_to_constants
from splineviz.network.tracing.lowering.opaque_calls import Unfinished, is_random
from splineviz.network.tracing.operations.call import Constant, Refused, Shape, Value


class KnownNodes:
    """What each node is: a value of the program, or something that all samples share.

    Parameters
    ----------
    exported : Exported
    network : torch.nn.Module
        What was exported.
    samples : int
        How many samples it was exported with.
    input_shape : tuple of int
        The shape of one of them.
    of_shape : collection of str
        The operations that only look at the shape of a tensor.

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
    """

    def __init__(
        self,
        exported: Exported,
        network: torch.nn.Module,
        samples: int,
        input_shape: Shape,
        of_shape: Collection[str],
    ) -> None:
        self.exported, self.network, self.samples = exported, network, samples
        self.input_shape = input_shape
        self.known: dict[fx.Node, Any] = {}
        self.learned: set[fx.Node] = set()
        self.random: set[fx.Node] = set()
        self.stored = network.state_dict().keys()
        self.trained = {name for name, _ in network.named_parameters(remove_duplicate=False)}
        self.writes = writes_to_constants(exported, of_shape)

    def __getitem__(self, node: fx.Node) -> Any:
        return self.known[node]

    def __setitem__(self, node: fx.Node, known: Any) -> None:
        self.known[node] = known

    def add_placeholder(self, node: fx.Node) -> None:
        """Add a weight, a constant of the forward, or the network's input."""
        name = str(node.target)
        if name in self.exported.constants:
            # A copy: what the forward writes into it is no change of the network.
            self[node] = self.exported.constants[name].clone()
        elif name in self.exported.paths:
            path = self.exported.paths[name]
            held = operator.attrgetter(path)(self.network).detach()
            self[node] = held.clone() if self.writes else held
            if path in self.stored:
                self.learned.add(node)
        else:
            self[node] = Value(0, self.input_shape)

    def add(self, node: fx.Node, known: Any, sources: Iterable[Any]) -> None:
        """Add a node that follows from others: learned, or random, if one of them is."""
        self[node] = known
        for group in (self.learned, self.random):
            if not group.isdisjoint(sources):
                group.add(node)

    def add_constant(self, node: fx.Node, arguments: Mapping[str, Any]) -> None:
        """Run a call whose result is the same for all samples."""
        target: Any = node.target
        if is_random(target, arguments):
            self.random.add(node)
        self.add(node, self._run(node), node.all_input_nodes)

    def is_value(self, node: fx.Node) -> bool:
        """Whether a node depends on the samples."""
        return any(
            isinstance(argument, Value | Unfinished) for argument in flat(self.known.get(node))
        )

    def argument(self, argument: Any) -> Any:
        """Return an argument of a call as rows of the table of operations take it."""
        if isinstance(argument, list | tuple):
            return [self.argument(one) for one in argument]
        if not isinstance(argument, fx.Node):
            return argument
        known = self[argument]
        return self.as_constant(argument, known) if isinstance(known, torch.Tensor) else known

    def as_constant(self, node: fx.Node, tensor: torch.Tensor) -> Constant:
        """Return a tensor that a node stands for as a row of the table takes it."""
        if node in self.random:
            raise Refused(
                "it takes numbers that the forward draws at random",
                "Draw them once, and keep them as a buffer.",
            )
        path = self.exported.paths.get(str(node.target)) if node.op == "placeholder" else None
        key = path if path in self.stored else None
        taken, along, whole = Taken(node), None, None
        if node.op != "placeholder" and self.samples in tensor.shape:
            # Computed in the shape of a batch, if all samples have the same.
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

    def results(self, node: fx.Node) -> list[torch.Tensor]:
        """Make tensors of the shapes and dtypes of a call's results."""
        results = _as_list(node.meta.get("val"))
        if not all(map(is_known, results)):
            # The number of entries that a mask picks out is known by running it only.
            results = _as_list(self._run(node))
        return results

    def rounding(self, node: fx.Node) -> float:
        """Find the rounding of the coarsest dtype of a call and of unfinished calls before it."""
        coarsest, met = precision_of(node), set()
        waiting = [self.known.get(source) for source in node.all_input_nodes]
        while waiting:
            for argument in flat(waiting.pop()):
                if isinstance(argument, Unfinished) and id(argument) not in met:
                    met.add(id(argument))
                    coarsest = max(coarsest, precision_of(argument.node))
                    waiting.extend(argument.arguments.values())
        return coarsest

    def _run(self, node: fx.Node) -> Any:
        target: Any = node.target
        args, kwargs = fx.node.map_arg((node.args, dict(node.kwargs)), self._standin)
        return target(*args, **kwargs)

    def _standin(self, node: fx.Node) -> Any:
        """Return a constant; zeros for a value, of which only the shape counts."""
        known = self[node]
        if isinstance(known, Value) and known.samples == FIRST:
            kind = torch.float64 if known.floating else torch.bool
            return torch.zeros((self.samples, *known.shape), dtype=kind)
        if isinstance(known, Value | Unfinished):
            fake: Any = node.meta["val"]
            return torch.zeros(fake.shape, dtype=fake.dtype)
        return known


def _as_list(results: Any) -> list[Any]:
    return [*results] if isinstance(results, list | tuple) else [results]
