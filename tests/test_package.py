"""What is promised of the package as a whole: its imports and its contents."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import splineviz

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

TORCH = ("torch",)
FRONT_ENDS = ("anywidget", "bqplot", "ipywidgets")


def modules(room):
    """The dotted names of all modules below a folder of the package."""
    for path in sorted((ROOT / "splineviz" / room).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def in_a_fresh_python(code, **environment):
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize(
    ("names", "banned"),
    [
        (["splineviz"], (*TORCH, *FRONT_ENDS)),
        (["splineviz.network.program"], (*TORCH, *FRONT_ENDS)),
        (modules("partition"), (*TORCH, *FRONT_ENDS)),
        (modules("display"), (*TORCH, *FRONT_ENDS)),
        (["splineviz.training.runs"], (*TORCH, *FRONT_ENDS)),
        (["splineviz.__main__"], (*TORCH, *FRONT_ENDS)),
        (modules("network"), FRONT_ENDS),
        (modules("training"), FRONT_ENDS),
        (modules("widgets"), TORCH),
    ],
    ids=[
        "splineviz",
        "network.program",
        "partition",
        "display",
        "training.runs",
        "__main__",
        "network",
        "training",
        "widgets",
    ],
)
def test_importing_stays_light(names, banned):
    code = f"""
import importlib, json, sys
found = {{}}
for name in {list(names)}:
    importlib.import_module(name)
    found[name] = [module for module in {banned} if module in sys.modules]
print(json.dumps(found))
"""
    found = json.loads(in_a_fresh_python(code))
    assert found == {name: [] for name in found}


def test_the_bundled_run_is_replayed_without_torch():
    code = """
import sys
sys.modules["torch"] = None  # every import of it now fails
import splineviz as sv
run = sv.Run.bundled()
player = sv.RegionPlayer(run, sv.InputSlice.identity(), background=True)
print(len(sv.enumerate_regions(run.program(run.steps[-1]), sv.InputSlice.identity())))
player.close()
"""
    assert int(in_a_fresh_python(code)) > 1


def test_public_names_resolve_and_are_listed():
    for name in splineviz.__all__:
        assert getattr(splineviz, name) is not None
        assert name in dir(splineviz)
    modules = {name for name in splineviz.__all__ if inspect.ismodule(getattr(splineviz, name))}
    assert modules == {"attacks", "errors", "recipes", "training"}
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        _ = splineviz.frobnicate


@pytest.mark.parametrize("name", ["data.digits", "recipes.names"])
def test_the_training_room_is_reached_through_the_package(name):
    code = f"""
import sys
import splineviz as sv
assert callable(sv.training.{name})
assert set(sv.training.__all__) <= set(dir(sv.training))
assert "torch" not in sys.modules
assert not hasattr(sv.training, "frobnicate")
"""
    in_a_fresh_python(code)


def test_public_names_are_known_to_type_checkers():
    """Those imported for type checkers are those that are imported when they are used."""
    tree = ast.parse((ROOT / "splineviz" / "__init__.py").read_text())
    guarded = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {
        alias.asname
        for node in ast.walk(guarded[0])
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(splineviz.__all__)


def test_version_is_the_same_everywhere():
    assert splineviz.__version__ == PROJECT["version"]
    assert f"\n## {splineviz.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def imports(folder):
    """The top-level names of all modules that the Python files of a folder import."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0]


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("splineviz", ("exchange",)), ("tests", ("dev",))],
    ids=["splineviz", "tests"],
)
def test_every_import_is_declared(folder, extras):
    lines = PROJECT["dependencies"] + [
        line for extra in extras for line in PROJECT["optional-dependencies"][extra]
    ]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    providers = packages_distributions()
    own = {
        "splineviz",
        "start",
        "tests",
        "tools",
        *(path.stem for path in (ROOT / folder).rglob("*.py")),
    }
    for name in set(imports(ROOT / folder)) - own - sys.stdlib_module_names:
        distributions = {canonicalize_name(provider) for provider in providers[name]}
        assert distributions & declared, f"{name} is imported, but not declared"


def test_constraints_pin_every_dependency():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    for pin in pins:
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
        assert pin.url is None
    pinned = {canonicalize_name(pin.name): pin for pin in pins}
    for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]:
        wanted = Requirement(line)
        version = str(pinned[canonicalize_name(wanted.name)].specifier).removeprefix("==")
        assert wanted.specifier.contains(version)


def test_wheel_has_what_a_user_needs(tmp_path):
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    packed = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "splineviz"
    leave = ("__pycache__", ".ipynb_checkpoints", "cache")
    for path in package.rglob("*"):
        if path.is_file() and not any(part in leave for part in path.parts):
            assert path.relative_to(ROOT).as_posix() in packed
    for notebook in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/solutions/*.ipynb")]:
        assert f"splineviz/{notebook.relative_to(ROOT).as_posix()}" in packed
    assert "splineviz/py.typed" in packed
    assert not [name for name in packed if "/cache/" in name]
    assert {name.split("/")[0] for name in packed} == {
        "splineviz",
        f"splineviz-{splineviz.__version__}.dist-info",
    }
