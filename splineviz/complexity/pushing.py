"""Neighbourhoods pushed through a module: any network, its vertices one and all, in float64."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from splineviz.complexity.layers import OUTPUT, Layer, Switches
from splineviz.complexity.neighbourhood import Visit, neighbourhood_of
from splineviz.complexity.selection import Names
from splineviz.errors import NonFiniteValues, ShapeMismatch, UnsupportedLayer
from splineviz.network.isolation import float64_copy, run_copy, untouched_random_state
from splineviz.network.probe import Decision, Watch

# Of a layer's largest value: what counts as zero. Nobody knows the rounding of an unknown network.
_NOISE = 64 * torch.finfo(torch.float64).eps
# Arrays of the size of the largest one that a network may need at a time.
_ARRAYS = 6
_SAMPLES = 2


@dataclass(eq=False)
class _Seen:
    """What a batch met on its way through the network: modules it is in, and names given."""

    on_values: Callable[[str, torch.Tensor], None]
    modules: list[tuple[str, bool]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def _nothing(name: str, values: torch.Tensor) -> None:
    """What is told to nobody."""


class ModuleNeighbourhoods:
    """Neighbourhoods in any module.

    Parameters
    ----------
    model : torch.nn.Module
        The network. It is copied, and comes back untouched.
    input_shape : tuple of int
        The shape of one sample.
    device : torch.device
        Where to compute.

    Attributes
    ----------
    method : str
        ``"module"``.
    dtypes : tuple of torch.dtype
        float64 alone.

    Raises
    ------
    UnsupportedLayer
        If it is not a module, cannot be copied, or does not keep the samples of a batch apart.
    ShapeMismatch
        If it does not take inputs of that shape.
    NonFiniteValues
        If a weight is NaN or infinite.
    """

    method = "module"
    dtypes: tuple[torch.dtype, ...] = (torch.float64,)

    def __init__(
        self, model: torch.nn.Module, input_shape: tuple[int, ...], device: torch.device
    ) -> None:
        with untouched_random_state():
            self._network = float64_copy(model).to(device)
        for name, tensor in [*self._network.named_parameters(), *self._network.named_buffers()]:
            if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
                raise NonFiniteValues(
                    f"the parameter {name!r} holds NaN or infinite values; local complexity is "
                    "defined for finite weights only"
                )
        self.device = device
        self.input_shape = input_shape
        self._paths = {name for name, _ in self._network.named_modules()}
        self._chosen: tuple[Names, ...] = ()
        self.layers: tuple[tuple[Layer, Switches], ...] = ()
        # Shared with the hooks, and with the same network that looks at other layers.
        self._seen = _Seen(_nothing)
        self._follow()
        self._discover()

    def _follow(self) -> None:
        """Have the copy say which module is running, and what modules make."""
        for path, module in self._network.named_modules():
            whole = type(module).__module__.startswith("torch.nn") and not [*module.children()]

            def enter(_: Any, args: Any, path: str = path, whole: bool = whole) -> None:
                self._seen.modules.append((path, whole))

            def leave(_: Any, args: Any, made: Any, path: str = path) -> None:
                self._seen.modules.pop()
                if path and isinstance(made, torch.Tensor):
                    self._seen.on_values(path, made)

            module.register_forward_pre_hook(enter)
            module.register_forward_hook(leave)

    def _discover(self) -> None:
        """Run two samples to see what there is."""
        self.available: list[tuple[Layer, Switches]] = []
        self.others: list[str] = []
        largest = [math.prod(self.input_shape)]
        calls: dict[str, int] = {}
        self._widths: dict[str, int] = {}

        def on_activation(name: str, kind: str, decision: Decision) -> None:
            neurons = decision.neurons.numpy()
            width = int(neurons.max()) + 1
            alone = len(neurons) == width and not decision.contest
            switches = Switches(None if alone else neurons, contest=decision.contest)
            self.available.append((Layer(name, kind, width, decision.smooth), switches))
            largest.append(len(neurons))

        def on_values(name: str, values: torch.Tensor) -> None:
            if len(values) == _SAMPLES and values.is_floating_point():
                calls[name] = calls.get(name, 0) + 1
                self._widths[name] = values[0].numel()

        rng = np.random.default_rng(0)
        samples = torch.from_numpy(rng.random((_SAMPLES, *self.input_shape))).to(self.device)
        output = self._run(samples, on_activation, on_values)
        self._widths[OUTPUT] = output[0].numel()
        self._acting = {layer.name for layer, _ in self.available}
        self.available.append((Layer(OUTPUT, OUTPUT, output[0].numel()), Switches()))
        taken = {*self._acting, OUTPUT}
        self.others = [name for name, times in calls.items() if times == 1 and name not in taken]
        self._widest = max(*largest, *self._widths.values())

    def numbers_a_vertex(self, shared_frame: bool) -> int:
        """The most numbers that one vertex has at a time."""
        return _ARRAYS * self._widest

    def watch(self, chosen: Sequence[Names]) -> ModuleNeighbourhoods:
        """The same network with some layers to look at."""
        known = {layer.name: (layer, switches) for layer, switches in self.available}
        layers = []
        for names in chosen:
            if len(names) == 1 and names[0] in known:
                layers.append(known[names[0]])
                continue
            sizes = {self._widths[name] for name in names}
            if len(sizes) > 1:
                listed = ", ".join(f"{name!r} ({self._widths[name]} values)" for name in names)
                raise ShapeMismatch(f"layers of different shapes cannot be added: {listed}")
            layers.append((Layer(" + ".join(names), "values", sizes.pop()), Switches()))
        made = copy.copy(self)
        made._chosen, made.layers = tuple(chosen), tuple(layers)
        return made

    def centres(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        """The samples; nothing else is known of them before."""
        return {0: x}

    def carry(
        self,
        centres: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        dtype: torch.dtype,
        visit: Visit,
    ) -> None:
        """Push the vertices ``x + r v`` and ``x - r v`` through the network.

        Parameters are those of
        :meth:`~splineviz.complexity.carrying.ProgramNeighbourhoods.carry`.
        """
        x = centres[0].unsqueeze(1)
        step = radius * directions
        vertices = torch.cat([x + step, x - step], 1)
        n, count = vertices.shape[:2]
        numbers = {names: i for i, names in enumerate(self._chosen)}
        # Of an activation alone the pre-activations are looked at, of all else what it makes.
        terms: dict[Names, dict[str, torch.Tensor]] = {
            names: {} for names in self._chosen if len(names) > 1 or names[0] not in self._acting
        }

        def look(number: int, values: torch.Tensor) -> None:
            rows = values.reshape(n, count, -1)
            zero = torch.zeros_like(rows[:, 0])
            noise = _NOISE * rows.abs().amax((1, 2), keepdim=True)[:, 0]
            visit(number, neighbourhood_of(zero, rows, noise.expand_as(zero)))

        def on_activation(name: str, kind: str, decision: Decision) -> None:
            if (name,) in numbers:
                look(numbers[name,], decision.columns)

        def on_values(name: str, values: torch.Tensor) -> None:
            for names, found in terms.items():
                if name in names and name not in found:
                    found[name] = values.clone()
                    if len(found) == len(names):
                        look(numbers[names], sum(found.values(), torch.zeros_like(values)))

        on_values(OUTPUT, self._run(vertices.flatten(0, 1), on_activation, on_values))

    def _run(
        self,
        batch: torch.Tensor,
        on_activation: Callable[[str, str, Decision], None] | None = None,
        on_values: Callable[[str, torch.Tensor], None] | None = None,
    ) -> torch.Tensor:
        tell = self._listener(on_activation, on_values)
        with untouched_random_state(), Watch(self._network, tell):
            made = run_copy(self._network, batch)
        if not made.ndim or len(made) != len(batch):
            raise UnsupportedLayer(
                "",
                type(self._network).__name__,
                f"from {len(batch)} samples its forward makes a tensor of shape "
                f"{tuple(made.shape)}, not one with a row for each of them",
                "Write a module whose forward calls it and returns one tensor, the samples first.",
            )
        if not bool(made.isfinite().all()):
            raise NonFiniteValues(
                "the network overflows: its outputs are NaN or infinite for some samples, though "
                "its weights are finite; make its weights or inputs smaller"
            )
        return made

    def _listener(
        self,
        on_activation: Callable[[str, str, Decision], None] | None,
        on_values: Callable[[str, torch.Tensor], None] | None,
    ) -> Callable[[str, Decision], None]:
        """What to tell of each activation in a new run; it adds where the activation stands."""
        self._seen.on_values = on_values or _nothing
        self._seen.modules.clear()
        self._seen.names.clear()

        def tell(kind: str, decision: Decision) -> None:
            name = self._name(kind)
            if on_activation is not None:
                on_activation(name, kind, decision)

        return tell

    def _name(self, kind: str) -> str:
        """The name that a trace gives to a call: its module's, or that and the function's."""
        path, whole = self._seen.modules[-1]
        name = path if whole and path else ".".join(filter(None, [path, kind]))
        unique, count = name, 0
        while unique in self._seen.names or (unique in self._paths and not (whole and not count)):
            count += 1
            unique = f"{name}_{count}"
        self._seen.names.add(unique)
        return unique
