"""Neighborhoods pushed through a module: any network, its vertices one and all, in float64."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from splineviz.complexity.layers import OUTPUT, Layer, Switches, kind_of
from splineviz.complexity.neighborhood import Visit, neighborhood_of
from splineviz.complexity.selection import Names
from splineviz.complexity.separation import Met, check_apart
from splineviz.complexity.smoothness import Smoothness
from splineviz.errors import NonFiniteValues, ShapeMismatch, UnsupportedLayer
from splineviz.network.isolation import float64_copy, run_copy, untouched_random_state
from splineviz.network.probe import MADE_SMOOTH, Decision, Watch

# Of a number's size, in units of its type's precision: what counts as zero.
_NOISE = 64
# Arrays of the size of the largest one that a network may need at a time.
_ARRAYS = 6
_SAMPLES = 2


@dataclass(eq=False)
class _Seen:
    """What a batch met on its way through the network.

    Attributes
    ----------
    on_values : callable
        Told of what each call of a module makes, by a name of its own.
    modules : list of pair
        The modules it is in: where they stand, and whether they are whole functions of torch.
    names, calls : set of str
        The names given to activations, and to calls of modules.
    """

    on_values: Callable[[str, torch.Tensor], None]
    modules: list[tuple[str, bool]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)


def _infinite_outputs(network: torch.nn.Module) -> str:
    """Why outputs are not finite, where all parameters are."""
    infinite = [
        repr(name)
        for name, tensor in network.named_buffers()
        if tensor.is_floating_point() and not bool(tensor.isfinite().all())
    ]
    if infinite:
        return f"as are values of its buffers {', '.join(infinite)}: mask out what is infinite"
    return "though its weights are finite: it overflows. Make its weights or inputs smaller"


def _nothing(name: str, values: torch.Tensor) -> None:
    """What is told to nobody."""


class ModuleNeighborhoods:
    """Neighborhoods in any module.

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
    unwatched, choices : list of str
        The functions called that are no activations here, and those of them that decide by
        comparisons; see :class:`~splineviz.network.probe.Watch`.

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
        # A buffer may be infinite, as a mask is, or unused: the outputs tell.
        for name, tensor in self._network.named_parameters():
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
                if path:
                    name = self._unique(path, self._seen.calls, own=True)
                    if isinstance(made, torch.Tensor):
                        self._seen.on_values(name, made)

            module.register_forward_pre_hook(enter)
            module.register_forward_hook(leave)

    def _discover(self) -> None:
        """Run two samples to see what there is."""
        self.available: list[tuple[Layer, Switches]] = []
        self.others: list[str] = []
        largest = [math.prod(self.input_shape)]
        self._widths: dict[str, int] = {}
        met = Smoothness()

        def on_activation(name: str, kind: str, decision: Decision) -> None:
            # Samples may lie on the first axis with parts of them, such as the places of an image.
            parts = np.arange(len(decision.columns))[:, None] * len(decision.neurons)
            of_sample = (parts + decision.neurons.numpy()).reshape(_SAMPLES, -1)[0]
            neurons = np.unique(of_sample, return_inverse=True)[1]
            width = int(neurons.max()) + 1
            alone = len(neurons) == width and not decision.contest
            switches = Switches(None if alone else neurons, contest=decision.contest)
            layer = Layer(name, kind_of(kind), width, decision.smooth)
            self.available.append((layer, switches))
            largest.append(len(neurons))
            met.activation(decision)

        def on_values(name: str, values: torch.Tensor) -> None:
            if values.ndim and len(values) == _SAMPLES and values.is_floating_point():
                self._widths[name] = values.numel() // _SAMPLES
                met.values(name, values)

        rng = np.random.default_rng(0)
        samples = torch.from_numpy(rng.random((_SAMPLES, *self.input_shape))).to(self.device)
        with untouched_random_state():
            check_apart(self._met, samples)
            watch = self._watch(on_activation, on_values)
            output = self._run(samples, watch)
        self._eps, self.unwatched, self.choices = watch.eps, [*watch.unwatched], [*watch.choices]
        self._acting = {layer.name for layer, _ in self.available}
        self.others = [name for name in self._widths if name not in {*self._acting, OUTPUT}]
        self._smooth = met.smooth()
        self._widths[OUTPUT] = output[0].numel()
        proxy = getattr(output, MADE_SMOOTH, False)
        self.available.append((Layer(OUTPUT, OUTPUT, output[0].numel(), proxy), Switches()))
        self._widest = max(*largest, *self._widths.values())

    def _met(self, batch: torch.Tensor) -> list[Met]:
        """What a batch meets on its way."""
        met: list[Met] = []

        def on_activation(name: str, kind: str, decision: Decision) -> None:
            met.append(Met(name, kind, decision.columns))

        output = self._run(batch, self._watch(on_activation))
        return [*met, Met(OUTPUT, OUTPUT, output)]

    def numbers_a_vertex(self, shared_frame: bool) -> int:
        """The most numbers that one vertex has at a time."""
        return _ARRAYS * self._widest

    def watch(self, chosen: Sequence[Names]) -> ModuleNeighborhoods:
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
            proxy = not self._smooth.isdisjoint(names)
            layers.append((Layer(" + ".join(names), "values", sizes.pop(), proxy), Switches()))
        made = copy.copy(self)
        made._chosen, made.layers = tuple(chosen), tuple(layers)
        return made

    def centres(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        """The samples; nothing else is known of them before."""
        return {0: x}

    def propagate(
        self,
        centres: Mapping[int, torch.Tensor],
        directions: torch.Tensor,
        radius: float,
        dtype: torch.dtype,
        visit: Visit,
    ) -> None:
        """Push the vertices ``x + r v`` and ``x - r v`` through the network.

        Parameters are those of
        :meth:`~splineviz.complexity.estimator.Estimator.propagate`.
        """
        x = centres[0].unsqueeze(1)
        step = radius * directions
        pushed = torch.cat([x, x + step, x - step], 1)
        n, count = pushed.shape[:2]
        numbers = {names: i for i, names in enumerate(self._chosen)}
        # Of an activation alone the pre-activations are looked at, of all else what it makes.
        terms: dict[Names, dict[str, torch.Tensor]] = {
            names: {} for names in self._chosen if len(names) > 1 or names[0] not in self._acting
        }

        def look(number: int, columns: torch.Tensor, sizes: torch.Tensor) -> None:
            rows = columns.double().reshape(n, count, -1)
            sizes = sizes.reshape(n, count, -1)
            masked = rows[:, :1].isinf()
            if bool(masked.any()):
                # Masked out, by -inf for example: its sign is all that matters, and is exact.
                masked &= (rows == rows[:, :1]).all(1, keepdim=True)
                rows = torch.where(masked, rows.sign(), rows)
                sizes = torch.where(masked, 0.0, sizes)
            noise = self._noise(sizes.amax(1), masked.sum(2))
            visit(number, neighborhood_of(rows[:, 1:], rows[:, 0], noise))

        def on_activation(name: str, kind: str, decision: Decision) -> None:
            if (name,) in numbers:
                look(numbers[name,], decision.columns, decision.values.abs())

        def on_values(name: str, values: torch.Tensor) -> None:
            for names, found in terms.items():
                if name in names and name not in found:
                    found[name] = values.clone()
                    if len(found) == len(names):
                        zero = torch.zeros_like(values)
                        sizes = sum((term.abs() for term in found.values()), zero)
                        look(numbers[names], sum(found.values(), zero), sizes)

        with untouched_random_state():
            output = self._run(pushed.flatten(0, 1), self._watch(on_activation, on_values))
        on_values(OUTPUT, output)

    def _noise(self, sizes: torch.Tensor, masked: torch.Tensor) -> torch.Tensor:
        """How far rounding may have moved numbers, from their largest sizes (n, columns).

        Of each sample some (n, 1) are masked out, and have size 0.

        An estimate: nobody knows what an unknown network adds up. A small number may be what is
        left of large terms, so it is taken to be as large as the median of the sample's numbers at
        least; not as the largest of them, which says nothing of the others.
        """
        # By sort, as median is not deterministic on CUDA.
        middle = ((sizes.shape[1] + masked - 1) // 2).clamp(max=sizes.shape[1] - 1)
        median = sizes.sort(1).values.gather(1, middle)
        return _NOISE * self._eps * torch.maximum(sizes, median).double()

    def _run(self, batch: torch.Tensor, watch: Watch) -> torch.Tensor:
        with watch:
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
                "the network's outputs are NaN or infinite for some samples, "
                + _infinite_outputs(self._network)
            )
        return made

    def _watch(
        self,
        on_activation: Callable[[str, str, Decision], None],
        on_values: Callable[[str, torch.Tensor], None] = _nothing,
    ) -> Watch:
        """What tells of each activation in a new run, and where it stands."""
        self._seen.on_values = on_values
        self._seen.modules.clear()
        self._seen.names.clear()
        self._seen.calls.clear()

        def tell(kind: str, decision: Decision) -> None:
            on_activation(self._name(kind), kind, decision)

        return Watch(self._network, tell)

    def _name(self, kind: str) -> str:
        """The name that a trace gives to a call: its module's, or that and the function's."""
        path, whole = self._seen.modules[-1]
        name = path if whole and path else ".".join(filter(None, [path, kind]))
        return self._unique(name, self._seen.names, own=whole)

    def _unique(self, name: str, taken: set[str], own: bool) -> str:
        """A name, with a number where it is taken or, if not its own, that of a module."""
        unique, count = name, 0
        while unique in taken or (unique in self._paths and not (own and not count)):
            count += 1
            unique = f"{name}_{count}"
        taken.add(unique)
        return unique
