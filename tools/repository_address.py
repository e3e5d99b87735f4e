"""Write the repository's own address wherever it is needed.

    python tools/repository_address.py

It is filled in at one place: ``Repository`` under ``[project.urls]`` in pyproject.toml. From it
follow the Binder badge in README.md and ``repository-code`` in CITATION.cff. As long as OWNER
stands there the repository has no public address, and the README says so beside the badge.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
OPENS = "lab/tree/notebooks/00_watch.ipynb"
UNKNOWN = "OWNER"
NOTE = (
    "(Not yet: this repository has no public address. Fill it in under `[project.urls]` in\n"
    "`pyproject.toml` and run `python tools/repository_address.py`.)"
)


def main() -> None:
    """Rewrite the files that name the address."""
    address = repository()
    for name, rewrite in REWRITES.items():
        path = ROOT / name
        path.write_text(rewrite(path.read_text(), address))
        print(f"{name}: {address}")


def repository() -> str:
    """The address, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["urls"]["Repository"]).rstrip("/")


def binder(address: str) -> str:
    """Where Binder opens the first notebook of a repository."""
    parts = urlsplit(address)
    # Binder has a short form for GitHub; any other host is a git repository.
    place = f"gh{parts.path}" if parts.netloc == "github.com" else f"git/{quote(address, safe='')}"
    return f"https://mybinder.org/v2/{place}/HEAD?urlpath={OPENS}"


def rewrite_readme(text: str, address: str) -> str:
    """The README with the badge for an address, and with the note if that is not known."""
    badge = f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder(address)})"
    return replace(
        rf"\[!\[[^]]*\]\([^)]*badge_logo\.svg\)\]\([^)]*\)(?:\n\n{re.escape(NOTE)})?",
        f"{badge}\n\n{NOTE}" if UNKNOWN in urlsplit(address).path.split("/") else badge,
        text,
    )


def rewrite_citation(text: str, address: str) -> str:
    """CITATION.cff with an address."""
    return replace(r"(?m)^repository-code: .*$", f"repository-code: {address}", text)


def replace(pattern: str, replacement: str, text: str) -> str:
    """Replace what stands once in a text."""
    text, count = re.subn(pattern, lambda _: replacement, text)
    if count != 1:
        raise SystemExit(f"found {count} times, not once: {pattern}")
    return text


REWRITES = {"README.md": rewrite_readme, "CITATION.cff": rewrite_citation}

if __name__ == "__main__":
    main()
