"""A manuscript cut into passages: sentences, captions, and lines of tables, each with what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.manuscript.latex_source import Line
from reports.render.symbols import SYMBOLS

_ENVIRONMENT = re.compile(r"\\(begin|end)\{(table\*?|tabular[x*]?|figure\*?|document)\}")
_SENTENCE = re.compile(
    r"(?<!\bFig)(?<!\bTab)(?<!\bSec)(?<!\bEq)(?<!\bvs)(?<!\bal)(?<!\be\.g)(?<!\bi\.e)[.!?][})]*\s+(?=[A-Z\\$])"
)
_BREAK = re.compile(r"^\s*$|^\s*\\(?:item|(?:sub)*section\*?|paragraph|chapter|begin|end|caption|centering|label)\b")
_DEFINITION = re.compile(r"\\(?:(?:re)?newcommand|providecommand|def)\b")
_STYLES = re.compile(r"\\(?:mathcal|mathrm|mathbf|mathit|textbf|textit|textsc|emph|text|underline|mbox|bm)\b")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")


@dataclass(frozen=True)
class Passage:
    """A stretch of text of which all is about the same."""

    lines: tuple[Line, ...]
    """The lines that it touches."""
    text: str
    """As LaTeX."""
    starts: tuple[int, ...]
    """Where each of the lines begins in the text; the first one may be negative."""
    around: str
    """The whole table that it is a line of; empty in running text."""

    def line_at(self, offset: int) -> Line:
        """The line that a place in the text lies in."""
        return next(line for line, start in zip(self.lines[::-1], self.starts[::-1], strict=True) if start <= offset)


def passages(lines: Sequence[Line]) -> Iterator[Passage]:
    """The text of a manuscript; of its preamble only what it defines."""
    for block, around in _blocks(_body(lines)):
        yield from _cut(block, around)


def plain(latex: str) -> str:
    r"""About what a reader sees of a stretch of LaTeX: `λ_ada = 5` for `$\lambda_{ada} = 5$`."""
    text = re.sub(r"\\([%&#_])", r"\1", _STYLES.sub("", latex))
    text = _COMMAND.sub(lambda found: SYMBOLS.get(found[1], " "), text)
    return " ".join(re.sub(r"[${}]", "", text).replace("~", " ").replace("\\", " ").split())


def _body(lines: Sequence[Line]) -> Sequence[Line]:
    begin = next((index for index, line in enumerate(lines) if r"\begin{document}" in line.text), None)
    if begin is None:
        return lines
    return [*(line for line in lines[:begin] if _DEFINITION.search(line.text)), *lines[begin + 1 :]]


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[list[Line], str]]:
    """Lines that belong together, and the table that they stand in."""
    tables = _tables(lines)
    block: list[Line] = []
    for index, line in enumerate(lines):
        ends = block and (line.file != block[-1].file or tables[index] != tables[index - 1])
        if ends or _BREAK.match(line.text):
            if block:
                yield block, tables[index - 1]
            block = []
        if line.text.strip():
            block.append(line)
    if block:
        yield block, tables[len(lines) - 1]


def _tables(lines: Sequence[Line]) -> list[str]:
    """The text of the table environment around each line; empty outside of tables."""
    found, depth, start = [""] * len(lines), 0, 0
    for index, line in enumerate(lines):
        for kind, name in _ENVIRONMENT.findall(line.text):
            if not name.startswith(("table", "tabular")):
                continue
            if kind == "begin":
                start = index if depth == 0 else start
                depth += 1
            elif depth:
                depth -= 1
                if depth == 0:
                    whole = "\n".join(one.text for one in lines[start : index + 1])
                    found[start : index + 1] = [whole] * (index + 1 - start)
    return found


def _cut(block: Sequence[Line], around: str) -> Iterator[Passage]:
    text = "\n".join(line.text for line in block)
    offsets, at = [], 0
    for line in block:
        offsets.append(at)
        at += len(line.text) + 1
    ends = [found.end() for found in re.finditer(r"\\\\", text)] if around else []
    cuts = sorted({0, len(text), *ends, *(found.end() for found in _SENTENCE.finditer(text))})
    for begin, end in pairwise(cuts):
        touched = [
            (line, offset)
            for line, offset in zip(block, offsets, strict=True)
            if offset < end and offset + len(line.text) >= begin
        ]
        yield Passage(
            tuple(line for line, _ in touched), text[begin:end], tuple(offset - begin for _, offset in touched), around
        )
