"""Recorder: keeps a training as it happens, so that it can be replayed."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from numbers import Real
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, SupportsFloat

import numpy.typing as npt

from splineviz.errors import (
    InvalidArgument,
    NetworkChanged,
    NonFiniteValues,
    RecordingError,
    ShapeMismatch,
    SplinevizError,
)
from splineviz.training.files.manifest import DTYPES, Manifest
from splineviz.training.files.run_writer import RunWriter
from splineviz.training.files.samples import as_samples, check_classes
from splineviz.training.recording.ranks import check_rank
from splineviz.training.recording.recorded_network import RecordedNetwork
from splineviz.training.recording.schedule import Schedule, due_test
from splineviz.training.recording.weights import input_shape_of
from splineviz.validation.arrays import as_shape
from splineviz.validation.calls import explained
from splineviz.validation.names import as_names, as_path, check_name
from splineviz.validation.numbers import as_int
from splineviz.validation.objects import check_kind

if TYPE_CHECKING:
    import torch

    from splineviz.network.program import Program
    from splineviz.network.tracing.lowering.graph_lowering import Lowered
    from splineviz.network.tracing.start_module import Start

_LIBRARIES = ("splineviz", "torch", "numpy", "safetensors")


class Recorder:
    """Record checkpoints and metrics of a training in a folder.

    The network is traced when the recorder is created, so one that cannot be replayed is refused
    before any time is spent on training it. The model itself is only read: its mode, device,
    gradients and the random state stay as they are.

    A checkpoint is what the network computes, not its weights alone. At each one a copy of the
    network runs on a few inputs, in float64 and with its hooks, and is compared with what was
    traced. Constants that have changed (a slope, a factor, a mask, a buffer that is no part of
    ``state_dict()``) are kept with the checkpoint, and replayed with it. If the network has changed
    otherwise (layers, tied weights, a hook), there is no checkpoint, and
    :class:`~splineviz.errors.NetworkChanged` says what is different.

    What is on disk is complete at every moment. If the process is killed, the run opens and holds
    every checkpoint but at most the one that was being written. An exception that leaves the
    ``with`` block before anything is recorded leaves no run behind. While a recorder is open,
    another one on the same folder is refused. A training in several processes of
    ``torch.distributed`` is recorded on rank 0 only.

    Parameters
    ----------
    path : str or path-like
        The folder of the run. It is created if it does not exist.
    model : torch.nn.Module
        The network in training, in any mode, dtype and on any device, also in compiled and
        data-parallel wrappers.
    schedule : iterable of int, callable, or None
        Which steps get a checkpoint. Steps, for example from
        :func:`~splineviz.training.recording.schedule.log_schedule`: the first step reported at or
        after each gets one. A function of the step: where it is true. None: every reported step.
    samples : pair of array-like or tensor, optional
        Training points to draw later: inputs (n, *input_shape) and targets (n, ...).
    input_shape : tuple of int or int, optional
        The shape of one input. Default: that of `samples`, or what the first layer takes if that
        layer is a ``Linear``.
    start : str, optional
        The path of a module, such as ``"transformer.wte"``, whose result is to be the input of what
        is replayed, as for :func:`~splineviz.trace`. So a network whose input is the numbers of
        tokens is recorded behind its embedding; `samples` and `input_shape` are then of what the
        module makes. Default: the network's own input.
    example : array or tensor, optional
        Inputs that the network itself takes, such as tokens of shape (1, length); goes with
        `start`. What else the network makes of them, such as a mask, is that of the first.
    class_names : sequence of str, optional
        Names of the classes, in the order of the labels: one for each label.
    metadata : mapping, optional
        Anything JSON can hold that is worth knowing later: seed, optimizer, data set.
    dtype : {"float32", "float16", "float64"}
        The type the weights are stored in. float32 holds those of a float32 or bfloat16 network
        exactly; float16 halves the files and moves boundaries by a relative 5e-4.
    resume : bool or int
        What to do if the folder holds a run. False: refuse. True: go on after its last
        checkpoint (or begin, if there is no run yet). A step that the run has reached: drop what
        was recorded after it and go on from there. The model is left alone: load its weights
        first, for example with :meth:`~splineviz.training.runs.Run.state`, and set its constants.

    Attributes
    ----------
    path : Path
        The folder, absolute.

    Raises
    ------
    RecordingError
        If the folder holds a run and `resume` is False, or the run to resume has another network,
        dtype or other samples, ends before the step to resume from, or is still being recorded; if
        an argument cannot be used; if this process has another rank than 0; if the disk refuses.
    RunCorrupt
        If the manifest or the metrics of the run to resume are damaged. A run that is refused
        stays as it was.
    UnsupportedLayer, TraceMismatch
        If the network cannot be traced exactly.
    UnknownName
        If the network has no module of the name `start`.
    ShapeMismatch, NonFiniteValues
        If samples and network do not fit, or hold NaN or infinity.

    Notes
    -----
    The comparison takes 2 ms for a network 2-32-32-32-2 on one core, 8 ms for 784-200x4-10 and
    0.13 s for 3072-1024x3-10: a third to three quarters of a checkpoint's time, by how fast the
    disk is. Where a constant has changed, the network is traced again, which takes 5 to 10 times
    as long. ``python -m pytest tests/benchmarks/test_recording_speed.py -s`` measures it.

    The network and the program may differ by the rounding of float64. Where large terms cancel,
    that is what becomes of relative changes of all numbers by 2**-36.

    Examples
    --------
    ::

        with Recorder("runs/moons", model, schedule=log_schedule(10_000, 80)) as recorder:
            recorder.step(0)
            for step in range(1, 10_001):
                loss = train_one_step(model)
                recorder.step(step, train_loss=loss)
        run = Run("runs/moons")
    """

    @explained()
    def __init__(
        self,
        path: str | os.PathLike[str],
        model: torch.nn.Module,
        *,
        schedule: Schedule = None,
        samples: tuple[Any, Any] | None = None,
        input_shape: Sequence[int] | int | None = None,
        start: str | None = None,
        example: npt.ArrayLike | torch.Tensor | None = None,
        class_names: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        dtype: str = "float32",
        resume: bool | int = False,
    ) -> None:
        check_rank()
        self.path = as_path(path).absolute()
        self._due = due_test(schedule)
        self._dtype = dtype
        self._closed = False
        check_name(DTYPES, "dtype", dtype)
        if not isinstance(resume, bool):
            resume = as_int(resume, "resume", 0, advice="True, or the step to go on from")
        self._writer = RunWriter(self.path, resume=resume)
        names = None if class_names is None else as_names(class_names, "class_names", _NAMES)
        points = None if samples is None else as_samples(samples)
        if points is not None:
            check_classes(points["targets"], names)
        inputs = None if points is None else points["inputs"]
        begin = _start(start, example)
        traced = _trace(model, input_shape, inputs, begin)
        self._network = RecordedNetwork(model, traced, dtype, inputs, begin)
        manifest = Manifest(
            network=self._graph(traced.program),
            dtype=dtype,
            class_names=names,
            metadata=_checked_metadata(metadata),
            libraries=_versions(),
        )
        self._previous = self._writer.begin(manifest, points)

    @property
    def last_checkpoint(self) -> int | None:
        """The step of the last checkpoint in the run, or None if there is none yet."""
        checkpoints = self._writer.manifest.checkpoints
        return checkpoints[-1].step if checkpoints else None

    def due(self, step: int) -> bool:
        """Tell whether reporting `step` next would write a checkpoint.

        Useful to compute costly metrics only then.
        """
        return self._due(self._previous, as_int(step, "step", 0))

    def step(self, step: int, /, **metrics: SupportsFloat) -> bool:
        """Report a step of training: log its metrics, and write a checkpoint if one is due.

        Parameters
        ----------
        step : int
            The number of updates of the weights made so far; 0 is the untrained network. It must
            grow from call to call. Batches whose gradients are accumulated make one step together.
        **metrics : number or tensor of one element
            Logged whether or not a checkpoint is due. NaN and infinity are kept as they are. A
            metric may be left out, or appear later: its other rows are then NaN.

        Returns
        -------
        bool
            Whether a checkpoint was written.

        Raises
        ------
        RecordingError
            If the step is negative, repeats, goes backwards or does not fit into 64 bits; if a
            metric is not a number; if the network can no longer be copied; if the recording is
            closed; if the disk refuses. What was recorded before stays, and later steps can still
            be recorded.
        NetworkChanged
            If a checkpoint is due and the network has changed in more than the values of weights
            and constants; the message says how. The metrics of the step are kept.
        NonFiniteValues
            If a checkpoint is due and a weight is NaN or infinite (or too large for float16), or
            the network overflows. The metrics of the step are kept.
        """
        if self._closed:
            raise RecordingError(
                f"the recording in {self.path} is closed; to add steps, make a Recorder with "
                "resume=True"
            )
        step = as_int(step, "step", 0)
        if step <= self._previous:
            raise RecordingError(
                f"step {step} comes after step {self._previous}, and steps must grow. A step is an "
                "update of the weights, not a batch: with gradient accumulation report it once, "
                "after optimizer.step(), and count on from epoch to epoch. All metrics of a step "
                "go into one call; to record a part of a training anew, make a Recorder with "
                "resume=STEP"
            )
        row = {name: _checked_metric(name, value) for name, value in metrics.items()}
        due = self.due(step)
        self._previous = step
        if row:
            self._writer.log(step, row)
        if due:
            self._add_checkpoint(step)
        return due

    def close(self) -> None:
        """End the recording. Leaving the ``with`` block does it; closing twice does no harm.

        Raises
        ------
        RecordingError
            If the disk refuses.
        """
        self._close("finished")

    def discard(self) -> None:
        """End the recording and delete it, as if it had never begun.

        For a training that failed before anything was learned. Other files in the folder stay, and
        the folder does if it was there before. If the recording is closed, nothing is done.

        Raises
        ------
        RecordingError
            If an earlier recording was resumed, which stays as it is; or if the disk refuses.
        """
        if not self._closed:
            self._closed = True
            self._writer.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._close("finished")
            return
        try:
            if self._writer.is_empty():
                self.discard()
            else:
                self._close("interrupted")
        except RecordingError as second:
            error.add_note(f"While the recording was being closed: {second}")

    def __repr__(self) -> str:
        count = len(self._writer.manifest.checkpoints)
        state = "closed" if self._closed else "open"
        return f"Recorder({str(self.path)!r}: {count} checkpoints, {state})"

    def _graph(self, program: Program) -> Mapping[str, Any]:
        """Return the network of the manifest: that of the run to resume, if there is one."""
        old = self._writer.old
        if old is None:
            # As it will be read back.
            graph: dict[str, Any] = json.loads(json.dumps(program.to_json()))
            return graph
        try:
            self._network.resume(old.network)
        except NetworkChanged as error:
            raise NetworkChanged(
                f"the run in {self.path} records another network than this model: {error}. Pass "
                "the model the run was begun with, or record into another folder"
            ) from error
        return old.network

    def _add_checkpoint(self, step: int) -> None:
        try:
            weights, options = self._network.read()
        except SplinevizError as error:
            known = isinstance(error, NonFiniteValues | NetworkChanged)
            kind = type(error) if known else RecordingError
            raise kind(
                f"no checkpoint at step {step}: {str(error).rstrip('.')}. The run keeps the "
                f"{len(self._writer.manifest.checkpoints)} before it"
            ) from error
        self._writer.add_checkpoint(step, weights, options)

    def _close(self, status: str) -> None:
        if not self._closed:
            self._closed = True
            self._writer.end(status)


_SHAPES = "the shape of one input, in whole numbers such as (2,) or (1, 28, 28)"
_NAMES = "a list of names, one a class"


def _start(start: str | None, example: Any) -> Start | None:
    """Return where the replayed part of the network begins; None for its own input."""
    if (start is None) != (example is None):
        raise InvalidArgument(
            "start names a module of the network and example holds inputs of the network, such as "
            "tokens of shape (1, length): give both to record behind that module, or none"
        )
    if start is None:
        return None
    from splineviz.network.tracing.trace import start_at

    return start_at(start, example)


def _trace(
    model: torch.nn.Module,
    input_shape: Sequence[int] | int | None,
    inputs: npt.NDArray[Any] | None,
    start: Start | None,
) -> Lowered:
    from splineviz.network.tracing.trace import traced

    stated = None if input_shape is None else as_shape(input_shape, "input_shape", _SHAPES)
    shape = None if inputs is None else tuple(inputs.shape[1:])
    if None not in (stated, shape) and stated != shape:
        raise ShapeMismatch(
            f"input_shape is {stated}, but the inputs of samples have shape {shape}"
        )
    shape = stated if shape is None else shape
    if start is None:
        return traced(model, input_shape_of(model) if shape is None else shape)
    lowered = traced(model, start)
    start_shape = lowered.program.input_shape
    if shape not in (None, start_shape):
        raise ShapeMismatch(
            f"the module {start.module!r} makes {start_shape} of one input, but the inputs of "
            f"samples, or input_shape, have shape {shape}: they are what is put behind that module"
        )
    return lowered


def _checked_metric(name: str, value: Any) -> float:
    if name == "step" or not name.strip() or not name.isprintable():
        raise InvalidArgument(f"a metric cannot be named {name!r}")
    number = value
    if hasattr(value, "item"):
        try:
            # item() takes a tensor's value off its device, without a warning about gradients.
            number = value.item()
        except (ValueError, RuntimeError) as error:
            raise InvalidArgument(f"the metric {name!r} must be one number: {error}") from error
    if not isinstance(number, Real):
        raise InvalidArgument(f"the metric {name!r} must be one number, not {number!r}")
    try:
        return float(number)
    except OverflowError as error:
        raise InvalidArgument(f"the metric {name!r} is too large for a float") from error


def _checked_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if metadata is None:
        return None
    check_kind(metadata, Mapping, "metadata", "a dict of what is worth knowing later")
    try:
        checked: dict[str, Any] = json.loads(json.dumps(dict(metadata), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"metadata must hold what JSON can hold (text, finite numbers, lists, dicts): {error}"
        ) from error
    return checked


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        # A checkout that is not installed has no version to tell.
        with suppress(PackageNotFoundError):
            versions[library] = version(library)
    return versions
