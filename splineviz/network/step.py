"""Step: one step of a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from splineviz.errors import InvalidProgram
from splineviz.validation.wording import shown


@dataclass(frozen=True)
class Step:
    """One step of a program: a layer applied to earlier values.

    Attributes
    ----------
    kind : str
        A row of :data:`~splineviz.network.layers.LAYERS`.
    inputs : tuple of int
        The values it reads. Value 0 is the network's input; value ``i + 1`` is made by step ``i``.
    name : str
        Where it stands in the user's network (``"features.3"``); unique in its program.
    params : mapping of str to str
        The weights: their role in the layer (``"weight"``) and their key in
        :attr:`Program.state` (``"features.3.weight"``). Tied weights have one key.
    options : mapping of str to JSON value
        Everything else the layer needs (``"stride"``, ``"eps"``, ``"negative_slope"``). Of weights:
        ``"literals"`` has those that are written into the network's code, by role; ``"buffers"``
        has the roles of those that no training changes.

    Raises
    ------
    InvalidProgram
        If a field is of another type. What a step says is checked when it becomes part of a
        program.
    """

    kind: str
    inputs: tuple[int, ...]
    name: str
    params: Mapping[str, str]
    options: Mapping[str, Any]

    def __post_init__(self) -> None:
        name, inputs = self.name, self.inputs
        if not isinstance(self.kind, str):
            raise InvalidProgram(f"the kind of a step is text, not {shown(self.kind)}")
        if not isinstance(name, str) or not _is_text(name):
            raise InvalidProgram(f"the name of a step is text, not {shown(name)}")
        if not isinstance(inputs, tuple | list) or not all(type(k) is int for k in inputs):
            raise InvalidProgram(f"step {shown(name)} reads values by number, not {shown(inputs)}")
        for mapping in (self.params, self.options):
            if not isinstance(mapping, Mapping) or not all(type(key) is str for key in mapping):
                raise InvalidProgram(f"step {shown(name)} has names for {shown(mapping)}")
        if not all(type(key) is str for key in self.params.values()):
            raise InvalidProgram(f"step {shown(name)} has the weights {shown(self.params)}")
        object.__setattr__(self, "inputs", tuple(inputs))
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Step, (
            self.kind,
            self.inputs,
            self.name,
            dict(self.params),
            dict(self.options),
        )


def _is_text(name: str) -> bool:
    """Whether a name can be encoded: JSON may hold halves of surrogate pairs, which cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
