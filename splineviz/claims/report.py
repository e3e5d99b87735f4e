"""One page about all claims, as Markdown and as HTML."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from splineviz.claims.claim import Experiment
from splineviz.claims.results import CaseResult, ClaimResult

FIGURES = "figures"

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border-bottom: 1px solid #8886; padding: .25rem .75rem .25rem 0; text-align: left;
  vertical-align: top; }
img { max-width: 100%; background: white; }
.verdict { font-weight: 600; }
"""


class _Page:
    """A page that is written as Markdown and as HTML at the same time."""

    def __init__(self) -> None:
        self.markdown: list[str] = []
        self.html: list[str] = []

    def heading(self, level: int, text: str, anchor: str = "") -> None:
        self.markdown += [f"{'#' * level} {text}", ""]
        name = f' id="{anchor}"' if anchor else ""
        self.html.append(f"<h{level}{name}>{html.escape(text)}</h{level}>")

    def paragraph(self, text: str) -> None:
        self.markdown += [text, ""]
        self.html.append(f"<p>{html.escape(text)}</p>")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.markdown += [
            f"| {' | '.join(heads)} |",
            f"|{'---|' * len(heads)}",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
        cells = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        self.html.append(f"<table><tr>{cells}</tr>{body}</table>")

    def picture(self, path: str, text: str) -> None:
        self.markdown += [f"![{text}]({path})", ""]
        self.html.append(f'<p><img src="{html.escape(path)}" alt="{html.escape(text)}"></p>')


def pages(
    results: Sequence[ClaimResult],
    seeds: Sequence[int],
    pictures: Mapping[Experiment, Sequence[tuple[str, str]]],
    made_by: str,
) -> tuple[str, str]:
    """Write the page.

    Parameters
    ----------
    results : sequence of ClaimResult
    seeds : sequence of int
        Of all trainings.
    pictures : mapping of Experiment to sequence of (str, str)
        Files relative to the page, and what each shows.
    made_by : str
        The command, versions and duration.

    Returns
    -------
    markdown, html : str
    """
    page = _Page()
    page.heading(1, "What training does to linear regions: claims and verdicts")
    page.paragraph(made_by)
    page.paragraph(
        f"Each claim has a rule that was written down before the runs were trained. It is decided "
        f"with each of {len(seeds)} seeds ({', '.join(map(str, seeds))}): reproduced means that "
        "the rule holds with all of them. Intervals are 95 % confidence intervals of the mean over "
        "seeds (Student). The end of a training is the median over its last four checkpoints, the "
        "fit the first one with an accuracy of 0.99 on the training points, the peak the largest "
        "local complexity at these points after the trough that comes before the fit. Accuracy "
        "under attack is that of PGD with 20 steps from 3 starts, which bounds it from above. The "
        "networks are small and train for a minute; a verdict is about them."
    )
    tally = Counter(verdict for result in results for verdict in result.verdicts)
    counted = ", ".join(f"{count} {verdict}" for verdict, count in tally.most_common())
    page.paragraph(f"In all: {counted}.")
    page.table(
        ("claim", "experiment", "verdict"),
        [
            (result.claim.title if number == 0 else "", case.name, _verdict(case))
            for result in results
            for number, case in enumerate(result.cases)
        ],
    )
    for result in results:
        _claim(page, result, seeds)
    page.heading(2, "The runs", "runs")
    for experiment, files in pictures.items():
        page.heading(3, str(experiment))
        for path, text in files:
            page.picture(path, text)
    body = "\n".join(page.html)
    return (
        "\n".join(page.markdown).rstrip() + "\n",
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>splineviz: claims and verdicts</title>\n<style>\n{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n",
    )


def _claim(page: _Page, result: ClaimResult, seeds: Sequence[int]) -> None:
    claim, rule = result.claim, result.claim.rule
    page.heading(2, claim.title, claim.name)
    page.paragraph(f"Source: {claim.source}.")
    page.paragraph(f"Rule: {rule.text}.")
    if rule.opposite is not None:
        page.paragraph(f"The opposite: {rule.opposite_text}.")
    if rule.requires is not None:
        page.paragraph(f"It can be decided if {rule.requires_text}.")
    for case in result.cases:
        page.paragraph(f"{case.name}: {_verdict(case)}.")
        page.table(
            ("", *(f"seed {seed}" for seed in seeds), "mean"),
            [*_rows(case)],
        )
    page.paragraph(f"What this does not show: {_lower_first(claim.shows_not)}")


def _rows(case: CaseResult) -> Iterator[tuple[str, ...]]:
    for key in case.numbers[0]:
        mean, low, high = case.interval(key)
        between = "" if math.isnan(low) else f" ({_short(low)} to {_short(high)})"
        yield (key, *(_short(numbers[key]) for numbers in case.numbers), _short(mean) + between)
    yield ("the rule holds", *case.outcomes, "")


def _verdict(case: CaseResult) -> str:
    if len(set(case.outcomes)) == 1:
        return case.verdict
    counts = Counter(case.outcomes)
    return f"{case.verdict} ({', '.join(f'{name}: {n}' for name, n in counts.items())})"


def _short(value: float) -> str:
    if not math.isfinite(value):
        return "none" if math.isnan(value) else "infinite"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
