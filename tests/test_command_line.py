from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from jupyterlab.labapp import LabApp

import splineviz
from splineviz import __version__
from splineviz.__main__ import main, make_parser
from splineviz.commands.lab import COURSE_FOLDER, FIRST_NOTEBOOK
from splineviz.partition.engine.kernels import cells, edges, rings, rows, triangles
from splineviz.training import recipes
from splineviz.training.recording.recorder import Recorder
from splineviz.training.runs import Run

ROOT = Path(__file__).parents[1]


@pytest.fixture
def launched(monkeypatch):
    """The arguments of each JupyterLab that would have been started."""
    launches = []
    monkeypatch.setattr(LabApp, "launch_instance", launches.append)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    return launches


@pytest.fixture
def package_without_checkout(tmp_path, monkeypatch):
    """A package folder as a wheel makes it: with the notebooks inside."""
    package = tmp_path / "site-packages" / "splineviz"
    (package / "notebooks" / "solutions").mkdir(parents=True)
    (package / "notebooks" / FIRST_NOTEBOOK).write_text("first")
    (package / "notebooks" / "02_more.ipynb").write_text("second")
    (package / "notebooks" / "solutions" / FIRST_NOTEBOOK).write_text("solved")
    monkeypatch.setattr(splineviz, "__file__", str(package / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    return package


def status(*arguments):
    """The exit status, whether it is returned or, as argparse does, raised."""
    try:
        return main(arguments)
    except SystemExit as stop:
        return stop.code


def opens(path, *options):
    return [
        f"--ServerApp.root_dir={path.parent}",
        f"--LabApp.default_url=/lab/tree/{path.name}",
        *options,
    ]


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "mine.ipynb"
    path.touch()
    return path


def test_lab_opens_the_notebook_that_is_asked_for(notebook, launched, monkeypatch):
    assert main(["lab", str(notebook)]) == 0
    monkeypatch.chdir(notebook.parent)
    assert main(["lab", notebook.name]) == 0
    assert launched == [opens(notebook), opens(notebook)]


def test_lab_passes_options_on(notebook, launched):
    main(["lab", str(notebook), "--no-browser", "--port", "9000"])
    assert launched == [opens(notebook, "--no-browser", "--port", "9000")]


def test_lab_takes_options_without_a_notebook(package_without_checkout, launched):
    main(["lab", "--no-browser", "--port", "9000"])
    first = Path(COURSE_FOLDER).absolute() / FIRST_NOTEBOOK
    assert launched == [opens(first, "--no-browser", "--port", "9000")]


def test_lab_as_root_tells_jupyter_so(notebook, launched, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    main(["lab", str(notebook)])
    assert launched == [opens(notebook, "--allow-root")]


@pytest.mark.parametrize("name", ["none.ipynb", "."])
def test_lab_without_such_a_notebook(name, tmp_path, launched, capsys):
    assert main(["lab", str(tmp_path / name)]) == 2
    assert "there is no notebook" in capsys.readouterr().err
    assert not launched


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_course_of_a_checkout_is_copied_with_its_solutions(tmp_path, launched, monkeypatch):
    monkeypatch.chdir(tmp_path)
    course = ROOT / "notebooks"
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    assert main(["lab"]) == 0
    copied = tmp_path / COURSE_FOLDER
    assert launched == [opens(copied / FIRST_NOTEBOOK)]
    assert files_below(copied) == {
        path.relative_to(course).as_posix()
        for path in [*course.glob("*.ipynb"), *course.glob("solutions/*.ipynb")]
    }
    assert all(path.read_bytes() == data for path, data in before.items())


def test_the_course_of_a_wheel_goes_into_the_folder_of_choice(
    package_without_checkout, launched, capsys
):
    chosen = Path("a place", "of mine")
    assert main(["lab", "--no-browser", "--into", str(chosen), "--port", "9000"]) == 0
    first = chosen.absolute() / FIRST_NOTEBOOK
    assert launched == [opens(first, "--no-browser", "--port", "9000")]
    assert files_below(chosen) == {FIRST_NOTEBOOK, "02_more.ipynb", f"solutions/{FIRST_NOTEBOOK}"}
    assert capsys.readouterr().out == f"splineviz: the course is in {chosen.absolute()}\n"
    assert not Path(COURSE_FOLDER).exists()


def test_a_copied_notebook_that_was_changed_stays(package_without_checkout, launched, capsys):
    main(["lab"])
    changed = Path(COURSE_FOLDER) / "solutions" / FIRST_NOTEBOOK
    changed.write_text("my notes")
    (Path(COURSE_FOLDER) / "02_more.ipynb").unlink()
    capsys.readouterr()
    main(["lab"])
    assert changed.read_text() == "my notes"
    assert (Path(COURSE_FOLDER) / "02_more.ipynb").read_text() == "second"
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("splineviz: left as they are")
    assert told.endswith(f": solutions/{FIRST_NOTEBOOK}")


@pytest.mark.parametrize("place", ["file", "file/below", f"{COURSE_FOLDER}/of/links"])
def test_a_course_that_cannot_be_copied(place, package_without_checkout, launched, capsys):
    Path("file").write_text("mine")
    taken = Path(COURSE_FOLDER, "of", "links", FIRST_NOTEBOOK)
    taken.mkdir(parents=True)
    assert main(["lab", "--into", place]) == 2
    error = capsys.readouterr().err
    assert error.startswith("splineviz: the course cannot be copied into")
    assert "--into" in error
    assert not launched
    assert Path("file").read_text() == "mine"


def test_lab_opens_a_notebook_or_the_course_not_both(notebook, launched, capsys):
    assert main(["lab", str(notebook), "--into", str(notebook.parent)]) == 2
    assert "--into is for the course" in capsys.readouterr().err
    assert not launched


def test_alone_it_says_what_to_do_first(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["splineviz", "lab"],
        ["splineviz", "train"],
        ["splineviz", "--help"],
    ]
    train = lines[1].partition("  ")[0].split()[1:]
    options = make_parser().parse_args(train)
    assert options.recipe in recipes.names()


def test_train_records_a_run_that_info_describes(tmp_path, capsys):
    out = tmp_path / "moons"
    assert (
        main(
            [
                "train",
                "two-moons",
                "--out",
                str(out),
                "--seed",
                "3",
                "--steps",
                "20",
                "--no-measure",
            ]
        )
        == 0
    )
    run = Run(out)
    assert (run.metadata["seed"], run.steps[-1]) == (3, 20)
    assert repr(run) in capsys.readouterr().out
    assert main(["info", str(out)]) == 0
    described = capsys.readouterr().out
    for text in (repr(run), str(run.path), "two-moons", "float32", "(2,)", "metrics at step 20"):
        assert text in described


def test_settings_are_changed(tmp_path, capsys):
    out = str(tmp_path / "moons")
    changed = ["--set", "width=7", "--set", "weight_decay=0", "--set", "optimizer=sgd"]
    more = ["--set", "batch_size=null", "--set", "widths=[5,4]"]
    assert main(["train", "two-moons", "--out", out, "--steps", "2", *changed, "--no-measure"]) == 0
    overrides = {"optimizer": "sgd", "weight_decay": 0.0, "width": 7}
    assert Run(out).metadata["overrides"] == overrides
    assert (
        main(["train", "two-moons", "--out", f"{out}2", "--steps", "2", *more, "--no-measure"]) == 0
    )
    assert Run(f"{out}2").metadata["overrides"] == {"batch_size": None, "widths": [5, 4]}


def test_a_training_is_resumed(tmp_path, capsys):
    out = str(tmp_path / "moons")
    train = ["train", "two-moons", "--out", out, "--steps", "20", "--no-measure"]
    assert main([*train, "--resume"]) == 0
    assert main([*train, "--resume"]) == 0
    assert main(train) == 2
    assert "already holds a run" in capsys.readouterr().err


def test_info_is_about_the_bundled_run_unless_told(capsys):
    assert main(["info"]) == 0
    assert repr(Run.bundled()) in capsys.readouterr().out


EVIL = "\x1b]0;mine\x07\x1b[2J\u202e"


@pytest.fixture
def evil(tmp_path):
    """A run whose maker chose every name so that it steers a terminal."""
    folder = tmp_path / f"run{EVIL}"
    named = torch.nn.ModuleDict({f"first{EVIL}": torch.nn.Linear(2, 4)})

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = named
            self.act = torch.nn.ReLU()

        def forward(self, x):
            for layer in self.layers.values():
                x = self.act(layer(x))
            return x

    samples = ([[0.0, 1.0], [1.0, 2.0]], [0, 1])
    names = [f"a{EVIL}", f"b{EVIL}"]
    metadata = {f"key{EVIL}": f"value{EVIL}\n", "nested": {EVIL: [EVIL]}}
    with Recorder(
        folder, Net(), samples=samples, input_shape=2, class_names=names, metadata=metadata
    ) as recorder:
        recorder.step(0, loss=0.5)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["libraries"][f"library{EVIL}"] = EVIL
    for step in manifest["network"]["steps"]:
        step["name"] += EVIL
    (folder / "manifest.json").write_text(json.dumps(manifest))
    table = (folder / "metrics.csv").read_text().replace("loss", f"loss{EVIL}")
    (folder / "metrics.csv").write_text(table)
    return folder


def assert_harmless(text):
    assert r"\x1b]0;mine\x07\x1b[2J\u202e" in text
    assert text.replace("\n", "").isprintable()


def test_names_of_strangers_do_not_reach_the_terminal(evil, capsys):
    assert main(["info", str(evil)]) == 0
    told = capsys.readouterr().out
    assert_harmless(told)
    for text in ("in ", "key", "value", "library", "loss", "4 ("):
        assert_harmless(next(line for line in told.splitlines() if text in line))
    assert main(["lc", str(evil), "--radius", "0.1"]) == 0
    assert_harmless(capsys.readouterr().out)


@pytest.mark.parametrize("damage", ["manifest", "status", "metrics", "checkpoint", "nowhere"])
def test_errors_of_strangers_do_not_reach_the_terminal(evil, damage, capsys):
    manifest = evil / "manifest.json"
    path = evil
    if damage == "manifest":
        manifest.write_text("{")
    elif damage == "status":
        manifest.write_text(manifest.read_text().replace('"finished"', json.dumps(EVIL)))
    elif damage == "metrics":
        (evil / "metrics.csv").write_text(f"step,loss\n0,{EVIL}\n")
    elif damage == "checkpoint":
        shutil.rmtree(evil / "checkpoints")
    else:
        path = evil.parent / f"near{EVIL}"
    assert main(["info", str(path)]) == 2
    error = capsys.readouterr().err
    assert_harmless(error)
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("train", "two-moon", "--out", "out"), "unknown recipe 'two-moon'"),
        (("train", "two-moons", "--out", "out", "--steps", "0"), "must be at least 1"),
        (("train", "two-moons", "--out", "file"), "is a file, not a folder"),
        (("train", "two-moons", "--out", "out", "--seed=-1"), "seed must be at least 0, not -1"),
        (("train", "two-moons", "--out", "out", "--seed", "9" * 30), "must be below 2**63"),
        (("train", "two-moons", "--out", "out", "--seed", "x"), "expected a whole number"),
        (("train", "two-moons", "--out", "out", "--steps", "1.5"), "expected a whole number"),
        (("train", "two-moons"), "--out"),
        (("train", "two-moons", "--out", "out", "--sead", "1"), "--sead"),
        (("train", "two-moons", "--out", "out", "--set", "width"), "expected a name and a value"),
        (("train", "two-moons", "--out", "out", "--set", "widht=3"), "unknown setting of the"),
        (("train", "two-moons", "--out", "out", "--set", "width=x"), "width must be a whole"),
        (("train", "two-moons", "--out", "out", "--set", "steps=3"), "give --steps"),
        (("train", "two-moons", "--out", "out", "--set", "dtype=3"), "unknown setting of the"),
        (
            ("train", "two-moons", "--out", "out", "--set", "width=3", "--set", "width=4"),
            "more than once",
        ),
        (("info", "nowhere"), "there is no folder"),
        (("info", "."), "holds no run"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_errors_are_one_clear_line(arguments, problem, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert status(*arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("splineviz")
    assert problem in error
    assert not Path("out").exists()


@pytest.mark.parametrize("begun", [True, False])
def test_interrupting_says_where_the_run_is(begun, tmp_path, monkeypatch, capsys):
    train, out = recipes.train, tmp_path / "run"

    def interrupted(*arguments, **options):
        def stop(step, steps):
            raise KeyboardInterrupt

        if begun:
            train(*arguments, **options, progress=stop)
        raise KeyboardInterrupt

    monkeypatch.setattr(recipes, "train", interrupted)
    assert main(["train", "two-moons", "--out", str(out), "--steps", "20"]) == 130
    error = capsys.readouterr().err
    assert error.endswith("splineviz: interrupted\n")
    assert (f"interrupted)\nin {out}\n" in error) == begun


def test_a_reader_that_leaves_ends_info_quietly():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "splineviz", "info"]
    finished = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (finished.returncode, finished.stderr) == (141, b"")


def test_train_help_lists_every_recipe(capsys):
    assert status("train", "--help") == 0
    described = capsys.readouterr().out
    for name in recipes.names():
        assert name in described


def test_it_runs_as_a_program():
    command = [sys.executable, "-m", "splineviz", "--version"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout == f"splineviz {__version__}\n"


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["frobnicate"], 2)])
def test_start_says_what_it_does_and_installs_nothing(words, status, tmp_path):
    """From a copy: it works on the folder that it lies in."""
    script = shutil.copy(ROOT / "start.py", tmp_path)
    finished = subprocess.run([sys.executable, script, *words], capture_output=True, text=True)
    assert finished.returncode == status
    assert "python3 start.py test" in finished.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["start.py"]


def test_an_old_python_gets_as_far_as_the_message():
    """Python 3.6 reads the whole file before it runs the first line."""
    ast.parse((ROOT / "start.py").read_text(), feature_version=(3, 6))


def test_compile_leaves_nothing_to_compile(capsys, monkeypatch):
    """All kernels that Python calls have one signature: a second one would be compiled later."""
    assert status("compile") == 0
    assert capsys.readouterr().out.count("SplinePartition") == 2
    monkeypatch.setattr("splineviz.partition.engine.vertex_values._KEPT", 0)
    assert status("compile") == 0
    called = [
        (cells, ("split_cells",)),
        (edges, ("cut_edges", "sign_planes", "split_edges")),
        (triangles, ("cell_triangles",)),
        (rings, ("walk_rings",)),
        (rows, ("interpolate", "weigh")),
    ]
    for module, names in called:
        for name in names:
            assert len(getattr(module, name).__wrapped__.signatures) == 1, name


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A copy of some checkpoints of the bundled run, whose counts are kept from test to test."""
    run = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(Run.bundled().path, run, ignore=shutil.ignore_patterns("cache"))
    return run


def test_lc_prints_and_writes_the_local_complexity(measured, tmp_path, capsys):
    table = tmp_path / "table.csv"
    assert main(["lc", str(measured), "--points", "40", "--csv", str(table)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == (
        "crossed neurons, means; points: 40 training, 40 test, 40 random, 40 boundary; 2 directions"
    )
    probes = ["training", "test", "random", "boundary"]
    written = pd.read_csv(table)
    assert len(written) == 56 * 3 * 4 * 4
    total = written[written["layer"] == "total"].set_index(["radius", "step", "probe"])["mean"]
    for radius in (0.005, 0.05, 0.1):
        start = lines.index(f"radius {radius:g}")
        assert lines[start + 1].split() == ["step", *probes]
        shown = lines[start + 2 : start + 2 + 56]
        assert shown[0].split()[0] == "0"
        assert shown[-1].split()[0] == "30000"
        for line, step in [(shown[0], 0), (shown[-1], 30_000)]:
            assert line.split()[1:] == [f"{total[radius, step, name]:.2f}" for name in probes]
    assert total[0.1, 0, "training"] != total[0.1, 0, "random"] != total[0.1, 0, "test"]


def test_lc_says_that_the_sign_depends_on_the_radius(measured, capsys):
    assert main(["lc", str(measured)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "What rises at one radius may fall at another: compare several, and say which." in lines
    assert (
        "Here, training: higher at the end at radius 0.005, lower at radius 0.05 and 0.1." in lines
    )
    assert max(map(len, lines)) <= 100


def test_lc_of_a_run_without_classes_has_no_decision_boundary(tmp_path, capsys):
    inputs = torch.rand(5, 2)
    network = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    with Recorder(tmp_path / "sums", network, samples=(inputs, inputs.sum(1))) as recorder:
        recorder.step(0)
    assert main(["lc", str(tmp_path / "sums"), "--radius", "0.1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "points: 5 training, 5 random;" in lines[1]
    assert lines[4].split() == ["step", "training", "random"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--points", "0"], "--points must be at least 1"),
        (["--directions", "0"], "directions must be at least 1"),
        (["--directions", "3"], "say directions=2"),
        (["--radius", "-1"], "radius must be a positive number"),
        (["--radius", "x"], "expected a number such as 0.05"),
        (["--radius", "0.1,"], "several such as 0.005,0.05"),
        (["--radius", "0.1,nan"], "radius must be a positive number"),
        (["--csv", "no/such/folder/x.csv"], "cannot be written"),
    ],
)
def test_lc_says_what_is_wrong(options, message, capsys, tmp_path, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(Run.bundled().path, run, ignore=shutil.ignore_patterns("cache"))
    monkeypatch.chdir(tmp_path)
    assert status("lc", str(run), *options) == 2
    assert message in capsys.readouterr().err


def test_lc_writes_no_table_through_a_link_and_into_a_pipe(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(Run.bundled().path, run, ignore=shutil.ignore_patterns("cache"))
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    table = run / "table.csv"
    table.symlink_to(mine)
    words = ["lc", str(run), "--points", "4", "--csv"]
    assert main([*words, str(table)]) == 0
    assert mine.read_text() == "mine"
    written = table.read_text()
    assert written.startswith("step,")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert main([*words, str(pipe)]) == 0
        assert reader.communicate()[0] == written
    assert pipe.is_fifo()


def test_lc_of_a_run_without_points_is_told(tmp_path, capsys):
    with Recorder(tmp_path / "bare", torch.nn.Linear(2, 2)) as recorder:
        recorder.step(0)
    assert main(["lc", str(tmp_path / "bare")]) == 2
    assert "kept no training points" in capsys.readouterr().err
