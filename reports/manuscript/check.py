"""Holds the numbers of a manuscript against storage: those that it types, and those that it binds or inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from experiments.schema import SCORES
from reports.manuscript.candidates import Candidates, Finder
from reports.manuscript.latex_source import Line, Source
from reports.manuscript.passages import Passage, passages
from reports.manuscript.typed_numbers import TypedNumber, quotes, typed_numbers
from reports.render import latex_numbers
from reports.render.bound_numbers import BoundNumber, bound_numbers, short_names
from reports.render.formats import PASTED_STYLES, table_files
from reports.render.latex_float import PACKAGES
from reports.slugs import slug
from reports.tables.cells import Table

_BOUND = re.compile(r"\\combo\s*\{([^}]*)\}")
_DEFINED = re.compile(
    r"^\\combo@(?:number\{(?P<one>[^}]*)\}|both\{(?P<paper>[^}]*)\}\{(?P<short>[^}]*)\})\{(?P<value>.*)\}$", re.M
)
FRACTION_DECIMALS = 2
"""Fewest decimals of a score that is typed as a fraction, such as 0.64."""


@dataclass(frozen=True)
class Finding:
    """A place of a manuscript that disagrees with storage."""

    file: str
    line: int
    typed: str
    """The number, or the macro or file in its place."""
    stored: str
    """What is stored instead; empty where that cannot be told."""
    why: str


@dataclass(frozen=True)
class Agreement:
    """A typed number that agrees with storage, today."""

    file: str
    line: int
    typed: str
    name: str
    """What binds it."""


@dataclass(frozen=True)
class ManuscriptCheck:
    """Outcome of a check."""

    findings: tuple[Finding, ...]
    """In the order of the manuscript."""
    agreements: tuple[Agreement, ...]
    bound: int
    """Numbers that are bound to storage."""
    passed_over: int
    """Typed numbers with decimals of which nothing says that they are scores."""


def check_manuscript(source: Source, tables: Sequence[Table], *, everything: bool = False) -> ManuscriptCheck:
    """Checks a manuscript.

    A typed number agrees when it is, with as many decimals as it is typed, one of those that its passage may speak of.

    Args:
        source: the manuscript.
        tables: that it may speak of.
        everything: whether to look also at numbers of which nothing says that they are scores.
    """
    numbers = bound_numbers(tables)
    generated = {name for name, text in source.files.items() if _is_ours(text)}
    lines = [line for line in source.lines if line.file not in generated]
    bound = [(line, name) for line in lines for name in _BOUND.findall(line.text)]
    named = {name: number for number in numbers for name in _names(number, short_names(numbers))}
    findings = [*_bound_findings(bound, named, source.files), *_outdated_tables(source.files, tables)]
    agreements: list[Agreement] = []
    finder, passed_over = Finder(numbers), 0
    for passage in passages(lines):
        typed = list(typed_numbers(passage))
        if not typed:
            continue
        found = finder.candidates(passage)
        for number in typed:
            if not (everything or (not number.is_other and (found.is_about_scores or number.unit))):
                passed_over += 1
                continue
            outcome = _judge(number, found, passage)
            if isinstance(outcome, Finding):
                findings.append(outcome)
            else:
                agreements.append(outcome)
    places = {(line.file, line.number): place for place, line in enumerate(source.lines)}
    ordered = sorted(findings, key=lambda finding: places.get((finding.file, finding.line), len(places)))
    return ManuscriptCheck(tuple(ordered), tuple(agreements), len(bound), passed_over)


def _is_ours(text: str) -> bool:
    return text.startswith((latex_numbers.HEADER, PACKAGES))


def _names(number: BoundNumber, short: Mapping[str, str]) -> Iterator[str]:
    yield number.name
    if number.name in short:
        yield short[number.name]


def _bound_findings(
    bound: Iterable[tuple[Line, str]], named: Mapping[str, BoundNumber], files: Mapping[str, str]
) -> Iterator[Finding]:
    printed = {
        name: value
        for text in files.values()
        if text.startswith(latex_numbers.HEADER)
        for name, value in _defined(text)
    }
    for line, name in bound:
        macro = rf"\combo{{{name}}}"
        number = named.get(name)
        if number is None:
            yield Finding(line.file, line.number, macro, "", "no number of these tables is called so")
        elif not number.text:
            yield Finding(line.file, line.number, macro, "", f"is no number: {number.why}")
        elif name in printed and printed[name] != latex_numbers.latex_value(number):
            told = f"numbers.tex holds {printed[name]}; input that of a new report"
            yield Finding(line.file, line.number, macro, number.text, told)


def _defined(text: str) -> Iterator[tuple[str, str]]:
    for found in _DEFINED.finditer(text):
        names = [found["one"]] if found["one"] is not None else [found["paper"] + found["short"], found["short"]]
        yield from ((name, found["value"]) for name in names)


def _outdated_tables(files: Mapping[str, str], tables: Sequence[Table]) -> Iterator[Finding]:
    """Generated tables that a manuscript inputs and that a report would print otherwise today."""
    today = table_files({slug(table.experiment): table for table in tables})
    for name, text in files.items():
        if not text.startswith(PACKAGES):
            continue
        label = re.search(r"\\label\{tab:([^}]*?)(?:-audit)?\}", text)
        own = [today.get(f"{label[1]}{style}.tex") for style in PASTED_STYLES] if label else []
        if any(own) and text not in own:
            yield Finding(name, 1, name, "", "the table would be another one today; input that of a new report")


def _judge(number: TypedNumber, found: Candidates, passage: Passage) -> Finding | Agreement:
    line, of_kind = number.line, [one for one in found.numbers if _is_of_kind(number, one)]
    agreeing = [one for one in of_kind if _agrees(number, one)]
    of_the_paper = [one for one in agreeing if one.is_of_the_paper]
    measured = [one for one in agreeing if not one.is_of_the_paper]
    is_quoted = quotes(passage.text)
    if measured or (of_the_paper and is_quoted):
        return Agreement(line.file, line.number, number.text, (measured or of_the_paper)[0].name)
    if (pair := _difference(number, found, is_quoted=is_quoted)) is not None:
        return Agreement(line.file, line.number, number.text, " − ".join(one.name for one in pair))
    if of_the_paper:
        own = of_the_paper[0].name.rpartition("/")[0]
        now = next((one.text for one in found.numbers if one.name == own), "")
        return Finding(line.file, line.number, number.text, now, f"is the paper's own number, not {own}")
    return _disagreement(number, of_kind)


def _disagreement(number: TypedNumber, found: Sequence[BoundNumber]) -> Finding:
    """What a typed number that is none of ours most likely was meant to be."""
    line = number.line
    if number.unit == "points":
        told = "no two numbers that it could speak of are so far apart"
        return Finding(line.file, line.number, number.text, "", told)
    kind = "p-value" if number.is_p_value else "spread" if number.is_spread else "measured"
    comparable = [one for one in found if one.kind == kind] or [one for one in found if one.kind == "reported"]
    if not comparable:
        return Finding(line.file, line.number, number.text, "", "nothing is stored that it could be")
    nearest = min(comparable, key=lambda one: abs((one.value or 0.0) - float(number.text)))
    return Finding(line.file, line.number, number.text, nearest.text, f"the nearest is {nearest.name}")


def _is_of_kind(number: TypedNumber, one: BoundNumber) -> bool:
    if number.is_p_value or one.kind == "p-value":
        return number.is_p_value and one.kind == "p-value"
    if number.is_spread:
        return one.kind == "spread" and one.name.endswith("/sd")
    return one.kind != "count"


def _agrees(number: TypedNumber, one: BoundNumber) -> bool:
    if one.value is None:
        return False
    forms = {f"{abs(one.value):.{number.decimals}f}"}
    if number.decimals >= FRACTION_DECIMALS and one.cell is not None and one.cell.column.metric in SCORES:
        forms.add(f"{abs(one.value) / 100:.{number.decimals}f}")
    return number.text in forms or (one.kind == "reported" and number.text == one.text)


def _difference(number: TypedNumber, found: Candidates, *, is_quoted: bool) -> tuple[BoundNumber, BoundNumber] | None:
    """Two cells of one column that are so many points apart, as they are or as they are printed.

    Where the passage names rows, one of the two is in such a row. What the paper reports of our rows counts where the
    passage says that it is reported.
    """
    if not number.unit or number.is_spread:
        return None
    named = {one.name for one in found.numbers}
    scores = (one for one in found.of_any_row if one.kind in ("measured", "reported"))
    shown = [one for one in scores if is_quoted or not one.is_of_the_paper]
    for one, other in combinations(shown, 2):
        if one.table is not other.table or not (one.cell and other.cell) or one.cell.column != other.cell.column:
            continue
        if named.isdisjoint((one.name, other.name)) or one.value is None or other.value is None:
            continue
        apart = (one.value - other.value, round(one.value, 1) - round(other.value, 1))
        if number.text in {f"{abs(points):.{number.decimals}f}" for points in apart}:
            return one, other
    return None
