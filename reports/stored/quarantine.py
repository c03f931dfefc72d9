"""The clips that a trial could not use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.records import QuarantineLine
from model.regular_files import LARGEST_TABLE, read_regular
from reports.stored.documents import parse_document, unreadable


def quarantine_lines(path: Path) -> Iterator[QuarantineLine]:
    """The lines of a quarantine file; none if there is no file.

    Raises:
        InputError: it cannot be read, or one of its lines is damaged.
    """
    try:
        lines = read_regular(path, LARGEST_TABLE).splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable(path, error) from None
    for line in lines:
        yield parse_document(QuarantineLine, line, path)
