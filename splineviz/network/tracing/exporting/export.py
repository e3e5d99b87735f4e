"""The graph of the operations that a network's forward makes, found with torch.export."""

from __future__ import annotations

import logging
import re
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import fx

from splineviz.errors import ShapeMismatch, UnsupportedLayer
from splineviz.network.unsupported import REFUSED_FUNC

ROOT = "network"
"""The attribute of the exported module that holds the user's network."""

# torch.export patches what calls of modules do in the whole process.
_EXPORTING = threading.RLock()

# Where torch logs what it could not follow.
_LOGGERS = (
    "torch._subclasses.fake_tensor",
    "torch.export._trace",
    "torch.fx.experimental.symbolic_shapes",
)

# What torch says of an embedding that is given real numbers.
_TOKENS = re.compile(r"argument #\d+ 'indices'|tensors used as indices must")

# What cuDNN may round in.
_ROUNDED = ("conv", "rnn")

_LIBRARIES = (str(Path(torch.__file__).parent), str(Path(__file__).parents[2]))


@dataclass(frozen=True, eq=False)
class Exported:
    """What torch.export makes of a network.

    Attributes
    ----------
    graph : torch.fx.Graph
        Calls of torch's operations. Each node has the shape and the memory of what it makes
        (``meta["val"]``) and where it stands in the network (``meta["nn_module_stack"]``).
    submodules : torch.nn.Module
        The parts of the graph that run in a mode of their own, by name.
    paths : mapping of str to str
        For the name of a placeholder the path of the weight or buffer in the network.
    constants : mapping of str to tensor
        For the name of a placeholder the constant that it stands for.
    """

    graph: fx.Graph
    submodules: torch.nn.Module
    paths: Mapping[str, str]
    constants: Mapping[str, torch.Tensor]


def exported(network: torch.nn.Module, inputs: torch.Tensor) -> Exported:
    """Export a network's forward with torch.

    Parameters
    ----------
    network : torch.nn.Module
        A copy in eval mode, on the CPU.
    inputs : tensor of shape (n, *input_shape)
        Samples; only their number, shape and type matter.

    Returns
    -------
    Exported

    Raises
    ------
    UnsupportedLayer
        If the forward cannot be followed: it fails, or decides by numbers.
    ShapeMismatch
        If a layer of torch's does not take what it is given.
    """
    for module in network.modules():
        for name, value in vars(module).items():
            if type(value) in (dict, list) and _holds_itself(value):
                # torch.export looks into these without end.
                vars(module)[name] = _CLOSED[type(value)](value)
    root = _OneInput(network)
    try:
        with _EXPORTING, _quiet(), _readable_precision():
            program = torch.export.export(root, (inputs,), strict=False)
    except _Failed as failed:
        error = failed.__cause__ or failed
        raise _refusal(network, tuple(inputs.shape[1:]), error) from error
    except Exception as error:
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            f"torch.export cannot follow its forward ({_first_line(error)})",
            "Write the forward with operations of torch on the tensor that it is given.",
        ) from error
    specs = program.graph_signature.input_specs
    return Exported(
        graph=program.graph,
        submodules=program.graph_module,
        paths={
            spec.arg.name: user_path(spec.target)
            for spec in specs
            if spec.target is not None and spec.target not in program.constants
        },
        constants={
            spec.arg.name: program.constants[spec.target]
            for spec in specs
            if spec.target in program.constants
        },
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence torch.export's logs and warnings in this thread: our errors say what is wrong."""
    thread = threading.get_ident()

    def from_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(from_others)
    try:
        with warnings.catch_warnings():
            # Of attributes that a forward sets: they are reset.
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(from_others)


@contextmanager
def _readable_precision() -> Iterator[None]:
    """Let torch.export read whether convolutions on CUDA may round to TF32.

    It asks by an older name, which fails where the newer ones have been used.
    """
    precisions: dict[str, str] = {}
    try:
        torch._C._get_cudnn_allow_tf32()
    except RuntimeError:
        precisions = {name: torch._C._get_fp32_precision_getter("cuda", name) for name in _ROUNDED}
        # No rounding meanwhile, so that no other thread gets less than it has asked for.
        torch._C._set_cudnn_allow_tf32(False)
    try:
        yield
    finally:
        if precisions:
            torch._C._set_cudnn_allow_tf32(True)
            for name, precision in precisions.items():
                torch._C._set_fp32_precision_setter("cuda", name, precision)


def user_path(path: str) -> str:
    """Translate a path in the exported module to one in the user's network."""
    return path.removeprefix(ROOT).removeprefix(".")


class _ClosedDict(dict[Any, Any]):
    """A dict that torch.export does not look into."""


class _ClosedList(list[Any]):
    """A list that torch.export does not look into."""


_CLOSED: dict[type, Any] = {dict: _ClosedDict, list: _ClosedList}


def _holds_itself(value: Any, around: tuple[int, ...] = ()) -> bool:
    """Whether a container contains itself somewhere inside."""
    if not isinstance(value, dict | list | tuple):
        return False
    if id(value) in around:
        return True
    parts = value.values() if isinstance(value, dict) else value
    return any(_holds_itself(item, (*around, id(value))) for item in parts)


class _Failed(Exception):
    """The user's forward has failed; the cause is its error."""

    def __setattr__(self, name: str, value: Any) -> None:
        # torch.export prints the graph so far where an error carries it.
        if name != "partial_fx_graph":
            super().__setattr__(name, value)


class _NoTensor(Exception):
    """The forward returns something else than one tensor; the message is its type."""


class _OneInput(torch.nn.Module):
    """Calls the network with one argument, so that its other arguments take their defaults."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.add_module(ROOT, network)

    def forward(self, x: torch.Tensor) -> Any:
        try:
            output = getattr(self, ROOT)(x)
        except Exception as error:
            raise _Failed from error
        if not isinstance(output, torch.Tensor):
            raise _Failed from _NoTensor(type(output).__name__)
        return output


def _refusal(
    network: torch.nn.Module, shape: tuple[int, ...], error: BaseException
) -> UnsupportedLayer | ShapeMismatch:
    """Translate an error in a user's forward into one of ours."""
    if isinstance(error, _NoTensor):
        return UnsupportedLayer(
            "",
            type(network).__name__,
            f"its forward returns a {error}, not one tensor computed from its input",
            "Write a module whose forward calls it and returns one tensor.",
        )
    frames = [*traceback.walk_tb(error.__traceback__)]
    path, module = _place(network, frames)
    kind, line = type(module).__name__, _own_line(frames)
    said = _first_line(error)
    where = f", at {line}" if line else ""
    if type(error).__name__ in ("GuardOnDataDependentSymNode", "DataDependentOutputException"):
        return UnsupportedLayer(
            path,
            kind,
            f"its forward decides by numbers that it computes{where}",
            "Take the decision out of the forward: a network must do the same operations for every "
            "input of one shape. torch.where(condition, a, b) chooses between numbers.",
        )
    if _in_torch_func(error):
        return UnsupportedLayer(path, "torch.func", *REFUSED_FUNC)
    if isinstance(module, torch.nn.Embedding | torch.nn.EmbeddingBag) or (
        _TOKENS.search(str(error))
    ):
        return UnsupportedLayer(
            path,
            kind,
            f"its inputs are the numbers of tokens, which cannot be moved by a little ({said})",
            f"Trace the network behind it: trace(model, tokens, start={path!r}); a Recorder takes "
            f"start={path!r} and example=tokens.",
        )
    if ".numpy()" in said:
        return UnsupportedLayer(
            path,
            kind,
            f"its forward takes the numbers out of a tensor, for numpy or another library{where}",
            "Write it with operations of torch.",
        )
    if type(module).__module__.startswith("torch.nn.modules"):
        at = f"at {path!r}" if path else "at the top of the network"
        return ShapeMismatch(
            f"the network cannot take inputs of shape {shape}: {module!r} {at} fails ({said})"
        )
    return UnsupportedLayer(
        path,
        kind,
        f"its forward fails{where} ({said})",
        f"Make the forward work on one float64 tensor of shape (n, {', '.join(map(str, shape))}), "
        "in eval mode and on the CPU.",
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(network: torch.nn.Module, frames: list[tuple[Any, int]]) -> tuple[str, torch.nn.Module]:
    """Find the innermost module of the network whose forward was running."""
    paths = {id(module): path for path, module in reversed([*network.named_modules()])}
    innermost: tuple[str, torch.nn.Module] = "", network
    for frame, _ in frames:
        running = frame.f_locals.get("self")
        if isinstance(running, torch.nn.Module) and id(running) in paths:
            innermost = paths[id(running)], running
    return innermost


def _own_line(frames: list[tuple[Any, int]]) -> str:
    """Find the last line of the user's own code, as ``file.py:12``."""
    own = [
        f"{Path(frame.f_code.co_filename).name}:{line}"
        for frame, line in frames
        if not frame.f_code.co_filename.startswith((*_LIBRARIES, "<"))
    ]
    return own[-1] if own else ""


def _in_torch_func(error: BaseException) -> bool:
    """Whether an error comes from a transform of torch.func."""
    return any(
        frame.f_globals.get("__name__", "") == "torch._functorch.apis"
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )
