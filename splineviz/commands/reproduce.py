"""``splineviz reproduce``: claims of the paper, decided by trainings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from splineviz.claims.table import CLAIMS
from splineviz.commands.options import whole_number
from splineviz.terminal import printable


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "reproduce",
        help="decide claims of the paper with trainings of your own",
        description="Train what claims need, measure it, and write a page with the numbers and a "
        "verdict for each: report.md, index.html, results.json and figures. What is in the folder "
        "already is used again, so an interrupted call goes on where it was.",
        epilog="claims:\n"
        + "\n".join(f"  {name:<24} {claim.title}" for name, claim in CLAIMS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "claims", nargs="*", metavar="CLAIM", help="some of those listed below (default: all)"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the folder for runs and page"
    )
    parser.add_argument(
        "--seeds",
        type=whole_number,
        default=3,
        metavar="N",
        help="with how many seeds each training is repeated (default: 3)",
    )
    parser.add_argument(
        "--jobs",
        type=whole_number,
        metavar="N",
        help="how many trainings run at the same time (default: one for each processor)",
    )
    parser.add_argument(
        "--steps",
        type=whole_number,
        metavar="N",
        help="cut trainings short, to try the command: no verdict means anything then",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Decide claims, and say where the page is."""
    from splineviz.claims.reproduce import reproduce

    results = reproduce(
        options.claims or None,
        options.out,
        seeds=options.seeds,
        jobs=options.jobs,
        steps=options.steps,
        progress=sys.stderr.isatty(),
    )
    for result in results:
        print(result.claim.title)
        for case in result.cases:
            print(f"  {case.verdict}: {case.name}")
    print(f"\n{printable(options.out / 'index.html')} has the numbers and figures")
    return 0
