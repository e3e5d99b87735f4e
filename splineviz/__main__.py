"""The command line: ``splineviz lab``, ``train``, ``reproduce``, ``info``, ``lc``, ``compile``.

Each command is a thin layer over a function that Python users call too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from splineviz import __version__
from splineviz.claims.table import CLAIMS
from splineviz.errors import InvalidArgument, SplinevizError
from splineviz.files import write_atomically
from splineviz.terminal import printable
from splineviz.training import recipes
from splineviz.training.runs import Run
from splineviz.validation.names import check_name

FIRST_NOTEBOOK = "00_watch.ipynb"
COURSE_FOLDER = "splineviz-course"

# What `splineviz` alone says.
FIRST_STEPS = """\
splineviz lab                                copy the course into a folder and open it
splineviz train two-moons --out runs/moons   train a network and record it
splineviz --help                             everything else"""

# Of local complexity: small and large for inputs of about unit size, as the recipes have them.
RADII = (0.005, 0.05, 0.1)

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
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command is None:
        print(FIRST_STEPS)
        return 0
    try:
        if options.command == "lab":
            return _lab(options.into, rest)
        if options.command == "train":
            return _train(options)
        if options.command == "reproduce":
            return _reproduce(options)
        if options.command == "compile":
            status = _compile()
        else:
            status = _lc(options) if options.command == "lc" else _info(options.run)
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


def copy_course(folder: Path) -> list[Path]:
    """Copy the notebooks of the course, with their solutions, into a folder.

    Files that are there already are left as they are.

    Parameters
    ----------
    folder : Path
        The folder. It is made if it does not exist.

    Returns
    -------
    list of Path
        Notebooks that were there already and differ from those of this version of splineviz.

    Raises
    ------
    InvalidArgument
        If the folder cannot be made, or not be written into.
    """
    package = Path(__file__).parent
    # A wheel has them inside; a checkout, beside the package.
    inside = package / "notebooks"
    course = inside if inside.is_dir() else package.parent / "notebooks"
    different = []
    try:
        for source in sorted([*course.glob("*.ipynb"), *course.glob("solutions/*.ipynb")]):
            target = folder / source.relative_to(course)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                write_atomically(target, source.read_bytes())
            elif target.read_bytes() != source.read_bytes():
                different.append(target)
    except OSError as error:
        raise InvalidArgument(
            f"the course cannot be copied into {folder}: {error}; choose another folder with --into"
        ) from error
    return different


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="splineviz", description="See what training does to a ReLU network."
    )
    parser.add_argument("--version", action="version", version=f"splineviz {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    lab = commands.add_parser(
        "lab",
        usage="splineviz lab [NOTEBOOK] [--into DIR] [OPTION ...]",
        help="open the course, or a notebook of yours, in JupyterLab",
        description="Copy the notebooks of the course into a folder and open the first of them in "
        "JupyterLab, or open a notebook of yours. Notebooks that are in the folder already stay as "
        "they are. Other options, such as --no-browser or --port 9000, are passed on to "
        "JupyterLab.",
        allow_abbrev=False,
    )
    lab.add_argument(
        "--into",
        type=Path,
        metavar="DIR",
        help=f"the folder for the course (default: {COURSE_FOLDER})",
    )

    table = "\n".join(f"  {name:<16} {recipes.RECIPES[name].summary}" for name in recipes.names())
    train = commands.add_parser(
        "train",
        help="train a network by a recipe and record it",
        description="Train a network by a recipe and record it.",
        epilog=f"recipes:\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("recipe", metavar="RECIPE", help="one of those listed below")
    train.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the folder to record in"
    )
    train.add_argument(
        "--seed",
        type=_whole_number,
        default=0,
        metavar="N",
        help="decides the data, the initial weights and the order of the points (default: 0)",
    )
    train.add_argument(
        "--steps",
        type=_whole_number,
        metavar="N",
        help="how long to train (default: what the recipe needs)",
    )
    train.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value for a setting of the recipe, such as --set width=200 --set "
        "weight_decay=0; may be repeated",
    )
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on with a training that was interrupted or killed; the result is the same as if "
        "it had not been",
    )

    train.add_argument(
        "--no-measure",
        dest="measure",
        action="store_false",
        help="do not measure robustness and local complexity at the checkpoints afterwards",
    )

    reproduce = commands.add_parser(
        "reproduce",
        help="decide claims of the paper with trainings of your own",
        description="Train what claims need, measure it, and write a page with the numbers and a "
        "verdict for each: report.md, index.html, results.json and figures. What is in the folder "
        "already is used again, so an interrupted call goes on where it was. All claims with "
        "three seeds take around an hour and a half on two processors.",
        epilog="claims:\n"
        + "\n".join(f"  {name:<24} {claim.title}" for name, claim in CLAIMS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reproduce.add_argument(
        "claims", nargs="*", metavar="CLAIM", help="some of those listed below (default: all)"
    )
    reproduce.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the folder for runs and page"
    )
    reproduce.add_argument(
        "--seeds",
        type=_whole_number,
        default=3,
        metavar="N",
        help="with how many seeds each training is repeated (default: 3)",
    )
    reproduce.add_argument(
        "--jobs",
        type=_whole_number,
        metavar="N",
        help="how many trainings run at the same time (default: one for each processor)",
    )
    reproduce.add_argument(
        "--steps",
        type=_whole_number,
        metavar="N",
        help="cut trainings short, to try the command: no verdict means anything then",
    )

    commands.add_parser(
        "compile",
        help="compile the engine, once after an installation",
        description="Compile the engine and keep the result on disk, so that the first picture "
        "comes at once. Otherwise that happens when it is first used.",
    )

    info = commands.add_parser(
        "info",
        help="say what a recorded run holds",
        description="Say what a recorded run holds.",
    )
    info.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="the folder of a run, by default the run that comes with splineviz",
    )

    lc = commands.add_parser(
        "lc",
        help="measure the local complexity at every checkpoint of a run",
        description="Measure the local complexity at every checkpoint of a run: how many neurons "
        "are crossed near its training points; near test points, if a recipe made the run; near "
        "random points, drawn uniformly from the range of the training points; and near points on "
        "the decision boundary, found for each checkpoint anew. Whether a curve rises or falls can "
        "depend on the radius, so several are measured.",
    )
    lc.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="the folder of a run, by default the run that comes with splineviz",
    )
    lc.add_argument(
        "--radius",
        type=_numbers,
        default=RADII,
        metavar="R[,R...]",
        help="how far a point's neighborhood reaches, in units of the inputs; several are "
        "separated by commas (default: " + ",".join(f"{radius:g}" for radius in RADII) + ")",
    )
    lc.add_argument(
        "--directions",
        type=_whole_number,
        metavar="P",
        help="how many directions (default: 25, or as many as an input has dimensions)",
    )
    lc.add_argument(
        "--points",
        type=_whole_number,
        metavar="N",
        help="how many points of each kind (default: as many as the run has training points)",
    )
    lc.add_argument("--csv", type=Path, metavar="FILE", help="where to write all results")
    return parser


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a number such as 0.05, or several such as 0.005,0.05, not {text!r}"
        ) from error


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a whole number such as 1000, not {text!r}"
        ) from error


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


def _lab(into: Path | None, words: list[str]) -> int:
    if words and not words[0].startswith("-"):
        notebook, *options = words
        path = Path(notebook).absolute()
        if into is not None:
            raise InvalidArgument(f"--into is for the course; leave it out to open {notebook}")
        if not path.is_file():
            raise InvalidArgument(f"there is no notebook {path}")
    else:
        folder, options = (into or Path(COURSE_FOLDER)).absolute(), words
        different = copy_course(folder)
        print(f"splineviz: the course is in {printable(folder)}")
        if different:
            names = ", ".join(printable(path.relative_to(folder)) for path in different)
            print(f"splineviz: left as they are, with your changes or of another version: {names}")
        path = folder / FIRST_NOTEBOOK
    # JupyterLab refuses to run as root, which is who one is in most containers.
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in options:
        options = ["--allow-root", *options]
    from jupyterlab.labapp import LabApp

    # This way the address that is printed leads to the notebook too, and not only the browser
    # that is opened here.
    place = [
        f"--ServerApp.root_dir={path.parent}",
        f"--LabApp.default_url=/lab/tree/{quote(path.name)}",
    ]
    LabApp.launch_instance([*place, *options])
    return 0


def _train(options: argparse.Namespace) -> int:
    try:
        run = recipes.train(
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
            run = Run(options.out)
            print(f"{run}\nin {printable(run.path)}", file=sys.stderr)
        raise
    print(f"{run}\nin {printable(run.path)}")
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


def _reproduce(options: argparse.Namespace) -> int:
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


def _compile() -> int:
    """Run every kernel once; numba keeps what it compiled beside the package or in its cache."""
    from shapely import Polygon

    from splineviz.partition.enumeration import enumerate_regions
    from splineviz.partition.slices.input_slice import InputSlice

    run = Run.bundled()
    program = run.program(int(run.steps[0]))
    square = InputSlice.identity()
    # Only a domain that is not convex is put together from pieces.
    corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (0.0, 0.0), (-1.0, 1.0)]
    notched = InputSlice(square.origin, square.basis, Polygon(corners))
    for plane in (square, notched):
        print(enumerate_regions(program, plane))
    return 0


def _info(path: Path | None) -> int:
    run = Run.bundled() if path is None else Run(path)
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


def _lc(options: argparse.Namespace) -> int:
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


def _print_table(title: str, rows: Mapping[str, object]) -> None:
    print(f"\n{title}")
    shown = [(printable(name), printable(value)) for name, value in rows.items()]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"  {name:<{width}}  {value}")


if __name__ == "__main__":
    sys.exit(main())
