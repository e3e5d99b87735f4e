"""metrics.csv: one row of numbers a logged step, appended while training runs."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from splineviz.errors import RunCorrupt
from splineviz.files import open_to_append, read_file, write_atomically

if TYPE_CHECKING:
    import pandas as pd

# No more is read. Rows may be shorter than the header, so that the table is bounded too.
MOST_BYTES = 2**30
MOST_CELLS = 2**27
_MOST_STEP = 2**63 - 1


class MetricsLog:
    """Append rows to a metrics file that can be read at any moment.

    A row reaches the operating system in one piece as soon as it is logged, so a killed process
    loses none; a row cut short by a crash of the machine has no line end, and readers drop it. A
    metric that appears for the first time becomes a new column: the file is then replaced by one
    with a longer header, whose older rows are shorter than it.

    Parameters
    ----------
    path : Path
        The file; it need not exist. Rows are added to what it holds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = _names(complete_lines(path), path)
        self._file: io.FileIO | None = None

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """Add one row. A metric left out is an empty cell; NaN is written as ``nan``.

        Raises
        ------
        OSError
            If the disk refuses. The file is then as it was before.
        """
        if self._file is not None and not self._is_in_place(self._file):
            # It was replaced or deleted by hand: the rows go where readers will find them.
            self.close()
            self.names = _names(complete_lines(self.path), self.path)
        new = [name for name in values if name not in self.names]
        names = [*self.names, *new]
        cells = [str(step), *(repr(values[name]) if name in values else "" for name in names)]
        row = (",".join(cells) + "\n").encode()
        if new or self._file is None:
            # The first row goes this way too: it drops a row cut short by a crash.
            rows = complete_lines(self.path).partition(b"\n")[2]
            self.close()
            write_atomically(self.path, _header(names) + rows + row, inside=self.path.parent)
            self._file = open_to_append(self.path, inside=self.path.parent)
            self.names = names
        else:
            self._append_bytes(self._file, row)

    def sync(self) -> None:
        """Wait until all rows are on the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; a later row opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def drop_after(self, step: int) -> None:
        """Keep only the rows up to `step`, as resuming from there needs.

        Raises
        ------
        RunCorrupt
            If a row does not begin with a step.
        """
        lines = complete_lines(self.path).splitlines(keepends=True)
        steps = self.steps()
        kept = [line for line, at in zip(lines[1:], steps, strict=True) if at <= step]
        if len(kept) < len(steps):
            self.close()
            data = b"".join([*lines[:1], *kept])
            write_atomically(self.path, data, inside=self.path.parent)

    def steps(self) -> list[int]:
        """The steps of the rows.

        Raises
        ------
        RunCorrupt
            If a row does not begin with a step.
        """
        rows = complete_lines(self.path).splitlines()[1:]
        return [_step(row, self.path, number) for number, row in enumerate(rows, start=2)]

    def _is_in_place(self, file: io.FileIO) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(file.fileno()))
        except FileNotFoundError:
            return False

    @staticmethod
    def _append_bytes(file: io.FileIO, data: bytes) -> None:
        size = os.fstat(file.fileno()).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            file.truncate(size)
            raise


def read_metrics(path: Path) -> pd.DataFrame:
    """Read a metrics file, leaving out a last row that is still being written.

    Parameters
    ----------
    path : Path
        The file; if it does not exist, the table is empty.

    Returns
    -------
    pandas.DataFrame
        float64 columns by metric, NaN where a metric was not given; int64 index ``step``.

    Raises
    ------
    RunCorrupt
        If the file is not such a table.
    """
    import pandas as pd

    data = complete_lines(path)
    names = _names(data, path)
    lines = data.splitlines()[1:]
    if len(lines) * len(names) > MOST_CELLS:
        raise RunCorrupt(
            f"{path} has {len(lines):,} rows of {len(names):,} metrics, and no more than "
            f"{MOST_CELLS:,} numbers are read. The checkpoints do not depend on it: delete the "
            "file to go on without these metrics"
        )
    steps = []
    table = np.full((len(lines), len(names)), np.nan)
    for row, line in enumerate(lines):
        steps.append(_step(line, path, row + 2))
        values = _values(line, len(names), path, row + 2)
        table[row, : len(values)] = values
    return pd.DataFrame(
        table,
        index=pd.Index(steps, dtype="int64", name="step"),
        columns=names,
    )


def complete_lines(path: Path) -> bytes:
    """The contents of a file up to its last line end; nothing if there is no such file.

    Raises
    ------
    RunCorrupt
        If it is no regular file in its folder, is too large, or may not be read.
    """
    try:
        data = read_file(path, MOST_BYTES, inside=path.parent)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise RunCorrupt(f"the metrics of the run cannot be used: {error}") from error
    return data[: data.rfind(b"\n") + 1]


def _header(names: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(["step", *names])
    return text.getvalue().encode()


def _names(data: bytes, path: Path) -> list[str]:
    header = data.partition(b"\n")[0].decode(errors="replace")
    try:
        names = next(csv.reader([header]), ["step"])[1:]
    except csv.Error as error:
        raise _broken(path, 1, f"does not name metrics ({error})") from error
    if len(set(names)) < len(names):
        raise _broken(path, 1, "names a metric twice")
    return names


def _step(line: bytes, path: Path, number: int) -> int:
    try:
        step = int(line.partition(b",")[0])
    except ValueError as error:
        raise _broken(path, number, "does not begin with a step") from error
    if not 0 <= step <= _MOST_STEP:
        raise _broken(path, number, "does not begin with a step")
    return step


def _values(line: bytes, columns: int, path: Path, number: int) -> list[float]:
    """The metrics of a row, no more than columns; older rows are shorter than the header."""
    cells = line.split(b",")[1:]
    if len(cells) > columns:
        raise _broken(path, number, f"has {len(cells)} metrics for {columns} columns")
    try:
        return [float(cell) if cell else math.nan for cell in cells]
    except ValueError as error:
        raise _broken(path, number, f"is not a row of numbers ({error})") from error


def _broken(path: Path, number: int, what: str) -> RunCorrupt:
    return RunCorrupt(
        f"{path}, line {number}, {what}. The checkpoints do not depend on it: repair the row, or "
        "delete the file to go on without these metrics"
    )
