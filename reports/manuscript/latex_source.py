r"""The lines of a manuscript in the order in which LaTeX reads them, files that it inputs included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError, Problem
from model.regular_files import read_regular

IGNORE = "combo: ignore"
"""In a comment, says that the numbers of its line are none of ours."""
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%(.*)$")
_INPUT = re.compile(r"\\(?:input|include|subfile)\s*\{([^}]+)\}")
_LITERAL = re.compile(r"\\(begin|end)\{(?:verbatim\*?|lstlisting|comment|minted)\}")


@dataclass(frozen=True)
class Line:
    """A line of a file."""

    file: str
    """As the manuscript names it; the manuscript itself as it was given."""
    number: int
    """From 1."""
    text: str
    """Without its comment; empty within verbatim text and where a comment says so."""


@dataclass(frozen=True)
class Source:
    """A manuscript."""

    lines: tuple[Line, ...]
    files: dict[str, str]
    """What each of its files holds."""
    missing: tuple[str, ...]
    """Files that it inputs and that are not there, such as those of LaTeX itself."""


def read_source(manuscript: Path) -> Source:
    r"""Reads a manuscript; paths of `\input` are relative to its folder.

    Raises:
        InputError: it is no readable text.
    """
    files: dict[str, str] = {}
    missing: list[str] = []
    lines = tuple(_lines(manuscript, str(manuscript), manuscript.parent, files, missing))
    return Source(lines, files, tuple(missing))


def _lines(path: Path, name: str, folder: Path, files: dict[str, str], missing: list[str]) -> Iterator[Line]:
    files[name] = text = _read(path, name)
    is_literal = False
    for number, raw in enumerate(text.splitlines(), start=1):
        told = "" if is_literal else _COMMENT.sub(r"\1", raw)
        if found := _LITERAL.search(raw):
            is_literal = found[1] == "begin"
            told = ""
        comment = _COMMENT.search(raw)
        if comment is not None and IGNORE in comment[2]:
            told = ""
        yield Line(name, number, told)
        for included in _INPUT.findall(told):
            yield from _included(included.strip(), folder, files, missing)


def _included(name: str, folder: Path, files: dict[str, str], missing: list[str]) -> Iterator[Line]:
    candidates = [name, f"{name}.tex"] if not name.endswith(".tex") else [name]
    found = next((one for one in candidates if (folder / one).is_file()), None)
    if found is None:
        missing.append(name)
    elif found not in files:
        yield from _lines(folder / found, found, folder, files, missing)


def _read(path: Path, name: str) -> str:
    try:
        return read_regular(path).decode("utf-8")
    except FileNotFoundError:
        raise InputError(Problem(name, "is missing", "name the manuscript's main file")) from None
    except OSError as error:
        raise InputError(Problem(name, f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise InputError(Problem(name, "is no text in UTF-8", "name a LaTeX file")) from None
