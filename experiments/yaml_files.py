"""YAML 1.2 read safely: no tags, no aliases, no duplicate keys, bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from experiments.errors import InputError, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 32


def read_yaml(path: Path, name: str | None = None) -> Any:
    """Parses one YAML document.

    Args:
        path: the file.
        name: how messages call the file; its path by default.

    Raises:
        InputError: the file is absent, too large, not valid YAML, or uses tags, aliases or duplicate keys.
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
        _refuse_aliases_and_depth(text, name)
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        what = (error.problem or error.context or "is not valid YAML").split("\n")[0]
        raise InputError(Problem(f"{name}{line}", what, "plain YAML 1.2 only: no tags, no duplicate keys")) from None
    except YAMLError as error:
        raise InputError(Problem(name, f"is not valid YAML: {str(error).splitlines()[0]}")) from None


def _refuse_aliases_and_depth(text: str, name: str) -> None:
    """Walks the parse events first, so that an alias bomb or a deep nest is refused before anything is built."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            where = f"{name} line {event.start_mark.line + 1}"
            raise InputError(Problem(where, "aliases are not supported", "write the values out"))
        if type(event).__name__ in ("MappingStartEvent", "SequenceStartEvent"):
            depth += 1
        elif type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
        if depth > MAX_DEPTH:
            raise InputError(Problem(name, f"nested deeper than {MAX_DEPTH} levels", "flatten it"))
