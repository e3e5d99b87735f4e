"""Each row of CLAIMS on trainings that were cut short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from splineviz.claims import figures, geometry_statistics
from splineviz.claims.claim import NO, OPPOSITE, UNDECIDED, YES
from splineviz.claims.evidence import Evidence
from splineviz.claims.reproduce import reproduce
from splineviz.claims.results import ClaimResult
from splineviz.claims.table import CLAIMS
from splineviz.errors import InvalidArgument, UnknownName
from splineviz.training.recipes import RECIPES

STEPS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("claims")


@pytest.fixture(scope="module")
def results(folder: Path) -> tuple[ClaimResult, ...]:
    # A picture of regions is drawn for one experiment, and few points are looked at in all
    # dimensions: the others take a minute more.
    drawn: list[bytes] = []
    draw = figures.regions_figure

    def regions_figure(run: Evidence) -> bytes:
        if not drawn:
            drawn.append(draw(run))
        return drawn[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "regions_figure", regions_figure)
        patch.setattr(geometry_statistics, "_POINTS", 3)
        return reproduce(out=folder, seeds=1, steps=STEPS, jobs=2, progress=None)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_row_names_recipes_and_their_settings(name: str) -> None:
    claim = CLAIMS[name]
    assert claim.name == name
    for experiment in claim.experiments:
        RECIPES[experiment.recipe].with_overrides(dict(experiment.overrides))
    for text in (claim.rule.text, claim.rule.opposite_text, claim.rule.requires_text):
        assert not text.endswith(".")
    assert (claim.rule.opposite is None) == (not claim.rule.opposite_text)
    assert (claim.rule.requires is None) == (not claim.rule.requires_text)
    assert claim.shows_not.endswith(".")


@pytest.mark.parametrize("number", range(len(CLAIMS)), ids=list(CLAIMS))
def test_a_row_is_decided(number: int, results: tuple[ClaimResult, ...]) -> None:
    result = results[number]
    claim = result.claim
    assert claim is [*CLAIMS.values()][number]
    assert [case.name for case in result.cases] == [*claim.cases]
    for case in result.cases:
        [numbers], [outcome] = case.numbers, case.outcomes
        assert numbers
        assert all(isinstance(value, float) for value in numbers.values())
        assert outcome in (YES, NO, OPPOSITE, UNDECIDED)


def test_the_page_and_its_figures(folder: Path, results: tuple[ClaimResult, ...]) -> None:
    markdown, html = (folder / name for name in ("report.md", "index.html"))
    assert "TRAININGS WERE CUT SHORT" in markdown.read_text()
    assert "TRAININGS WERE CUT SHORT" in html.read_text()
    written = json.loads((folder / "results.json").read_text())
    assert [claim["name"] for claim in written["claims"]] == [*CLAIMS]
    figures = sorted(path.name for path in (folder / "figures").iterdir())
    experiments = {each for claim in CLAIMS.values() for each in claim.experiments}
    curves = [name for name in figures if name.endswith("-curves.svg")]
    regions = [name for name in figures if name.endswith("-regions.png")]
    assert len(curves) == len(experiments)
    assert len(regions) == len(figures) - len(curves) > 5
    for name in figures:
        assert f'src="figures/{name}"' in html.read_text()
        assert f"](figures/{name})" in markdown.read_text()


def test_what_is_there_is_used_again(folder: Path, results: tuple[ClaimResult, ...]) -> None:
    runs = [*(folder / "runs").rglob("manifest.json")]
    before = [path.stat().st_mtime_ns for path in runs]
    counted: list[tuple[int, int]] = []
    [again] = reproduce(
        ["second-descent"],
        folder,
        seeds=1,
        steps=STEPS,
        jobs=1,
        progress=lambda done, total: counted.append((done, total)),
    )
    # NaN does not equal itself, and what is cut short never fits.
    assert repr(again.cases) == repr(results[[*CLAIMS].index("second-descent")].cases)
    assert [path.stat().st_mtime_ns for path in runs] == before
    assert counted[-1] == (5, 5)


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"'secnd-descent'.*second-descent"):
        reproduce(["secnd-descent"], tmp_path)
    for name, value in (("seeds", 0), ("jobs", 0), ("steps", 0), ("seeds", 1.5)):
        with pytest.raises(InvalidArgument, match=name):
            reproduce(["ascent"], tmp_path, **{name: value})
    assert not [*tmp_path.iterdir()]
