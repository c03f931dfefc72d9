"""YAML 1.2 read safely: no tags, no aliases, no directives, no duplicate keys, bounded size, depth and nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.parser import Parser
from ruamel.yaml.scanner import Scanner, ScannerError

from experiments.errors import InputError, Problem

MAX_BYTES = 1_000_000
MAX_NODES = 5_000
"""Values, lists and mappings, counted one by one; our own files have up to 200, and so many take 0.3 s."""
MAX_DEPTH = 32
LONG = 20_000
"""Characters; our own files have up to 3,000. To build what a long text says takes longer than to look through it."""
RULES = "plain YAML 1.2 only: no tags, no duplicate keys"


def read_yaml(path: Path, name: str | None = None) -> Any:
    """Parses one YAML document.

    Args:
        path: the file.
        name: how messages call the file; its path by default.

    Raises:
        InputError: the file is absent, too large, not valid YAML, or uses tags, aliases, directives or duplicate keys.
    """
    name = name or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(Problem(name, f"file is larger than {MAX_BYTES} bytes", "split it"))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(Problem(name, f"cannot be read: {error.strerror}", "check the path")) from None
    except UnicodeDecodeError:
        raise InputError(Problem(name, "is not UTF-8 text", "save it as UTF-8")) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Any:
    """Parses YAML text with the same rules as `read_yaml`; `name` stands for the file in messages."""
    try:
        if len(text) > LONG:
            for _ in _loader().parse(text):
                pass
        return _loader().load(text)
    except _NotPlainError as error:
        raise InputError(Problem(f"{name} line {error.line}", error.what, error.remedy)) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        what = (error.problem or error.context or "is not valid YAML").split("\n")[0]
        raise InputError(Problem(f"{name}{line}", what, RULES)) from None
    except YAMLError as error:
        raise InputError(Problem(name, f"is not valid YAML: {str(error).splitlines()[0]}", RULES)) from None
    except ValueError as error:  # a date such as 2001-99-99, a number of thousands of digits
        what = f"holds a value that cannot be read: {str(error).partition(';')[0]}"
        raise InputError(Problem(name, what, "put text in quotes")) from None


class _StrictScanner(Scanner):
    """Stops at a directive, which could change the version, and at deep brackets, which are slow to look through."""

    def fetch_directive(self) -> None:
        raise ScannerError(None, None, "directives are not supported", self.reader.get_mark())

    def save_possible_simple_key(self) -> None:
        """Is called at the start of everything that may be a key."""
        if len(self.flow_context) > MAX_DEPTH:
            raise ScannerError(None, None, f"nested deeper than {MAX_DEPTH} levels", self.reader.get_mark())
        super().save_possible_simple_key()


class _NotPlainError(Exception):
    """Something in a file that the rules refuse."""

    def __init__(self, event: Event, what: str, remedy: str) -> None:
        super().__init__(what)
        self.line, self.what, self.remedy = event.start_mark.line + 1, what, remedy


class _PlainParser(Parser):
    """Refuses what is not plain while it parses, so that bombs of aliases, depth or length are never built."""

    def __init__(self, loader: YAML) -> None:
        super().__init__(loader)
        self._depth = self._nodes = 0

    def get_event(self) -> Event:
        """The next event, if it is of plain YAML."""
        event: Event = super().get_event()
        if isinstance(event, AliasEvent):
            raise _NotPlainError(event, "aliases are not supported", "write the values out")
        if (tag := getattr(event, "tag", None)) is not None:
            raise _NotPlainError(event, f"tags are not supported: '{tag}'", RULES)
        if isinstance(event, ScalarEvent):
            event.value.encode()  # refuses half of a surrogate pair, which no file can store
        if isinstance(event, CollectionStartEvent):
            self._depth += 1
        elif isinstance(event, CollectionEndEvent):
            self._depth -= 1
        if self._depth > MAX_DEPTH:
            raise _NotPlainError(event, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        self._nodes += isinstance(event, NodeEvent)
        if self._nodes > MAX_NODES:
            raise _NotPlainError(event, f"more than {MAX_NODES} values, lists and mappings", "split the file")
        return event


def _loader() -> YAML:
    loader = YAML(typ="safe", pure=True)
    loader.Scanner, loader.Parser = _StrictScanner, _PlainParser
    return loader
