"""Every error and every warning of its own that a user of splineviz can meet.

Each message says what was wrong, where, and what would work. All of them derive from
:class:`SplinevizError`, and also from the built-in exception a Python programmer would expect.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MOST_LISTED = 12


class SplinevizError(Exception):
    """Base class of all errors that splineviz raises on purpose."""


class SplinevizWarning(UserWarning):
    """Base class of the warnings of splineviz about what it gives back."""


class ZeroGradients(SplinevizWarning):
    """An attack had no gradient to follow, so that samples may look robust without being so.

    Parameters
    ----------
    message : str
        At how many samples, why, and what would work.
    samples : bool array (n,)
        Which samples.
    """

    def __init__(self, message: str, samples: npt.NDArray[np.bool_]) -> None:
        self.samples = samples
        super().__init__(message)


class InvalidArgument(SplinevizError, ValueError):
    """An argument has a value without meaning, such as a negative radius.

    Every wrong argument raises this, or an error derived from it that says more.
    """


class UnsupportedLayer(SplinevizError, TypeError):
    """A network contains something that has no exact piecewise-linear form here.

    Parameters
    ----------
    path : str
        Where it stands in the network, as a dotted module path (``"features.3"``).
    kind : str
        Its type, function or method name.
    why : str
        Why it is refused.
    advice : str
        What would work instead.
    """

    def __init__(self, path: str, kind: str, why: str, advice: str) -> None:
        self.path = path
        self.kind = kind
        self.why = why
        self.advice = advice
        where = f"at {path!r}" if path else "at the top of the network"
        super().__init__(f"{kind} {where} is not supported: {why}. {advice}")


class InvalidProgram(SplinevizError, ValueError):
    """A stored network program is malformed, too new for this version, or lacks some weights."""


class TraceMismatch(SplinevizError, ValueError):
    """The traced program does not compute what the network's own forward computes."""


class NonFiniteValues(InvalidArgument):
    """NaN or infinity where finite numbers are needed."""


class ShapeMismatch(InvalidArgument):
    """An array has the wrong shape for what it is used for."""


class InvalidSlice(InvalidArgument):
    """A 2D slice cannot be made: collinear anchors, an empty or non-polygonal domain, and so on."""


class TooManyRegions(SplinevizError, MemoryError):
    """A network has more regions on a slice than were allowed.

    Parameters
    ----------
    found : int
        How many there were when the search stopped.
    most : int
        How many were allowed.
    where : str
        The activation at which the search stopped.
    """

    def __init__(self, found: int, most: int, where: str) -> None:
        self.found = found
        self.most = most
        self.where = where
        super().__init__(
            f"there are more than {most:,} regions: {found:,} were found up to {where!r}, and the "
            "search was stopped there. Make the slice smaller (the half_width of "
            "InputSlice.around, the margin of InputSlice.through, or its domain), or say "
            "max_regions=... if there is memory for more: about 2 GB for each million"
        )


class InvalidPartition(SplinevizError, ValueError):
    """A partition does not fit together, or does not belong to the network it is compared with."""


class PartitionCorrupt(SplinevizError, ValueError):
    """A file is not a whole partition: truncated, changed, of another format, or too new."""


class EmptyBoundary(SplinevizError, ValueError):
    """Points are wanted on a decision boundary where there is none: one class is predicted."""


class MissingDependency(SplinevizError, ImportError):
    """An optional library is needed and not installed.

    Parameters
    ----------
    library : str
        Its name, as pip knows it.
    purpose : str
        What needs it.
    """

    def __init__(self, library: str, purpose: str) -> None:
        self.library = library
        super().__init__(
            f"{purpose} needs {library}, which is not installed. Run: pip install {library}"
        )


class MissingProgram(SplinevizError, FileNotFoundError):
    """A program that does part of the work is not installed.

    Parameters
    ----------
    program : str
        Its name.
    purpose : str
        What needs it.
    advice : str
        What would work.
    """

    def __init__(self, program: str, purpose: str, advice: str) -> None:
        self.program = program
        super().__init__(f"{purpose} needs the program {program}, which is not found. {advice}")


class EncodingFailed(SplinevizError, RuntimeError):
    """The program that makes a film of pictures has failed; the message has its last words."""


class EndlessWait(SplinevizError, RuntimeError):
    """What is waited for waits in turn for the code that waits."""


class UnwritablePath(SplinevizError, OSError):
    """A file cannot be written to its path."""


class UnsafeFile(SplinevizError, OSError):
    """A file is not what it should be: no regular file, too large, or a link that leads away."""


class NothingToDraw(SplinevizError, ValueError):
    """A picture is wanted of a run without checkpoints."""


class InvalidFrame(SplinevizError, ValueError):
    """The arrays of a drawn state do not fit together, or its packed bytes cannot be read."""


class UnknownArgument(InvalidArgument, TypeError):
    """A keyword argument that the called class does not have; the message lists those it has."""


class RenamedAttribute(SplinevizError, AttributeError):
    """An attribute was read by its old name; the message has the new one."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"the attribute {old} is called {new} now")


class RunNotFound(SplinevizError, FileNotFoundError):
    """There is no recorded run at the given place."""


class RunCorrupt(SplinevizError, ValueError):
    """A file of a recorded run is missing, truncated or not what its manifest says."""


class RecordingError(SplinevizError, RuntimeError):
    """A recording cannot start or go on."""


class RunBusy(RecordingError):
    """A run is being recorded or measured at this moment, here or in another process."""


class NetworkChanged(RecordingError):
    """A network in training is no longer the one that is recorded; the message says how."""


class UnknownName(InvalidArgument, KeyError):
    """A name or number is in none of the tables (recipes, steps); the message lists the near ones.

    Parameters
    ----------
    what : str
        The kind of thing looked up, for example ``"recipe"``.
    name : object
        The wrong name: one that does not exist, or what is no text at all.
    known : sequence of str
        The names that exist.
    advice : str
        What else to say, before them.
    """

    def __init__(self, what: str, name: object, known: list[str], advice: str = "") -> None:
        self.what = what
        self.name = name
        self.known = known
        text = name if isinstance(name, str) else reprlib.repr(name)
        numbers = all(each.isdecimal() for each in (text, *known))
        if len(known) <= _MOST_LISTED:
            listed = f"known: {', '.join(sorted(known, key=int if numbers else None))}"
        else:
            if numbers:
                near = sorted(known, key=lambda other: abs(int(other) - int(text)))[:_MOST_LISTED]
            else:
                near = difflib.get_close_matches(text, known, _MOST_LISTED, cutoff=0.0)
            listed = f"the nearest of {len(known)}: {', '.join(near)}"
        shown = repr(name) if isinstance(name, str) else text
        super().__init__("; ".join(filter(None, [f"unknown {what} {shown}", advice, listed])))

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownStep(InvalidArgument, KeyError):
    """A run has no checkpoint at a step; the message names the nearest ones.

    Parameters
    ----------
    step : int
        The wrong step.
    run : str
        The name of the run.
    known : sequence of int
        The steps that have a checkpoint, increasing.
    """

    def __init__(self, step: int, run: str, known: Sequence[int]) -> None:
        self.step = step
        self.run = run
        self.known = known
        if not known:
            message = f"run {run!r} has no checkpoints yet"
        else:
            near = sorted(sorted(known, key=lambda other: abs(other - step))[:2])
            message = (
                f"run {run!r} has no checkpoint at step {step}; nearest: "
                f"{' and '.join(map(str, near))} (steps has all {len(known)})"
            )
        super().__init__(message)

    def __str__(self) -> str:
        return str(self.args[0])
