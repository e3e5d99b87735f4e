"""``splineviz train``: a recipe, trained and recorded."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from splineviz.commands.options import whole_number
from splineviz.errors import InvalidArgument, SplinevizError
from splineviz.terminal import printable
from splineviz.training import recipes
from splineviz.training.recipes.many_trainings import end_with_parent
from splineviz.training.runs import Run
from splineviz.validation.names import check_name


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    table = "\n".join(f"  {name:<16} {recipes.RECIPES[name].summary}" for name in recipes.names())
    parser = commands.add_parser(
        "train",
        help="train a network by a recipe and record it",
        description="Train a network by a recipe and record it.",
        epilog=f"recipes:\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", metavar="RECIPE", help="one of those listed below")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the folder to record in"
    )
    parser.add_argument(
        "--seed",
        type=whole_number,
        default=0,
        metavar="N",
        help="decides the data, the initial weights and the order of the points (default: 0)",
    )
    parser.add_argument(
        "--steps",
        type=whole_number,
        metavar="N",
        help="how long to train (default: what the recipe needs)",
    )
    parser.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value for a setting of the recipe, such as --set width=200 --set "
        "weight_decay=0; may be repeated",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a training that was interrupted or killed; the result is the same as if "
        "it had not been",
    )

    parser.add_argument(
        "--no-measure",
        dest="measure",
        action="store_false",
        help="do not measure robustness and local complexity at the checkpoints afterwards",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Train, and say what was recorded."""
    end_with_parent()
    try:
        trained = recipes.train(
            options.recipe,
            options.out,
            seed=options.seed,
            steps=options.steps,
            resume=options.resume,
            measure=options.measure,
            **_overrides(options.recipe, options.set),
        )
    except KeyboardInterrupt:
        with suppress(SplinevizError):
            kept = Run(options.out)
            print(f"{kept}\nin {printable(kept.path)}", file=sys.stderr)
        raise
    print(f"{trained}\nin {printable(trained.path)}")
    return 0


def _overrides(recipe: str, settings: list[tuple[str, Any]]) -> dict[str, Any]:
    """Settings by name; those that `train` has arguments of its own for are not among them."""
    names = [name for name, _ in settings]
    for name in names:
        if name in ("seed", "steps"):
            raise InvalidArgument(f"{name} is no setting to --set: give --{name}")
        if names.count(name) > 1:
            raise InvalidArgument(f"--set {name}=... is there more than once")
        if recipe in recipes.RECIPES:
            check_name(recipes.RECIPES[recipe].settings, f"setting of the recipe {recipe!r}", name)
    return dict(settings)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(
            f"expected a name and a value such as width=200, not {text!r}"
        )
    try:
        return name, json.loads(value)
    except ValueError:
        # A word needs no quotes: optimizer=sgd.
        return name, {"True": True, "False": False, "None": None}.get(value, value)
