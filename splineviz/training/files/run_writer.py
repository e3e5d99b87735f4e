"""RunWriter: puts a run on disk so that it is complete at every moment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from splineviz.errors import RecordingError, RunBusy, RunCorrupt, UnsafeFile
from splineviz.files import make_folder, read_file, remove_file, write_atomically
from splineviz.training.files.checkpoint_encoding import Arrays, Options, encode_checkpoint
from splineviz.training.files.lock import FolderLock
from splineviz.training.files.manifest import (
    CHECKPOINTS,
    MANIFEST,
    METRICS,
    MOST_MANIFEST_BYTES,
    MOST_SAMPLES_BYTES,
    PROBES,
    SAMPLES,
    Checkpoint,
    Manifest,
    StoredFile,
    checkpoint_file,
)
from splineviz.training.files.metrics import MetricsLog
from splineviz.training.files.samples import check_classes
from splineviz.training.files.stored_arrays import read_samples


class RunWriter:
    """Write one run: its manifest, metrics, checkpoints and samples.

    Each file is written in full before it is named in the manifest, and the manifest is replaced
    in one piece. A crash at any moment leaves a run that opens, without the checkpoint that was
    being written. From `begin` to `end` the folder is locked: nothing else may record into it.

    The constructor only reads the folder; `begin` is the first to write.

    Parameters
    ----------
    path : Path
        The folder of the run, absolute.
    resume : bool or int
        As for :class:`~splineviz.training.recording.recorder.Recorder`.

    Attributes
    ----------
    manifest : Manifest
        What is on disk; set by `begin`.
    old : Manifest or None
        That of the run to resume, if there is one.

    Raises
    ------
    RecordingError
        If the folder holds a run that is not to be resumed, parts of one, or none to resume; or
        if it is a file, or cannot be looked into.
    RunCorrupt
        If the manifest of the run to resume is damaged.
    """

    manifest: Manifest

    def __init__(self, path: Path, *, resume: bool | int = False) -> None:
        self.path = path
        self._resume = resume
        self._metrics: MetricsLog | None = None
        self._lock: FolderLock | None = None
        self._is_new = self._made_folder = False
        self.old = self._existing_run()

    def begin(self, manifest: Manifest, samples: Arrays | None = None) -> int:
        """Write the manifest and samples of a new run, or take up the old one.

        Parameters
        ----------
        manifest : Manifest
            Without checkpoints and samples.
        samples : mapping of str to numpy.ndarray, optional
            Arrays to store in the samples file.

        Returns
        -------
        int
            The last step whose records are kept; -1 for a new run.

        Raises
        ------
        RecordingError
            If the run to resume does not fit the manifest or samples, ends before the step to
            resume from, or is being recorded; or if the disk refuses. A run that is not resumed
            stays as it was.
        RunCorrupt
            If the metrics of the run to resume are damaged, or its samples and there are new class
            names; it stays as it was.
        """
        data = None if samples is None else _encode(samples)
        if data is not None and len(data) > MOST_SAMPLES_BYTES:
            raise RecordingError(
                f"the samples have {len(data):,} bytes, and a run keeps up to "
                f"{MOST_SAMPLES_BYTES:,}: give fewer of them, those that are to be drawn"
            )
        stored = None if data is None else StoredFile(SAMPLES, _sha256(data))
        with self._disk("the run cannot be begun"):
            self._made_folder = not self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self.path)
            try:
                self._check_ours()
                # Again, because another recording may have ended since the first look.
                old = self._existing_run()
                self._is_new = old is None
                if old is None:
                    make_folder(self.path / CHECKPOINTS, inside=self.path)
                    if data is not None:
                        write_atomically(self.path / SAMPLES, data, inside=self.path)
                    self._write_manifest(replace(manifest, samples=stored))
                    last = -1
                else:
                    _check_same_run(self.path, old, manifest, stored)
                    if stored is None and manifest.class_names:
                        # The old samples stay, and must fit the new names.
                        kept = read_samples(self.path, replace(old, class_names=None))
                        if kept is not None:
                            check_classes(kept[1], manifest.class_names)
                    last = self._take_up(old, manifest)
                self._metrics = MetricsLog(self.path / METRICS)
            except BaseException:
                self._lock.release()
                raise
        return last

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add a row to the metrics.

        Raises
        ------
        RecordingError
            If the disk refuses; the file is then as it was before.
        """
        with self._disk(f"the metrics of step {step} are not kept"):
            self._check_ours()
            self._open_metrics().append(step, values)

    def add_checkpoint(
        self, step: int, weights: Arrays, options: Options = MappingProxyType({})
    ) -> None:
        """Add a checkpoint, after all that were added before.

        Parameters
        ----------
        step : int
        weights, options
            As for :func:`~splineviz.training.files.checkpoint_encoding.encode_checkpoint`.

        Raises
        ------
        RecordingError
            If the disk refuses; the run is then as it was before.
        """
        data = encode_checkpoint(weights, options)
        checkpoint = Checkpoint(step, checkpoint_file(step), _sha256(data), bool(options))
        with self._disk(f"the checkpoint at step {step} is not kept"):
            self._check_ours()
            write_atomically(self.path / checkpoint.file, data, inside=self.path)
            self._open_metrics().sync()
            self._write_manifest(
                replace(self.manifest, checkpoints=(*self.manifest.checkpoints, checkpoint))
            )

    def end(self, status: str) -> None:
        """Write how the recording ended, close its files, and let others record into the folder.

        Raises
        ------
        RecordingError
            If the disk refuses.
        """
        try:
            with self._disk(f"that the recording is {status} is not noted"):
                metrics = self._open_metrics()
                try:
                    self._check_ours()
                    metrics.sync()
                finally:
                    metrics.close()
                self._write_manifest(replace(self.manifest, status=status))
        finally:
            if self._lock is not None:
                self._lock.release()

    def is_empty(self) -> bool:
        """Tell whether the run began here, and has neither checkpoints nor metrics."""
        return self._is_new and not self.manifest.checkpoints and not self._open_metrics().names

    def discard(self) -> None:
        """Delete the run that began here, and let others record into the folder.

        Raises
        ------
        RecordingError
            If the run was there before, or the disk refuses.
        """
        try:
            with self._disk("the recording is not discarded"):
                self._open_metrics().close()
                self._check_ours()
                if not self._is_new:
                    raise RecordingError(
                        f"the run in {self.path} was resumed and is not discarded: delete the "
                        "folder if nothing of it is wanted"
                    )
                folder = self.path / CHECKPOINTS
                # There were none when it began.
                for path in folder.glob("step-*.safetensors"):
                    remove_file(path, inside=self.path)
                for name in (METRICS, PROBES, SAMPLES, MANIFEST):
                    if name != SAMPLES or self.manifest.samples is not None:
                        remove_file(self.path / name, inside=self.path)
                # Where something else was put, it stays.
                with suppress(OSError):
                    folder.rmdir()
                    if self._made_folder:
                        self.path.rmdir()
        finally:
            if self._lock is not None:
                self._lock.release()

    def _existing_run(self) -> Manifest | None:
        with self._disk("the run cannot be begun"):
            return _existing_run(self.path, self._resume)

    def _take_up(self, old: Manifest, new: Manifest) -> int:
        """Drop what was recorded after the step to resume from; return that step."""
        metrics = MetricsLog(self.path / METRICS)
        last = old.checkpoints[-1].step if old.checkpoints else -1
        end = max([last, *metrics.steps()])
        if self._resume is not True:
            last = int(self._resume)
        if last > end:
            raise RecordingError(
                f"the run in {self.path} cannot be resumed at step {last}: "
                + (f"its last step is {end}" if end >= 0 else "it has no steps yet")
                + ". Pass resume=True to go on after its last checkpoint"
            )
        make_folder(self.path / CHECKPOINTS, inside=self.path)
        kept = tuple(checkpoint for checkpoint in old.checkpoints if checkpoint.step <= last)
        self._write_manifest(
            replace(
                new,
                checkpoints=kept,
                samples=old.samples,
                class_names=new.class_names or old.class_names,
                metadata=new.metadata or old.metadata,
            )
        )
        metrics.drop_after(last)
        MetricsLog(self.path / PROBES).drop_after(last)
        for checkpoint in old.checkpoints[len(kept) :]:
            remove_file(self.path / checkpoint.file, inside=self.path)
        return last

    def _write_manifest(self, manifest: Manifest) -> None:
        try:
            data = manifest.to_bytes()
        except ValueError as error:
            # Only what was read of an old run can be so.
            raise RunCorrupt(
                f"{self.path / MANIFEST} holds a number that JSON cannot hold ({error}): set it to "
                "null"
            ) from error
        if len(data) > MOST_MANIFEST_BYTES:
            raise RecordingError(
                f"{self.path / MANIFEST} would have {len(data):,} bytes, and no more than "
                f"{MOST_MANIFEST_BYTES:,} are read: give less metadata or fewer class names, or "
                "record fewer checkpoints"
            )
        write_atomically(self.path / MANIFEST, data, inside=self.path)
        self.manifest = manifest

    def _check_ours(self) -> None:
        """Refuse to write where another process, or another recording, does."""
        if self._lock is None:
            raise RecordingError("a RunWriter is used before begin() was called")
        if os.getpid() != self._lock.owner:
            raise RecordingError(
                f"the recording in {self.path} belongs to process {self._lock.owner}, from which "
                f"this one ({os.getpid()}) was forked: report steps there, or make a Recorder with "
                "a folder of its own here. Nothing was written"
            )
        if not self._lock.is_of(self.path):
            raise RecordingError(
                f"{self.path} is no longer the folder that this recording began in: it was "
                "deleted, moved or replaced since. Nothing was written there. Where the run is "
                "now, make a Recorder with resume=True; to begin again, make one without"
            )

    def _open_metrics(self) -> MetricsLog:
        if self._metrics is None:
            raise RecordingError("a RunWriter is used before begin() was called")
        return self._metrics

    @contextmanager
    def _disk(self, consequence: str) -> Iterator[None]:
        """Turn what the operating system refuses into an error that says what is kept."""
        try:
            yield
        except OSError as error:
            raise RecordingError(
                f"{consequence}, because {self.path} cannot be used ({error}). What was "
                "recorded before is complete"
            ) from error


def _lock(path: Path) -> FolderLock:
    try:
        return FolderLock(path)
    except BlockingIOError as error:
        raise RunBusy(
            f"the run in {path} is being recorded at this moment, here or in another process. "
            "Close its Recorder first, or record into another folder. A training in several "
            "processes is recorded on rank 0 only"
        ) from error


def _existing_run(path: Path, resume: bool | int) -> Manifest | None:
    """The manifest of the run to resume, or None if the folder is free for a new one."""
    for place in (path, *path.parents):
        if place.is_file():
            raise RecordingError(f"{place} is a file, not a folder: record into another folder")
    if not (path / MANIFEST).exists():
        if not isinstance(resume, bool):
            raise RecordingError(f"there is no run to resume at step {resume} in {path}")
        files = [path / METRICS, path / PROBES, *(path / CHECKPOINTS).glob("*")]
        if any(file.exists() for file in files):
            raise RecordingError(
                f"{path} holds parts of a run without their {MANIFEST}. Nothing was overwritten: "
                "delete them, or record into another folder"
            )
        return None
    try:
        data = read_file(path / MANIFEST, MOST_MANIFEST_BYTES, inside=path)
    except UnsafeFile as error:
        raise RunCorrupt(f"the run in {path} cannot be resumed: {error}") from error
    manifest = Manifest.from_bytes(data, path / MANIFEST)
    if resume is False:
        last = f" up to step {manifest.checkpoints[-1].step}" if manifest.checkpoints else ""
        raise RecordingError(
            f"{path} already holds a run with {len(manifest.checkpoints)} checkpoints{last}. "
            "Nothing was overwritten: record into another folder, delete this one, or pass "
            "resume=True to go on after its last checkpoint"
        )
    return manifest


def _check_same_run(path: Path, old: Manifest, new: Manifest, samples: StoredFile | None) -> None:
    if old.network != new.network:
        raise RecordingError(
            f"the run in {path} records another network than this model. Pass the model the run "
            "was begun with, or record into another folder"
        )
    if old.dtype != new.dtype:
        raise RecordingError(
            f"the run in {path} stores {old.dtype}: resume it with dtype={old.dtype!r}"
        )
    if samples is not None and samples != old.samples:
        raise RecordingError(
            f"the run in {path} was begun with other samples. Pass the same, or none to keep them"
        )


def _encode(arrays: Arrays) -> bytes:
    import safetensors.numpy

    return safetensors.numpy.save(dict(arrays))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
