"""Numbers that are typed into a manuscript, as far as they may be scores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reports.manuscript.latex_source import Line
from reports.manuscript.passages import Passage, plain

_SILENT = re.compile(
    r"\\(?:combo|[A-Za-z]*ref|label|cite[a-z]*|input|include|includegraphics|url|href|scalebox|linespread|bibliography[a-z]*)"
    r"\*?(?:\[[^\]]*\])*\{[^}]*\}"
    r"|\\definecolor\{[^}]*\}\{[^}]*\}\{[^}]*\}"
    r"|\\renewcommand\{\\arraystretch\}\{[^}]*\}"
)
"""Commands whose arguments are no text."""
_LENGTH = r"pt|em|ex|cm|mm|in|bp|sp|\\(?:line|text|column|paper)(?:width|height)|\\hsize"
_BEFORE = r"(?<![\w.:^@_])(?<![A-Za-z]/)(?<!_\{)(?<!\^\{)"
_NUMBER = re.compile(
    rf"{_BEFORE}(?:(?P<decimal>\d{{1,3}}\.\d+)(?!\.?\d)(?!\s*(?:{_LENGTH})(?![a-z]))"
    r"|(?P<whole>\d{1,3})(?=[\s~]*(?:\\%|(?:percentage[\s~]+)?points?\b))(?![\s~]*\\%[\s~]*(?:confidence|CI\b|interval)))"
)
_SETTING = re.compile(r"((?:\\[A-Za-z]+|[A-Za-z]+)(?:_\{?[^=${}]*\}?)?)\}?\s*=\s*\$?\s*$")
_OTHER_BEFORE = re.compile(
    r"(?:learning[\s~]rate|weight[\s~]decay|momentum|dropout|threshold|temperature|margin|probability|ratio|factor|warm-?up"
    r"|epsilon|version|Python|PyTorch|CUDA)[^.;,]{0,12}$",
    re.IGNORECASE,
)
"""Words that say of the number behind them that it is none of a table."""
_OTHER_AFTER = re.compile(
    r"[\s~$]*(?:\\times|×|times\b|hours?\b|days?\b|minutes?\b|seconds?\b|G(?:i)?B\b|k?Hz\b|fps\b)"
)
_METRIC = {
    "m_j": re.compile(r"M_?J\b|\bmIoU\b|\bIoU\b|Jaccard|region similarity", re.IGNORECASE),
    "m_f": re.compile(r"M_?F\b|F-?\s?(?:score|measure)", re.IGNORECASE),
    "parameters": re.compile(r"\bparam", re.IGNORECASE),
    "seconds_per_clip": re.compile(r"\bms\b|milliseconds"),
}
_TASK = re.compile(r"\b(S4|MS3|AVSS)\b")
_UNIT = re.compile(r"[\s~}$]*(?:\\[,;])?(?:(?P<percent>\\%)|(?P<points>(?:percentage[\s~]+)?points?\b|pp\b))")
_SIGN = re.compile(r"(?:\bby[\s~]+[+$]*|\+|−|\$-\$?|(?:^|[\s(])-)[\s$]*$")
_QUOTED = re.compile(r"\\cite|\breport|\bpublish|\boriginal|\bauthors\b|\bofficial", re.IGNORECASE)


@dataclass(frozen=True)
class TypedNumber:
    """A number in a passage."""

    text: str
    line: Line
    passage: Passage
    is_spread: bool
    """Whether it stands behind a ±."""
    is_p_value: bool
    unit: Literal["", "percent", "points"]
    """Percent or points, as what stands around it says."""
    is_other: bool
    """Whether its neighbours say that it is no score: a setting such as `β = 0.3`, a learning rate, a time."""

    @property
    def decimals(self) -> int:
        """As typed."""
        return len(self.text.partition(".")[2])


def typed_numbers(passage: Passage) -> Iterator[TypedNumber]:
    """The numbers of a passage; lengths and arguments of commands are none."""
    text = _SILENT.sub(lambda found: " " * len(found[0]), passage.text)
    for found in _NUMBER.finditer(text):
        before = text[max(0, found.start() - 60) : found.start()]
        setting = _SETTING.search(before)
        is_p_value = setting is not None and plain(setting[1]) == "p"
        is_setting = setting is not None and not is_p_value and not metrics_in(plain(setting[1]))
        is_other = is_setting or bool(_OTHER_BEFORE.search(before) or _OTHER_AFTER.match(text, found.end()))
        yield TypedNumber(
            text=found[0],
            line=passage.line_at(found.start()),
            passage=passage,
            is_spread=re.search(r"(?:\\pm|±)[\s$}]*$", before) is not None,
            is_p_value=is_p_value,
            unit=_unit(before, text, found.end()),
            is_other=is_other,
        )


def _unit(before: str, text: str, end: int) -> Literal["", "percent", "points"]:
    """A number with a sign, or by which something grows, is one of points."""
    found = _UNIT.match(text, end)
    if _SIGN.search(before) or (found is not None and found["points"]):
        return "points"
    return "" if found is None else "percent"


def metrics_in(text: str) -> set[str]:
    """Measures that a text names."""
    return {metric for metric, pattern in _METRIC.items() if pattern.search(text)}


def tasks_in(text: str) -> set[str]:
    """Tasks that a text names."""
    return {found.lower() for found in _TASK.findall(text)}


def quotes(latex: str) -> bool:
    """Whether a passage speaks of what others report."""
    return _QUOTED.search(latex) is not None
