"""The command line: ``splineviz lab``, ``train``, ``reproduce``, ``info``, ``lc``, ``compile``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from splineviz import __version__
from splineviz.commands import compile as compile_engine
from splineviz.commands import info, lab, lc, reproduce, train
from splineviz.errors import SplinevizError
from splineviz.terminal import printable

#: In the order of the help; a new one has a function `add`, which names its `execute`.
COMMANDS = (lab, train, reproduce, compile_engine, info, lc)

# What `splineviz` alone says.
FIRST_STEPS = """\
splineviz lab                                copy the course into a folder and open it
splineviz train two-moons --out runs/moons   train a network and record it
splineviz --help                             everything else"""

FAILED = 2
# As a shell counts: 128 and the number of the signal.
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name. Default: those of this process.

    Returns
    -------
    int
        The exit status: 0, 2 for an error that splineviz explains, 130 when interrupted, 141 when
        nobody reads the output any more.
    """
    parser = make_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command is None:
        print(FIRST_STEPS)
        return 0
    try:
        options.rest = rest
        status: int = options.execute(options)
        sys.stdout.flush()
        return status
    except SplinevizError as error:
        print(f"splineviz: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("splineviz: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Otherwise Python flushes what is left when it ends, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="splineviz", description="See what training does to a ReLU network."
    )
    parser.add_argument("--version", action="version", version=f"splineviz {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
