"""The page about claims, and the results as JSON."""

from __future__ import annotations

import json
import math

import pytest

from splineviz.claims.claim import Experiment
from splineviz.claims.report import pages
from splineviz.claims.results import CaseResult, ClaimResult, to_json
from splineviz.claims.table import CLAIMS

CLAIM = CLAIMS["second-descent"]
CASES = (
    CaseResult("digits <a>", ({"fall": 0.5}, {"fall": 0.75}), ("yes", "yes")),
    CaseResult("moons", ({"fall": math.nan}, {"fall": 0.1}), ("undecided", "no")),
)
RESULTS = [ClaimResult(CLAIM, CASES)]
MARKDOWN, HTML = pages(
    RESULTS, [10, 11], {Experiment.of("digits"): [("figures/a.svg", "curves")]}, "Made by hand."
)


def test_an_interval_is_students() -> None:
    mean, low, high = CASES[0].interval("fall")
    # 12.706 is the 97.5 % quantile of Student's distribution with one degree of freedom.
    assert mean == 0.625
    assert (low, high) == pytest.approx((0.625 - 12.706 * 0.125, 0.625 + 12.706 * 0.125), rel=1e-4)
    assert math.isnan(CASES[1].interval("fall")[0])
    alone = CaseResult("a", ({"fall": 0.5},), ("yes",))
    assert alone.interval("fall")[0] == 0.5
    assert math.isnan(alone.interval("fall")[1])


def test_the_page_says_rule_numbers_and_verdict() -> None:
    for text in (MARKDOWN, HTML):
        assert "Made by hand." in text
        assert CLAIM.rule.text in text
        assert "In all: 1 reproduced, 1 depends on the seed." in text
        assert "depends on the seed (undecided: 1, no: 1)" in text
        assert "10, 11" in text
        assert "figures/a.svg" in text
    assert "| fall | 0.5 | 0.75 | 0.625 (-0.963 to 2.21) |" in MARKDOWN
    assert "| fall | none | 0.1 | none |" in MARKDOWN
    assert "| | seed 10 | seed 11 | mean |" in MARKDOWN.replace("|  |", "| |")


def test_names_are_escaped() -> None:
    assert "digits &lt;a&gt;" in HTML
    assert "<a>" not in HTML


def test_results_as_json_hold_what_was_measured() -> None:
    written = json.loads(to_json(RESULTS, [10, 11], {"made_by": "hand"}))
    assert (written["seeds"], written["made_by"]) == ([10, 11], "hand")
    [claim] = written["claims"]
    assert claim["name"] == "second-descent"
    assert [case["verdict"] for case in claim["cases"]] == ["reproduced", "depends on the seed"]
    assert claim["cases"][1]["numbers"] == [{"fall": None}, {"fall": 0.1}]
