"""Names of steps, and of places in a network, as its user knows them."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from splineviz.errors import UnsupportedLayer
from splineviz.network.tracing.exporting.export import user_path
from splineviz.network.tracing.exporting.graph_nodes import (
    innermost_call,
    is_torchs_own,
    operation_of,
)


class StepNames:
    """Which names the steps of a network have.

    Parameters
    ----------
    network : torch.nn.Module
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self._modules = dict(network.named_modules())
        self._used: set[str] = set()
        self._calls: dict[Any, int] = {}

    def count_calls(self, graph: fx.Graph, submodules: Any) -> None:
        """Count the nodes of each call of a module: the last one takes the module's name."""
        for node in graph.nodes:
            if node.op == "get_attr":
                submodule = getattr(submodules, str(node.target), None)
                if isinstance(submodule, fx.GraphModule):
                    self.count_calls(submodule.graph, submodules)
            if node.op == "call_function" and node.target is not operator.getitem:
                self._calls[innermost_call(node)] = self._calls.get(innermost_call(node), 0) + 1

    def passed(self, node: fx.Node) -> None:
        """Record that a counted node has been lowered."""
        if node.target is not operator.getitem and innermost_call(node):
            self._calls[innermost_call(node)] -= 1

    def naming(self, node: fx.Node, name: str) -> tuple[str, str]:
        """Name a call's step; give the path of the module if the call is all of it."""
        key = innermost_call(node)
        path, module = self.place(node)
        if key and self._calls[key] == 0 and is_torchs_own(module):
            return (path, path) if path else (name, "")
        return ".".join(filter(None, [path, name])), ""

    def unique(self, name: str, path: str) -> str:
        """Make a name that no other step and no other module has."""
        unique, count = name, 0
        while unique in self._used or (
            unique in self._modules and not (unique == path and not count)
        ):
            count += 1
            unique = f"{name}_{count}"
        self._used.add(unique)
        return unique

    def place(self, node: fx.Node) -> tuple[str, torch.nn.Module | None]:
        """Find the innermost module that a node is part of: its path and the module."""
        key = innermost_call(node)
        path = user_path(key[1].partition("@")[0]) if key else ""
        return path, self._modules.get(path)

    def unsupported(self, node: fx.Node, why: str, advice: str) -> UnsupportedLayer:
        """Make the error for a call that no program can hold."""
        path, module = self.place(node)
        own = bool(path) and is_torchs_own(module)
        return UnsupportedLayer(
            path, type(module).__name__ if own else operation_of(node.target), why, advice
        )
