"""The report that is committed: it is about the claims and rules of today."""

from __future__ import annotations

import json
import re
from pathlib import Path

from splineviz.claims.claim import verdict
from splineviz.claims.reproduce import FIRST_SEED
from splineviz.claims.table import CLAIMS

FOLDER = Path(__file__).parents[2] / "docs" / "claims"
RESULTS = json.loads((FOLDER / "results.json").read_text())


def test_its_rules_are_those_of_today() -> None:
    for result in RESULTS["claims"]:
        claim = CLAIMS[result["name"]]
        assert (result["title"], result["rule"]) == (claim.title, claim.rule.text)
        assert [case["name"] for case in result["cases"]] == [*claim.cases]


def test_its_seeds_are_none_that_settings_were_found_with() -> None:
    assert RESULTS["seeds"] == [FIRST_SEED + number for number in range(3)]
    assert "CUT SHORT" not in RESULTS["made_by"]


def test_its_verdicts_follow_from_its_outcomes() -> None:
    for result in RESULTS["claims"]:
        for case in result["cases"]:
            assert len(case["outcomes"]) == len(case["numbers"]) == 3
            assert case["verdict"] == verdict(case["outcomes"])


def test_its_figures_are_there() -> None:
    text = (FOLDER / "report.md").read_text()
    named = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert sorted(named) == sorted(
        f"figures/{path.name}" for path in (FOLDER / "figures").iterdir()
    )
