"""``splineviz lc``: the local complexity at every checkpoint of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from splineviz.commands.options import numbers, whole_number
from splineviz.errors import InvalidArgument
from splineviz.files import write_atomically
from splineviz.training.runs import Run

# Small and large for inputs of about unit size, as the recipes have them.
RADII = (0.005, 0.05, 0.1)


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "lc",
        help="measure the local complexity at every checkpoint of a run",
        description="Measure the local complexity at every checkpoint of a run: how many neurons "
        "are crossed near its training points; near test points, if a recipe made the run; near "
        "random points, drawn uniformly from the range of the training points; and near points on "
        "the decision boundary, found for each checkpoint anew. Whether a curve rises or falls can "
        "depend on the radius, so several are measured.",
    )
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="the folder of a run, by default the run that comes with splineviz",
    )
    parser.add_argument(
        "--radius",
        type=numbers,
        default=RADII,
        metavar="R[,R...]",
        help="how far a point's neighborhood reaches, in units of the inputs; several are "
        "separated by commas (default: " + ",".join(f"{radius:g}" for radius in RADII) + ")",
    )
    parser.add_argument(
        "--directions",
        type=whole_number,
        metavar="P",
        help="how many directions (default: 25, or as many as an input has dimensions)",
    )
    parser.add_argument(
        "--points",
        type=whole_number,
        metavar="N",
        help="how many points of each kind (default: as many as the run has training points)",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="where to write all results")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Measure, and print tables and what they say."""
    run = Run.bundled() if options.run is None else Run(options.run)
    if run.samples is None:
        raise InvalidArgument(
            f"run {run.name!r} kept no training points; from Python, Run.local_complexity measures "
            "at any points"
        )
    from splineviz.complexity.results.labels import directions_label
    from splineviz.complexity.results.summary import summary_lines, table_lines

    if options.points is not None and options.points < 1:
        raise InvalidArgument(f"--points must be at least 1, not {options.points}")
    curves = run.local_complexity(
        run.probes(options.points),
        radius=options.radius,
        directions=options.directions,
        progress=sys.stderr.isatty(),
    )
    if options.csv is not None:
        _write(options.csv, curves.to_dataframe().to_csv(index=False).encode())
    counts = ", ".join(f"{curves.counts[name].shape[-2]} {name}" for name in curves.probes)
    directions = directions_label(curves.n_directions)
    print(f"{run}\ncrossed neurons, means; points: {counts}; {directions}\n")
    for radius in curves.radii.tolist():
        print("\n".join(table_lines(curves, radius)), end="\n\n")
    print("\n".join(summary_lines(curves.summary())))
    return 0


def _write(path: Path, data: bytes) -> None:
    """Write a file in one piece, or into the pipe or device that has this name."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            write_atomically(path, data)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error}") from error
