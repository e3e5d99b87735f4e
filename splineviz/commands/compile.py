"""``splineviz compile``: the engine, compiled once after an installation."""

from __future__ import annotations

import argparse
from typing import Any

from splineviz.training.runs import Run


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "compile",
        help="compile the engine, once after an installation",
        description="Compile the engine and keep the result on disk, so that the first picture "
        "comes at once. Otherwise that happens when it is first used.",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Run every kernel once; numba keeps what it compiled beside the package or in its cache."""
    from shapely import Polygon

    from splineviz.partition.enumeration import enumerate_regions
    from splineviz.partition.slices.input_slice import InputSlice

    bundled = Run.bundled()
    program = bundled.program(int(bundled.steps[0]))
    square = InputSlice.identity()
    # Only a domain that is not convex is put together from pieces.
    corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (0.0, 0.0), (-1.0, 1.0)]
    notched = InputSlice(square.origin, square.basis, Polygon(corners))
    for plane in (square, notched):
        print(enumerate_regions(program, plane))
    return 0
