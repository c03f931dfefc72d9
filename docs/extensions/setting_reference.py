"""The directive `setting-reference`: the settings of a file, from the classes that read it.

Keys, types, ranges and defaults come from the JSON schema that pydantic makes of a class, what they mean from the
docstrings below its fields.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst.directives import flag
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from experiments.json_schemas import field_docstrings

HEAD = "| key | value | meaning |\n| --- | --- | --- |"
TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "`true` or `false`",
    "null": "`null`",
}
BOUNDS = {"exclusiveMinimum": "> {}", "minimum": "≥ {}", "exclusiveMaximum": "< {}", "maximum": "≤ {}"}
REQUIRED = "required"
BAR = "\\|"
"""A bar within a cell."""
ANY = "any value"
SET_BY_CODE = ("schema_version", "fingerprint")
"""Keys that no file says."""
BEYOND_QUESTION = 10**9
"""Upper bounds from here on only keep numbers within what files and tensors hold."""
OF_ANY_KIND = "JsonValue"
"""What pydantic calls a value of any kind."""


class SettingReference(SphinxDirective):
    """Takes a class as `module:Class`.

    Every class that its fields name gets a table of its own; with the option `dotted`, their settings stand in one
    table instead, by dotted key, as they are laid over a trial.
    """

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"dotted": flag}

    def run(self) -> list[nodes.Node]:
        """The tables."""
        self.env.note_reread()  # Sphinx does not see when the code has changed
        module, _, name = self.arguments[0].partition(":")
        top = getattr(import_module(module), name)
        text = _dotted_table(top) if "dotted" in self.options else "\n\n".join(_tables(top))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _tables(top: type[BaseModel]) -> Iterator[str]:
    """A table for the class, then one below a heading for each class that it names."""
    schema = top.model_json_schema()
    for number, cls in enumerate(_classes(top)):
        properties = schema if number == 0 else schema["$defs"][cls.__name__]
        heading = f"### {cls.__name__}\n\n{_summary(cls)}\n\n" if number else ""
        rows = [_row(key, part, cls, properties) for key, part in properties.get("properties", {}).items()]
        yield "\n".join([heading + HEAD, *rows])


def _dotted_table(top: type[BaseModel]) -> str:
    """One table of all settings, those of sections by dotted key."""
    schema = top.model_json_schema()
    by_name = {cls.__name__: cls for cls in _classes(top)}

    def rows(cls: type[BaseModel], properties: Mapping[str, Any], prefix: str) -> Iterator[str]:
        for key, part in properties["properties"].items():
            section = _reference(part)
            if key in SET_BY_CODE:
                continue
            if section is None:
                yield _row(key, part, cls, properties, prefix)
            else:
                yield from rows(by_name[section], schema["$defs"][section], f"{prefix}{key}.")

    return "\n".join([HEAD, *rows(top, schema, "")])


def _row(key: str, part: Mapping[str, Any], cls: type[BaseModel], whole: Mapping[str, Any], prefix: str = "") -> str:
    """A line of a table."""
    if key in whole.get("required", ()):
        default = f"; {REQUIRED}"
    else:
        value = cls.model_fields[key].get_default(call_default_factory=True)
        default = "" if isinstance(value, BaseModel) else f"; default `{_as_yaml(part.get('default', value))}`"
    cells = (f"`{prefix}{key}`", _value(part) + default, _meaning(cls, key))
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def _value(part: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if (section := _reference(part)) is not None:
        return f"[{section}](#{section.lower()})"
    if "$ref" in part:
        return ANY
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(map(_value, part["anyOf"])))
    if "const" in part:
        return f"`{_as_yaml(part['const'])}`"
    if "enum" in part:
        return ", ".join(f"`{_as_yaml(value)}`" for value in part["enum"])
    if part.get("type") == "array":
        if "prefixItems" in part:
            return "list of " + ", ".join(map(_value, part["prefixItems"]))
        return f"list of: {_value(part.get('items', {}))}"
    if part.get("type") == "object":
        of_names = next(iter(part.get("patternProperties", {}).values()), None)
        held = part.get("additionalProperties") or of_names
        return f"mapping to: {_value(held)}" if isinstance(held, dict) else "mapping"
    bounds = [
        words.format(f"{part[bound]:g}")
        for bound, words in BOUNDS.items()
        if abs(part.get(bound, BEYOND_QUESTION)) < BEYOND_QUESTION
    ]
    return " ".join([TYPES.get(part.get("type", ""), ANY), *bounds])


def _reference(part: Mapping[str, Any]) -> str | None:
    """The class that a field holds, if it holds one."""
    name = part.get("$ref", "").rpartition("/")[2]
    return name if name not in ("", OF_ANY_KIND) else None


def _as_yaml(value: Any) -> str:
    """A value as YAML has it, on one line; quotation marks only where they are needed."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _classes(top: type[BaseModel]) -> list[type[BaseModel]]:
    """The class and those that its fields name, in the order of the fields."""
    found = {top: None}
    for field in top.model_fields.values():
        for cls in _named(field.annotation):
            found |= dict.fromkeys(_classes(cls))
    return list(found)


def _named(annotation: Any) -> Iterator[type[BaseModel]]:
    """The classes of settings within a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _named(part)


def _summary(cls: type[BaseModel]) -> str:
    """The first paragraph of a class's docstring."""
    return " ".join((cls.__doc__ or "").partition("\n\n")[0].split())


def _meaning(cls: type[BaseModel], field: str) -> str:
    """The docstring below a field, wherever it is defined, or else what the class is that it holds."""
    if told := field_docstrings(cls).get(field):
        return " ".join(told.split())
    return next(map(_summary, _named(cls.model_fields[field].annotation)), "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("setting-reference", SettingReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
