"""Run: a recorded training, read from disk without torch."""

from __future__ import annotations

import difflib
import hashlib
import importlib.resources
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import (
    InvalidArgument,
    InvalidProgram,
    NonFiniteValues,
    RunCorrupt,
    RunNotFound,
    ShapeMismatch,
    UnknownName,
    UnsafeFile,
)
from splineviz.files import read_file
from splineviz.network.program import Program
from splineviz.training.files.checkpoint_encoding import options_of, with_options
from splineviz.training.files.manifest import (
    MANIFEST,
    METRICS,
    MOST_MANIFEST_BYTES,
    PROBES,
    Checkpoint,
    Manifest,
)
from splineviz.training.files.metrics import read_metrics
from splineviz.training.files.stored_arrays import decoded, read_samples, read_stored
from splineviz.typing import AnyFloatArray, IntArray
from splineviz.validation.calls import explained
from splineviz.validation.names import as_path, as_step, as_steps, check_name
from splineviz.validation.numbers import check_flags

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from splineviz.complexity.arguments.layer_names import Selection
    from splineviz.complexity.checkpoint_curves import Probe
    from splineviz.complexity.results.curves import ComplexityCurves
    from splineviz.progress import Progress
    from splineviz.training.data import BoundaryProbe

CACHE = "cache"
MOST_LISTED = 10


class Run:
    """A recorded training: the network at every checkpoint, the metrics, the training points.

    Opening a run reads its manifest only; checkpoints are read, and checked against their hash,
    when they are used. A run can be opened while it is still being recorded.

    Parameters
    ----------
    path : str or path-like
        The folder of the run.

    Attributes
    ----------
    path : Path
        The folder, absolute.
    name : str
        The last part of the path.

    Raises
    ------
    RunNotFound
        If the folder does not exist, holds no run or may not be read; the message names the runs
        near it.
    RunCorrupt
        If the manifest is truncated, altered or of a newer format.

    Examples
    --------
    >>> run = Run.bundled("checkerboard")
    >>> run
    Run('checkerboard': 56 checkpoints, steps 0 to 30000, finished)
    >>> program = run.program(30000)
    >>> program.input_shape
    (2,)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path).absolute()
        self.name = self.path.name
        self._manifest = self._read_manifest()

    @classmethod
    def bundled(cls, name: str = "checkerboard") -> Run:
        """Open a run that comes with splineviz, so that there is something to replay at once.

        Parameters
        ----------
        name : str
            ``checkerboard``, ``digits-robust-small``, ``digits-grokking``, ``digits-batch-norm`` or
            ``digits-no-batch-norm``.

        Raises
        ------
        UnknownName
            If no run of that name is bundled; the message lists those that are.

        Notes
        -----
        Their weights are stored as float16. What is replayed is the network with these weights;
        the accuracies and losses that its training logged are of the weights before rounding.
        """
        data = Path(str(importlib.resources.files("splineviz").joinpath("data")))
        known = _runs_in(data)
        check_name(known, "bundled run", name)
        path = data / name
        if (path / MANIFEST).is_symlink():
            # Some installers link every file of a package to a folder of theirs.
            path = (path / MANIFEST).resolve().parent
        return cls(path)

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The checkpoints by increasing step: each a record of step, file and sha256."""
        return self._manifest.checkpoints

    @property
    def steps(self) -> IntArray:
        """The steps that have a checkpoint, increasing, shape (len(run),)."""
        return np.array([checkpoint.step for checkpoint in self.checkpoints], dtype=np.int64)

    @property
    def status(self) -> str:
        """How the recording ended: ``"finished"``, ``"interrupted"``, or still ``"recording"``.

        A process that was killed could not say so: its run stays ``"recording"``.
        """
        return self._manifest.status

    @property
    def metrics(self) -> pd.DataFrame:
        """The logged metrics as they are on disk now: float64 columns, indexed by step.

        Steps at which a metric was not given, or was not a number, are NaN. What
        :func:`splineviz.training.recipes.measure` has measured at checkpoints stands beside what
        was logged.

        Raises
        ------
        RunCorrupt
            If the file is not a table of numbers.
        """
        logged, probes = (read_metrics(self.path / name) for name in (METRICS, PROBES))
        probes = probes.loc[probes.index.isin(self.steps)]
        if probes.empty:
            return logged
        # Of what both have, that which was measured of the checkpoint itself.
        both = logged.columns.intersection(probes.columns)
        probes = probes.combine_first(logged[both])[probes.columns]
        return logged.drop(columns=both).join(probes, how="outer")

    @property
    def samples(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        """The training points kept with the run, or None.

        Returns
        -------
        inputs : numpy.ndarray of shape (n, *input_shape)
            In the floating-point type they were given in.
        targets : numpy.ndarray of shape (n, ...)
            Labels (integers), or whatever the targets were.

        Raises
        ------
        RunCorrupt
            If the file is missing or not what the manifest says, or if inputs, targets, network and
            class names do not fit each other.
        """
        return read_samples(self.path, self._manifest)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes in the order of the labels, or None if none were given."""
        return self._manifest.class_names

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted when recording began: recipe, seed, optimizer and so on."""
        return dict(self._manifest.metadata or {})

    @property
    def libraries(self) -> dict[str, str]:
        """The versions of the libraries that recorded the run."""
        return dict(self._manifest.libraries or {})

    @property
    def dtype(self) -> str:
        """The type the weights are stored in: ``"float16"``, ``"float32"`` or ``"float64"``."""
        return self._manifest.dtype

    def state(self, step: int) -> dict[str, AnyFloatArray]:
        """The weights at a checkpoint as they are stored, by their name in the recorded model.

        With ``torch.from_numpy`` they go into ``model.load_state_dict(..., strict=False)``, which
        is how a training is taken up again. The optimizer's state is not part of a run, and numbers
        that are no weights, such as slopes, are in `program` only.

        Parameters
        ----------
        step : int
            A step that has a checkpoint.

        Returns
        -------
        dict of str to numpy.ndarray
            Fresh arrays, free to change.

        Raises
        ------
        UnknownStep
            If there is no checkpoint at that step; the message names the nearest.
        InvalidArgument
            If the step is not a whole number.
        RunCorrupt
            If the checkpoint's file is missing, truncated or altered.
        """
        checkpoint = self._checkpoint(step)
        most = self._manifest.most_checkpoint_bytes()
        return decoded(read_stored(self.path, checkpoint, most), self.path / checkpoint.file)

    def program(self, step: int) -> Program:
        """The network at a checkpoint, with its weights as float64. Needs no torch.

        Constants such as slopes and masks are those that the network had at that step.

        Parameters
        ----------
        step : int
            A step that has a checkpoint: one of `steps`.

        Returns
        -------
        Program

        Raises
        ------
        UnknownStep
            If there is no checkpoint at that step; the message names the nearest.
        InvalidArgument
            If the step is not a whole number.
        RunCorrupt
            If the checkpoint's file is missing, truncated or altered, or does not fit the network.
        """
        checkpoint = self._checkpoint(step)
        data = read_stored(self.path, checkpoint, self._manifest.most_checkpoint_bytes())
        state = decoded(data, self.path / checkpoint.file)
        network = dict(self._manifest.network)
        if checkpoint.constants:
            try:
                network = with_options(network, options_of(data))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise RunCorrupt(
                    f"the constants in {self.path / checkpoint.file} do not fit the network in "
                    f"{self.path / MANIFEST}: {error}"
                ) from error
        try:
            return Program.from_json(network, state)
        except (InvalidProgram, NonFiniteValues, ShapeMismatch, UnknownName) as error:
            raise RunCorrupt(
                f"the network in {self.path / MANIFEST} and its checkpoint at step {step} do not "
                f"make a program: {error}"
            ) from error

    def model(self, step: int) -> torch.nn.Module:
        """The network at a checkpoint as a differentiable torch module.

        Parameters
        ----------
        step : int
            A step that has a checkpoint: one of `steps`.

        Returns
        -------
        torch.nn.Module
            In float64 if the weights are stored so, else in float32.

        Raises
        ------
        UnknownStep, InvalidArgument, RunCorrupt
            As `program` does.
        """
        import torch

        dtype = torch.float64 if self.dtype == "float64" else torch.float32
        return self.program(step).to_module(dtype=dtype)

    @explained()
    def probes(
        self,
        n: int | None = None,
        *,
        seed: int = 0,
    ) -> dict[str, AnyFloatArray | BoundaryProbe]:
        """The points to measure :meth:`local_complexity` around, by name.

        Parameters
        ----------
        n : int, optional
            How many of each kind. Default: as many as there are training points. Training and
            test points are chosen without repetition, and are all if there are fewer; there are as
            many random and boundary points as training points.
        seed : int
            Seed of all choices. NumPy's global random state is not used.

        Returns
        -------
        dict of str to array (n, *input_shape) or BoundaryProbe
            ``"training"``: points kept with the run. ``"test"``: test points of the recipe that
            made the run; a run of one's own keeps none, and has none here. ``"random"``: uniform in
            the range of the training points. ``"boundary"``: a
            :class:`~splineviz.training.data.BoundaryProbe`, which finds points on the decision
            boundary of each checkpoint; where the targets are classes.

        Raises
        ------
        InvalidArgument
            If the run kept no training points, `n` is not positive, `seed` is negative, or one of
            them is no whole number.
        RunCorrupt
            As `program` does.

        Examples
        --------
        >>> run = Run.bundled("checkerboard")
        >>> list(run.probes())
        ['training', 'test', 'random', 'boundary']
        >>> run.probes(40)["test"].shape
        (40, 2)
        """
        from splineviz.training.probe_points import probes_of

        return probes_of(self, self._kept_samples(), n, seed)

    @explained(centre="center")
    def local_complexity(
        self,
        probes: Probe | Mapping[str, Probe] | None = None,
        *,
        radius: float | npt.ArrayLike = 0.005,
        directions: int | npt.ArrayLike | None = None,
        seed: int = 0,
        layers: Selection = None,
        logits: bool = False,
        winners: bool = False,
        live_at: str | npt.ArrayLike | None = None,
        center: bool = False,
        shared_frame: bool = True,
        steps: Iterable[int] | None = None,
        cache: bool = True,
        device: str | torch.device | None = None,
        progress: Progress | bool | None = None,
    ) -> ComplexityCurves:
        """Local complexity at all checkpoints: how many neurons are crossed near some points.

        Counts are kept in the folder ``cache`` of the run, checkpoint by checkpoint, under a hash
        of all that they depend on: a call that was interrupted goes on where it stopped. The folder
        may be deleted at any time.

        Networks that cannot be recorded are measured while they are trained; see
        :meth:`ComplexityCurves.from_results`.

        Whether a curve rises or falls can depend on the radius. Give two or three, such as
        ``radius=[0.005, 0.05, 0.1]``, and :meth:`ComplexityCurves.summary` says what each shows.

        Parameters
        ----------
        probes : array-like of shape (N, *input_shape), callable, or mapping of str to these
            Where to measure. Default: the training points kept with the run. :meth:`probes` has
            test, random and boundary points beside them. A function is
            called with the Program of each checkpoint and finds points for it, as many each time;
            it may raise ``EmptyBoundary`` where there are none.
        radius, directions, seed, layers, logits, winners, center, shared_frame, device
            As for :func:`splineviz.local_complexity`. A function that chooses layers is called for
            those of the first checkpoint.
        live_at : str or array-like of shape (M, *input_shape), optional
            Count only neurons that are live at these points, found anew at each checkpoint; see
            :func:`splineviz.neuron_states`. ``"training"`` stands for the training points kept with
            the run, another name for the points of that probe. Default: count all neurons.
        steps : iterable of int, optional
            Which checkpoints. Default: all.
        cache : bool
            Whether to read and write the cache. A folder that cannot be written is no error.
        progress : bool or callable, optional
            True for a progress bar. A function is called with (checkpoints done, checkpoints in
            all).

        Returns
        -------
        ComplexityCurves

        Raises
        ------
        InvalidArgument
            If the run has no checkpoints yet, `steps` is empty or no sequence, or the run kept no
            training points and none are given; and as ``local_complexity`` does: if there are more
            directions than the input has dimensions, for example.
        UnknownStep, InvalidArgument, RunCorrupt
            As `program` does.
        ShapeMismatch, NonFiniteValues, UnknownName
            As ``local_complexity`` does.

        Examples
        --------
        >>> run = Run.bundled("checkerboard")
        >>> run.local_complexity(radius=0.1, directions=2, steps=[0, 30000], cache=False)
        ComplexityCurves(training 9.693 → 7.447; steps 0 to 30000, 2 checkpoints, radius 0.1, ...)
        """
        from splineviz.complexity.checkpoint_curves import complexity_over_training

        if not self.checkpoints:
            raise InvalidArgument(f"run {self.name!r} has no checkpoints yet: nothing to measure")
        if probes is None:
            probes = {"training": self._kept_samples()[0]}
        check_flags(cache=cache)
        if isinstance(live_at, str) and live_at == "training":
            live_at = self._kept_samples()[0]
        checkpoints = self.checkpoints if steps is None else self._chosen(steps)
        return complexity_over_training(
            self.program,
            {checkpoint.step: self._contents(checkpoint) for checkpoint in checkpoints},
            probes,
            radius=radius,
            directions=directions,
            seed=seed,
            layers=layers,
            logits=logits,
            winners=winners,
            live_at=live_at,
            center=center,
            shared_frame=shared_frame,
            cache=self.path / CACHE if cache else None,
            device=device,
            progress=progress,
        )

    def refresh(self) -> bool:
        """Look again at what is on disk, for a run that is still being recorded.

        Returns
        -------
        bool
            Whether anything changed: new checkpoints, or the end of the recording.

        Raises
        ------
        RunNotFound, RunCorrupt
            As when opening the run.
        """
        before = self._manifest
        self._manifest = self._read_manifest()
        return self._manifest != before

    def __len__(self) -> int:
        """The number of checkpoints."""
        return len(self.checkpoints)

    def __repr__(self) -> str:
        if not self.checkpoints:
            return f"Run({self.name!r}: no checkpoints yet, {self.status})"
        first, last = self.checkpoints[0].step, self.checkpoints[-1].step
        count = "1 checkpoint" if len(self) == 1 else f"{len(self)} checkpoints"
        span = f"step {first}" if first == last else f"steps {first} to {last}"
        return f"Run({self.name!r}: {count}, {span}, {self.status})"

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import html_or_text
        from splineviz.training.run_html import run_html

        return html_or_text(lambda: run_html(self), repr(self))

    def _checkpoint(self, step: int) -> Checkpoint:
        step = as_step(step, self.steps.tolist(), self.name)
        return next(checkpoint for checkpoint in self.checkpoints if checkpoint.step == step)

    def _chosen(self, steps: Iterable[int]) -> tuple[Checkpoint, ...]:
        """The checkpoints at some steps, at least one."""
        return tuple(map(self._checkpoint, as_steps(steps, self.steps.tolist(), self.name)))

    def _contents(self, checkpoint: Checkpoint) -> str:
        """A name for the network at a checkpoint; equal names are equal networks."""
        if not any(other.constants for other in self.checkpoints):
            return checkpoint.sha256
        # Constants in the file are those that differ from the manifest's.
        graph = json.dumps(self._manifest.network, sort_keys=True).encode()
        return f"{checkpoint.sha256} {hashlib.sha256(graph).hexdigest()}"

    def _kept_samples(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        samples = self.samples
        if samples is None:
            raise InvalidArgument(
                f"run {self.name!r} kept no training points: say where to measure with probes=, "
                "such as probes={'test': inputs}; a Recorder keeps them if it is given samples="
            )
        return samples

    def _read_manifest(self) -> Manifest:
        path = self.path / MANIFEST
        try:
            data = read_file(path, MOST_MANIFEST_BYTES, inside=self.path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunNotFound(_what_is_there(self.path)) from error
        except UnsafeFile as error:
            raise RunCorrupt(f"the run in {self.path} cannot be opened: {error}") from error
        except OSError as error:
            raise RunNotFound(f"the run in {self.path} cannot be read: {error}") from error
        return Manifest.from_bytes(data, path)


def _runs_in(folder: Path) -> list[str]:
    """The names of the runs right inside a folder, sorted."""
    try:
        return sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
    except OSError:
        return []


def _what_is_there(path: Path) -> str:
    """Why a run cannot be opened at a path, and which runs are near it."""
    if path.is_dir():
        inside = _runs_in(path)
        if inside:
            return f"{path} is not a run, but a folder that holds runs: {_some(inside)}"
        problem = f"{path} holds no run: there is no {MANIFEST} in it"
    elif path.exists():
        problem = f"{path} is a file, and a run is a folder"
    else:
        problem = f"there is no folder {path}"
    beside = _runs_in(path.parent)
    near = difflib.get_close_matches(path.name, beside)
    if near:
        return f"{problem}. Near it: {_some(near)}"
    if beside:
        return f"{problem}. {path.parent} holds: {_some(beside)}"
    return f"{problem}. Runs are made with Recorder or recipes.train"


def _some(names: list[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:MOST_LISTED])
    return listed if len(names) <= MOST_LISTED else f"{listed} and {len(names) - MOST_LISTED} more"
