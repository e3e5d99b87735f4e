"""Weights that a forward computes from others, such as normalized ones: computed again when due."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import fx

from splineviz.network.tracing.exporting.export import Exported
from splineviz.network.tracing.exporting.graph_nodes import is_mutable
from splineviz.network.tracing.exporting.sample_axis import SampleAxis


class Taken(NamedTuple):
    """Where a weight of a program is found in the graph of its network.

    Attributes
    ----------
    node : torch.fx.Node
        What makes it.
    samples : SampleAxis or None
        Where it has the same for each sample, if it counts them; it is taken for one.
    """

    node: fx.Node
    samples: SampleAxis | None = None


@dataclass(frozen=True, eq=False)
class Folding:
    """How the weights of a program follow from those of its network.

    Attributes
    ----------
    plain : tuple of str
        Those that the network has itself, by their paths in it.
    computed : mapping of str to Taken
        How each of the others is made.
    nodes : tuple of torch.fx.Node
        What these need, in the order in which it is run.
    paths, constants
        What placeholders among them stand for, as in
        :class:`~splineviz.network.tracing.exporting.export.Exported`.
    writes : bool
        Whether the forward writes to weights or constants of its own, in place.
    """

    plain: tuple[str, ...]
    computed: Mapping[str, Taken] = field(default_factory=dict)
    nodes: tuple[fx.Node, ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, torch.Tensor] = field(default_factory=dict)
    writes: bool = False

    @classmethod
    def of(cls, graph: Exported, taken: Mapping[str, Taken], writes: bool) -> Folding:
        """Find out how the program's weights follow from the network's.

        Parameters
        ----------
        graph : Exported
            The network's operations.
        taken : mapping of str to Taken
            How each weight of the program is made.
        writes : bool
            Whether the forward writes to weights or constants.
        """
        # By their own names: torch.export may know a weight that has several by another.
        plain = [
            key
            for key, (node, samples) in taken.items()
            if node.op == "placeholder" and str(node.target) in graph.paths and samples is None
        ]
        computed = {key: weight for key, weight in taken.items() if key not in plain}
        needed = {weight.node for weight in computed.values()}
        order = [*graph.graph.nodes] if needed else []
        for node in reversed(order):
            if node in needed or _writes_to(node, needed):
                needed.update(node.all_input_nodes, [node])
        nodes = tuple(node for node in order if node in needed)
        return cls(tuple(plain), computed, nodes, graph.paths, graph.constants, writes)

    def weights_of(
        self, network: torch.nn.Module, *, shared: bool = False
    ) -> dict[str, torch.Tensor]:
        """Compute the program's weights from those that the network has now.

        Parameters
        ----------
        network : torch.nn.Module
            With the same attributes as the one that was exported; it is not run.
        shared : bool, default False
            Whether they may lie in the memory of the network's own, unless its forward writes.

        Returns
        -------
        dict of str to tensor
            Copies if not shared.

        Raises
        ------
        KeyError
            If a weight of the network is gone; its path.
        """
        copied = self.writes or not shared
        weights = {key: _held(network, key, copied) for key in self.plain}
        known: dict[fx.Node, Any] = {}
        with torch.no_grad():
            for node in self.nodes:
                known[node] = self._run(node, network, known)
        for key, (node, samples) in self.computed.items():
            tensor = known[node]
            one = tensor if samples is None else samples.first_of(tensor)
            weights[key] = one.detach().clone()
        return weights

    def _run(self, node: fx.Node, network: torch.nn.Module, known: Mapping[fx.Node, Any]) -> Any:
        if node.op == "placeholder":
            name = str(node.target)
            if name in self.constants:
                return self.constants[name].clone()
            return _held(network, self.paths[name], self.writes)
        args, kwargs = fx.node.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
        target: Any = node.target
        return target(*args, **kwargs)


def _held(network: torch.nn.Module, path: str, copied: bool) -> torch.Tensor:
    """Look up a weight of a network."""
    try:
        tensor = operator.attrgetter(path)(network)
    except AttributeError:
        raise KeyError(path) from None
    plain: torch.Tensor = tensor.detach()
    return plain.clone() if copied else plain


def _writes_to(node: fx.Node, needed: set[fx.Node]) -> bool:
    """Whether a node writes, in place, to memory that a needed node reads."""
    if not is_mutable(node):
        return False
    written = node.meta.get("val")
    return isinstance(written, torch.Tensor) and any(
        isinstance(tensor := other.meta.get("val"), torch.Tensor)
        and tensor.untyped_storage()._cdata == written.untyped_storage()._cdata
        for other in needed
    )
