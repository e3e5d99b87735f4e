"""``splineviz info``: what a recorded run holds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from splineviz.terminal import printable
from splineviz.training.runs import Run


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "info",
        help="say what a recorded run holds",
        description="Say what a recorded run holds.",
    )
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="the folder of a run, by default the run that comes with splineviz",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Say what a run holds."""
    run = Run.bundled() if options.run is None else Run(options.run)
    print(f"{run}\nin {printable(run.path)}")
    facts: dict[str, object] = {"weights": run.dtype}
    if len(run):
        program = run.program(int(run.steps[-1]))
        widths = ", ".join(f"{layer.width} ({layer.name})" for layer in program.activations)
        facts["inputs"] = program.input_shape
        facts["outputs"] = program.output_shape
        facts["activations"] = widths
    _print_table("network", facts)
    _print_table("recorded with", {**run.metadata, **run.libraries})
    metrics = run.metrics
    if len(metrics):
        last = {str(name): f"{value:.4g}" for name, value in metrics.iloc[-1].items()}
        _print_table(f"metrics at step {metrics.index[-1]}", last)
    return 0


def _print_table(title: str, rows: Mapping[str, object]) -> None:
    print(f"\n{title}")
    shown = [(printable(name), printable(value)) for name, value in rows.items()]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"  {name:<{width}}  {value}")
