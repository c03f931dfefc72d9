"""Entries of the bibliography for what a paper cites, `references.bib` in its folder."""

from __future__ import annotations

import re

from experiments.errors import InputError, Problem, unreadable
from experiments.papers import REFERENCES, Paper, shown

_ENTRY = re.compile(r"^@\w+\{([^,\s]+),.*?^\}$", re.MULTILINE | re.DOTALL)


def references(paper: Paper) -> dict[str, str]:
    """The entries in BibTeX's form by the key that is cited; none where there is no such file.

    Raises:
        InputError: the file cannot be read.
    """
    path = paper.folder / REFERENCES
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(Problem(shown(path), "is not UTF-8 text", "save it as UTF-8")) from None
    except OSError as error:
        raise InputError(unreadable(shown(path), error)) from None
    return {found[1]: found[0] for found in _ENTRY.finditer(text)}
