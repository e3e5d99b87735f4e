"""What draws the widgets of a page that nbconvert made, from files of this machine.

Such a page asks a CDN for require.js, for the viewer of widgets and for a module of each package
whose widgets stand in it. Here the first two come from the npm registry, in pinned versions, and
the modules from the Python packages, which bring the very versions that they ask a CDN for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.specifiers import SpecifierSet

REQUIRE = ("requirejs", "2.1.10")
MANAGER = ("@jupyter-widgets/html-manager", "1.0.15")
# Where Python packages put their front ends.
JUPYTER = Path(sys.prefix) / "share" / "jupyter"
MODULES = ("anywidget", "bqplot", "bqscales")
SCRIPT = {"content_type": "text/javascript", "headers": {"access-control-allow-origin": "*"}}


def fetch(package, version, folder):
    """The folder with one version of an npm package, which is fetched once."""
    kept = folder / f"{package.replace('/', '-')}-{version}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=folder) as work:
            subprocess.run(
                ["npm", "pack", "--silent", f"{package}@{version}"],
                cwd=work,
                check=True,
                capture_output=True,
                text=True,
                timeout=120,
            )
            [archive] = Path(work).glob("*.tgz")
            with tarfile.open(archive) as packed:
                packed.extractall(work, filter="data")
            os.replace(Path(work) / "package", kept)
    return kept


def asked(url):
    """The package that a CDN is asked for, and the range of versions."""
    path = unquote(urlsplit(url).path)
    if found := re.search(r"/require\.js/([^/]+)/require\.min\.js$", path):
        return REQUIRE[0], f"^{found[1]}"
    if found := re.search(r"/((?:@[^/]+/)?[^/@]+)@([^/]+)/dist/(?:index|embed-amd)\.js$", path):
        return found[1], found[2]
    return ("mathjax" if "/mathjax/" in path else ""), ""


def satisfies(version, wanted):
    """Whether a version is in a range as packages of widgets write it: ^0.6.1, ~0.11.*, *."""
    if wanted == "*":
        return True
    numbers = wanted[1:].removesuffix(".*").split(".")
    fixed = 2 if wanted[0] == "~" or numbers[0] == "0" else 1
    return version in SpecifierSet(f">={'.'.join(numbers)},=={'.'.join(numbers[:fixed])}.*")


class Viewer:
    """The files by package, with their versions; fetched into a folder if they are not there."""

    def __init__(self, folder):
        self.files = {
            REQUIRE[0]: fetch(*REQUIRE, folder) / "require.js",
            MANAGER[0]: fetch(*MANAGER, folder) / "dist" / "embed-amd.js",
        }
        self.versions = dict([REQUIRE, MANAGER])
        for name in MODULES:
            self.files[name] = JUPYTER / "nbextensions" / name / "index.js"
            about = json.loads((JUPYTER / "labextensions" / name / "package.json").read_text())
            self.versions[name] = about["version"]

    def answer(self, route):
        """Answer a request for one of the files in the place of a CDN, and refuse any other."""
        name, wanted = asked(route.request.url)
        if name in self.files and satisfies(self.versions[name], wanted):
            route.fulfill(path=self.files[name], **SCRIPT)
        elif name == "mathjax":
            route.fulfill(body="", **SCRIPT)
        else:
            route.abort()

    def copy_to(self, folder):
        """Put the files where a page without a network looks for them: beside itself."""
        for name in (REQUIRE[0], MANAGER[0], *MODULES):
            source = self.files[name]
            copy = f"{name}.js" if name in MODULES else source.name
            shutil.copyfile(source, folder / copy)
