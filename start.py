"""Set up splineviz in this folder and open its first notebook, or run its tests.

    python3 start.py             set up what is missing, then open JupyterLab
    python3 start.py setup       only set up
    python3 start.py test        set up, then run every check and every test
    python3 start.py test --fast the same, without the tests that tests/fast.txt leaves out

What follows ``lab`` goes to JupyterLab, what follows ``test`` to pytest. That runs a worker on each
core, four at most; ``-n 0`` is without. Everything is installed in the folder .venv beside this
file, in the versions of constraints.txt; nothing else changes on the machine. Delete .venv to start
afresh. This file needs Python 3.11, 3.12 or 3.13 and pip, nothing more.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

TRIED = ("python3.13", "python3.12", "python3.11")
"""The Pythons that the versions of constraints.txt were tried with."""

if sys.version_info < (3, 11):
    # A version manager's name for a Python may lead to none.
    usable = [
        name
        for name in TRIED
        if shutil.which(name) and not subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL)
    ]
    sys.exit(
        f"splineviz needs Python 3.11, 3.12 or 3.13, and this is Python {sys.version.split()[0]}: "
        + (
            f"this machine has {' and '.join(usable)} as well, so say: {usable[0]} start.py"
            if usable
            else "install one of them, from python.org for example, and say: python3.13 start.py"
        )
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "constraints.txt"

# PyTorch's own index of builds for the CPU. On Linux the default index has those for CUDA: several
# GB that are of no use here.
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"

CHECKS = {
    "pip check": ("-m", "pip", "check"),
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy"),
    "lint-imports": ("-c", "from importlinter.cli import lint_imports_command as run; run()"),
}

# A file's tests stay in one worker, and files begin in their order: those of the browser, which
# take longest, early. A test that hangs ends the run with its worker, or it would be tried again.
WORKERS = (
    *("-n", "logical", "--maxprocesses", "4", "--max-worker-restart", "0"),
    *("--dist", "loadfile", "--no-loadscope-reorder"),
)


def main() -> int:
    """Do what the command line asks for, and return the exit status."""
    command, *rest = sys.argv[1:] or ["lab"]
    if command not in ("lab", "setup", "test") or (command == "setup" and rest):
        print(__doc__.strip())
        return 0 if command in ("-h", "--help") else 2
    os.chdir(ROOT)
    try:
        set_up("dev" if command == "test" else "")
        if command == "test":
            return test(rest)
    except subprocess.CalledProcessError as error:
        step = " ".join(map(str, error.cmd))
        print(f"\nsplineviz: this step failed, see above for the reason:\n  {step}")
        return 1
    except KeyboardInterrupt:
        print("\nsplineviz: interrupted; run the same command again to go on")
        return 130
    if command == "lab":
        return hand_over(PYTHON, "-m", "splineviz", "lab", *rest)
    return 0


def set_up(extra: str) -> None:
    """Install splineviz and one of its extras in .venv, unless that was done before.

    Parameters
    ----------
    extra : str
        ``"dev"`` for what the tests need, or nothing.
    """
    if not works("import pip"):
        say("making a virtual environment in .venv")
        make_environment()
    wanted = (ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes() + bytes(ROOT)
    digest = hashlib.sha256(wanted).hexdigest()
    stamp = VENV / "splineviz.stamp"
    done = stamp.read_text().split() if stamp.exists() else []
    if done[:1] == [digest] and extra in ("", *done[1:]) and works("import splineviz"):
        return
    say("installing; the first time this takes a few minutes")
    if sys.platform == "linux":
        # Alone, since all other packages are on the default index. It comes first, so that torch
        # is there when they ask for it; without this index pip still has the default one.
        cpu = ("--extra-index-url", CPU_BUILDS, "--retries", "1", "--timeout", "15")
        pip("--no-deps", *cpu, "torch")
    pip("--quiet", "--editable", f".[{extra}]" if extra else ".")
    say("compiling the engine, once")
    run(PYTHON, "-m", "splineviz", "compile")
    stamp.write_text(f"{digest} {extra}")


def make_environment() -> None:
    """Make a virtual environment with pip in .venv, in place of one that does not work."""
    # Debian leaves ensurepip out of its Python; then this Python's own pip puts one in there.
    with_pip = importlib.util.find_spec("ensurepip") is not None
    venv.create(VENV, clear=True, with_pip=with_pip)
    if not with_pip:
        run(sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip")


def test(arguments: list[str]) -> int:
    """Run every check, then the tests, and return 1 if anything failed."""
    # pytest reads further arguments from a file, one on each line.
    arguments = ["@tests/fast.txt" if word == "--fast" else word for word in arguments]
    failed = []
    for name, command in {**CHECKS, "pytest": ("-m", "pytest", *WORKERS, *arguments)}.items():
        print(f"\n--- {name}", flush=True)
        if subprocess.run([PYTHON, *command]).returncode != 0:
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def works(statement: str) -> bool:
    """Say whether the Python in .venv is new enough and runs a statement without an error."""
    check = f"import sys; assert sys.version_info >= (3, 11); {statement}"
    try:
        return subprocess.run([PYTHON, "-I", "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def pip(*arguments: str) -> None:
    """Install into .venv, in the versions of constraints.txt."""
    options = ("--disable-pip-version-check", "--constraint", CONSTRAINTS.name)
    run(PYTHON, "-m", "pip", "install", *options, *arguments)


def run(*command: str | Path) -> None:
    """Run a command, and raise CalledProcessError if it fails."""
    subprocess.run(command, check=True)


def hand_over(*command: str | Path) -> int:
    """Become another program, which then answers Ctrl-C itself."""
    if os.name == "posix":
        os.execv(command[0], list(map(str, command)))
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"splineviz: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
