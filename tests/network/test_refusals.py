"""The table of what is refused does not contradict the table of what is supported."""

from __future__ import annotations

import pytest

from splineviz.network.layers import LAYERS
from splineviz.network.refusals import REFUSALS, Refusal, refusal_of


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.names.split()[0])
def test_a_refusal_says_why_and_what_would_work(row: Refusal) -> None:
    assert row.why
    assert not row.why.endswith(".")
    assert row.advice.endswith(".")
    for name in row.names.split():
        assert name == name.lower().replace("_", "")
        assert refusal_of(name) is row


def test_each_name_is_refused_once() -> None:
    names = [name for row in REFUSALS for name in row.names.split()]
    assert len(names) == len(set(names))


def test_no_supported_layer_is_refused() -> None:
    refused = {name for row in REFUSALS for name in row.names.split()}
    for row in LAYERS.values():
        for name in " ".join(row.spellings).split():
            assert name.rpartition(".")[2].lower().replace("_", "") not in refused


def test_any_other_name_gets_a_general_answer() -> None:
    refusal = refusal_of("SomethingNew")
    assert "LAYERS" in refusal.why
    assert "add a row" in refusal.advice
