"""LiveTraining: a training that is driven from outside, a few updates at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, NonFiniteValues
from splineviz.training.data import Dataset
from splineviz.training.live.kept_steps import KeptSteps
from splineviz.training.live.settings import OPTIMIZERS, LiveSettings, as_batch, as_rate
from splineviz.training.recording.schedule import log_schedule
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int
from splineviz.validation.objects import check_kind

if TYPE_CHECKING:
    import torch

    from splineviz.network.program import Program
    from splineviz.network.tracing.lowering.graph_lowering import Lowered
    from splineviz.network.tracing.module_state import Surroundings
    from splineviz.training.recording.recorder import Recorder

#: Which steps of a recording get a checkpoint, beside its last.
SCHEDULE = frozenset(log_schedule(10_000_000, 240))

_FOREVER = 2**62
_DATA = "splineviz.training.data has functions that make data sets, such as two_moons()"


class LiveTraining:
    """An MLP that learns to classify, a few updates at a time; its settings may change in between.

    It is trained with the cross-entropy on shuffled batches, on one CPU thread, from its own random
    generator. All methods may be called from any thread; they take turns.

    Parameters
    ----------
    data : Dataset
        What to learn; it may have no test points.
    width, depth : int
        Neurons of a hidden layer, and how many hidden layers.
    scale : float
        Multiplies the initial weights and biases, as for
        :func:`~splineviz.training.mlp.scaled_mlp`.
    batch_norm : bool
        Whether each hidden layer is followed by batch normalization.
    optimizer : str
        A row of :data:`~splineviz.training.live.settings.OPTIMIZERS`.
    learning_rate, weight_decay : float
        Its settings, from 0 on.
    batch : int
        Points an update, at least 1; with batch normalization at least 2.
    seed : int
        Decides the initial weights and the order of the points.

    Attributes
    ----------
    steps : int
        Updates made so far.
    data : Dataset
        What is learned now.
    model : torch.nn.Sequential
        The network, in training mode.
    recording : Path or None
        The folder of the recording, once there is one.

    Raises
    ------
    UnknownName
        If there is no such optimizer.
    InvalidArgument
        If a setting has no meaning.

    Examples
    --------
    >>> from splineviz.training.data import two_moons
    >>> training = LiveTraining(two_moons(), width=8, depth=1)
    >>> training.step(20)
    >>> training.steps, len(training.program().activations)
    (20, 1)
    """

    @explained()
    def __init__(
        self,
        data: Dataset,
        *,
        width: int = 32,
        depth: int = 3,
        scale: float = 1.0,
        batch_norm: bool = False,
        optimizer: str = "AdamW",
        learning_rate: float = 5e-3,
        weight_decay: float = 0.0,
        batch: int = 64,
        seed: int = 0,
    ) -> None:
        import torch

        from splineviz.training.fit import plain_training
        from splineviz.training.mlp import scaled_mlp, with_batch_norm

        _check_data(data)
        settings = LiveSettings(
            width=width,
            depth=depth,
            scale=scale,
            batch_norm=batch_norm,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            batch=batch,
            seed=seed,
        )
        self._lock = threading.RLock()
        self._generator = torch.Generator().manual_seed(settings.seed)
        widths = [2, *[settings.width] * settings.depth, len(data.class_names)]
        with plain_training():
            mlp = scaled_mlp(widths, scale=settings.scale, generator=self._generator)
            self.model = with_batch_norm(mlp) if settings.batch_norm else mlp
        self._batch_norm = settings.batch_norm
        self._optimizer = OPTIMIZERS[settings.optimizer](
            self.model.parameters(), settings.learning_rate, settings.weight_decay
        )
        self.steps = 0
        self.recording: Path | None = None
        self._recorder: Recorder | None = None
        self._keep_step = False
        self._kept = KeptSteps()
        self._traced: Lowered | None = None
        self._surroundings: Surroundings = {}
        self._seed = settings.seed
        self._use(data, settings.batch)

    # ------------------------------------------------------------ settings that change on the way

    @property
    def learning_rate(self) -> float:
        """The learning rate of the updates to come; may be set."""
        return float(self._optimizer.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._set("lr", as_rate(value, "learning_rate"))

    @property
    def weight_decay(self) -> float:
        """The weight decay of the updates to come; may be set."""
        return float(self._optimizer.param_groups[0]["weight_decay"])

    @weight_decay.setter
    def weight_decay(self, value: float) -> None:
        self._set("weight_decay", as_rate(value, "weight_decay"))

    @property
    def batch(self) -> int:
        """Points of an update; may be set."""
        return self._batch

    @batch.setter
    def batch(self, value: int) -> None:
        self._use(self.data, value)

    def learn(self, data: Dataset) -> None:
        """Go on with other points.

        Parameters
        ----------
        data : Dataset
            Of as many classes as the one before.

        Raises
        ------
        InvalidArgument
            If there are more classes, or fewer.
        """
        _check_data(data)
        known, new = len(self.data.class_names), len(data.class_names)
        if new != known:
            raise InvalidArgument(
                f"data has {new} classes, and the network tells {known} apart: begin another "
                "training for them"
            )
        self._use(data, self._batch)

    # ------------------------------------------------------------ training

    def step(self, n: int = 1) -> None:
        """Make some updates.

        Parameters
        ----------
        n : int
            How many.

        Raises
        ------
        InvalidArgument
            If `n` is not a whole number of at least 1, or there are no training points.
        NonFiniteValues
            If the loss is no longer finite: the training has diverged. The weights are then of no
            use.
        RecordingError
            If a checkpoint cannot be written.
        """
        from splineviz.training.fit import one_thread, plain_training

        for _ in range(as_int(n, "n", 1)):
            with self._lock, one_thread(), plain_training():
                if not self._kept:
                    self._keep()
                self._update()
                if self.steps in SCHEDULE:
                    self._keep()
                if self._recorder is not None and self._recorder.due(self.steps):
                    self._report(self._recorder)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the weights, by name, as they are between two updates."""
        with self._lock:
            return {name: value.numpy().copy() for name, value in self.model.state_dict().items()}

    def program(self) -> Program:
        """The network as it is now; traced in the first call, which takes longer.

        It is traced again if more of `model` was changed than its weights.

        Raises
        ------
        NonFiniteValues
            If the training has diverged.
        """
        from splineviz.network.tracing.module_state import surroundings_of
        from splineviz.network.tracing.trace import traced

        with self._lock:
            state, steps, known = self.state(), self.steps, self._traced
            surroundings = surroundings_of(self.model)
            weights = {} if known is None else known.folding.weights_of(self.model)
        for name, array in state.items():
            if not np.isfinite(array).all():
                raise _diverged(steps, f"{name} holds NaN or infinity")
        if known is None or surroundings != self._surroundings:
            with self._lock:
                known = self._traced = traced(self.model, 2)
                self._surroundings = surroundings
                weights = known.folding.weights_of(self.model)
        return known.program.with_state(weights)

    def measure(self) -> dict[str, float]:
        """The loss on all training points, and the shares of points that are classified right.

        Returns
        -------
        dict of str to float
            ``train_loss``, ``train_accuracy`` and, if there are test points, ``test_accuracy``.

        Raises
        ------
        InvalidArgument
            If there are no training points.
        """
        import torch
        from torch.nn.functional import cross_entropy

        from splineviz.training.fit import one_thread, plain_training

        with self._lock, one_thread(), plain_training(), torch.no_grad():
            self._check_points()
            self.model.eval()
            outputs, test = self.model(self._inputs), self.model(self._test_inputs)
            self.model.train()
            metrics = {
                "train_loss": float(cross_entropy(outputs, self._labels)),
                "train_accuracy": float((outputs.argmax(1) == self._labels).double().mean()),
            }
            if len(test):
                right = test.argmax(1) == self._test_labels
                metrics["test_accuracy"] = float(right.double().mean())
            return metrics

    # ------------------------------------------------------------ recording

    def record(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Record from now on: checkpoints at the steps of :data:`SCHEDULE`, with metrics.

        Parameters
        ----------
        path : str or path-like
            The folder to record in; it must not hold a run.
        **metadata
            What is worth knowing later, beside the seed.

        Raises
        ------
        RecordingError
            If it cannot be recorded there.
        InvalidArgument
            If there are no training points, or it is recorded already.
        """
        with self._lock:
            self._check_points()
            if self._recorder is not None:
                raise InvalidArgument(f"this training is recorded already, in {self.recording}")
            recorder = self._recorder_of(path, self.model, self.data, self._due, metadata)
            self._recorder, self.recording = recorder, recorder.path
            # The first step is kept like the last.
            self._keep_step = True
            self._report(recorder)
            self._keep_step = False

    def write_kept(self, path: str | os.PathLike[str], **metadata: Any) -> None:
        """Write what is kept in memory of this training as a run, recorded or not.

        That are the steps of :data:`SCHEDULE` from the first on, as many as there is room for, and
        the last.

        Parameters
        ----------
        path : str or path-like
            The folder of the run; it must not hold one.
        **metadata
            What is worth knowing later, beside the seed.

        Raises
        ------
        InvalidArgument
            If nothing has been trained yet.
        RecordingError
            If it cannot be written there.
        """
        import torch

        with self._lock:
            if len(self._kept) == 0:
                raise InvalidArgument("nothing has been trained yet: train for a few steps first")
            # Of a training that diverged, or has lost its points, the last step is nothing to keep.
            with suppress(NonFiniteValues, InvalidArgument):
                self._keep()
            kept, data, model = list(self._kept), self.data, deepcopy(self.model)
        with self._recorder_of(path, model, data, None, metadata) as recorder:
            for step, state, metrics in kept:
                model.load_state_dict({k: torch.from_numpy(array) for k, array in state.items()})
                recorder.step(step, **metrics)

    def close(self) -> None:
        """End the recording, with a checkpoint of the last step; without one, do nothing."""
        with self._lock:
            recorder, self._recorder = self._recorder, None
            if recorder is None:
                return
            if recorder.last_checkpoint != self.steps:
                self._keep_step = True
                # Of a training that diverged, the last step is nothing to keep.
                with suppress(NonFiniteValues):
                    self._report(recorder)
            recorder.close()

    # ------------------------------------------------------------ inside

    def _update(self) -> None:
        import torch

        self._check_points()
        chosen = next(self._batches)
        outputs = self.model(self._inputs[chosen])
        loss = torch.nn.functional.cross_entropy(outputs, self._labels[chosen])
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self.steps += 1
        if not np.isfinite(loss.item()):
            raise _diverged(self.steps, "the loss is not finite")

    def _keep(self) -> None:
        """Keep this step in memory, unless it is the last that is kept."""
        kept = list(self._kept)
        if not kept or kept[-1].step != self.steps:
            self._kept.keep(self.steps, self.state(), self.measure())

    def _recorder_of(
        self,
        path: str | os.PathLike[str],
        model: torch.nn.Module,
        data: Dataset,
        schedule: Callable[[int], bool] | None,
        metadata: Mapping[str, Any],
    ) -> Recorder:
        from splineviz.training.recording.recorder import Recorder

        return Recorder(
            path,
            model,
            schedule=schedule,
            samples=(data.train_inputs, data.train_labels) if len(data.train_inputs) else None,
            input_shape=2,
            class_names=data.class_names,
            metadata={"seed": self._seed, **metadata},
        )

    def _due(self, step: int) -> bool:
        return self._keep_step or step in SCHEDULE

    def _report(self, recorder: Recorder) -> None:
        try:
            recorder.step(self.steps, **self.measure())
        except NonFiniteValues as error:
            raise _diverged(self.steps, str(error)) from error

    def _use(self, data: Dataset, batch: int) -> None:
        import torch

        from splineviz.training.fit import plain_training

        batch = as_batch(batch, self._batch_norm)
        with self._lock, plain_training():
            self.data, self._batch = data, batch
            self._inputs = torch.tensor(data.train_inputs)
            self._labels = torch.tensor(data.train_labels)
            self._test_inputs = torch.tensor(data.test_inputs)
            self._test_labels = torch.tensor(data.test_labels)
            self._batches = self._make_batches()

    def _make_batches(self) -> Iterator[torch.Tensor]:
        from splineviz.training.fit import batches

        return batches(len(self._inputs), self._batch, _FOREVER, self._generator)

    def _set(self, name: str, value: float) -> None:
        with self._lock:
            for group in self._optimizer.param_groups:
                group[name] = value

    def _check_points(self) -> None:
        if len(self._inputs) == 0:
            raise InvalidArgument("there are no training points yet: draw some first")


def _check_data(data: Dataset) -> None:
    check_kind(data, Dataset, "data", _DATA)
    if data.train_inputs.shape[1:] != (2,) or not data.class_names:
        raise InvalidArgument(
            "data must be points of the plane with classes, such as two_moons(); it has inputs of "
            f"shape {data.train_inputs.shape[1:]} and {len(data.class_names)} classes"
        )


def _diverged(step: int, why: str) -> NonFiniteValues:
    return NonFiniteValues(
        f"training diverged at step {step:,}: lower the learning rate, then reset ({why})"
    )
