"""JSON schemas of our YAML files, by which editors complete and check them; made from the types that read the files.

They name no dialect: editors take them as draft 7, with which all that is in them means the same as in later ones.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from textwrap import dedent
from typing import Any

from pydantic import BaseModel

from experiments.figure_schema import FigureFile
from experiments.paper_schema import PaperFile
from experiments.reported_schema import Transcription
from experiments.schema import SETTING_NAMES, SETTINGS, Experiment, Preset, Scale
from experiments.search_schema import Search
from experiments.settings_tables import SettingsTable
from model.config import TrialConfig, config_class, usable_models

KINDS: dict[str, type[BaseModel]] = {
    "paper": PaperFile,
    "experiment": Experiment,
    "search": Search,
    "preset": Preset,
    "scale": Scale,
    "reported": Transcription,
    "figures": FigureFile,
    "settings": SettingsTable,
}
"""Kinds of YAML files, and what reads them."""
NEVER_SET = ("schema_version", "seed", "initial_trial", "data.task", "data.fingerprint")
"""Settings that no file lays over others: they follow from what else it says."""
StandIns = dict[str, dict[str, Any]]


def json_schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a kind of file, with the settings of all models that can be used here.

    Args:
        kind: what reads such a file.
    """
    schema = _described(kind)
    settings = _settings()
    stand_ins: StandIns = {
        SETTINGS: {"$ref": "#/$defs/Settings"},
        SETTING_NAMES: {"enum": list(settings["properties"])},
    }
    filled: dict[str, Any] = _filled(schema, stand_ins)
    if "#/$defs/Settings" in _parts(filled):
        filled.setdefault("$defs", {})["Settings"] = settings
    return filled


def _filled(part: Any, stand_ins: StandIns) -> Any:
    """A schema with what its types cannot say, the names of settings, where comments stand for it."""
    if isinstance(part, list):
        return [_filled(inner, stand_ins) for inner in part]
    if not isinstance(part, dict):
        return part
    rest = {key: _filled(inner, stand_ins) for key, inner in part.items() if key != "$comment"}
    return rest | stand_ins.get(part.get("$comment", ""), {})


def _parts(part: Any) -> Iterator[Any]:
    yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _parts(inner)


@cache
def _settings() -> dict[str, Any]:
    """What overrides may say: every setting of every model, by dotted key."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in usable_models():
        for key, setting in _settings_of(config_class(name)):
            kinds = found.setdefault(key, [])
            if setting not in kinds:
                kinds.append(setting)
    properties = {key: kinds[0] if len(kinds) == 1 else {"anyOf": kinds} for key, kinds in sorted(found.items())}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _settings_of(config: type[TrialConfig]) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = _described(config)
    sections = schema.get("$defs", {})

    def leaves_of(section: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, setting in section["properties"].items():
            inner = sections.get(setting.get("$ref", "").rpartition("/")[2])
            if inner is None:
                yield prefix + name, {key: value for key, value in setting.items() if key != "title"}
            else:
                yield from leaves_of(inner, f"{prefix}{name}.")

    yield from ((key, setting) for key, setting in leaves_of(schema, "") if key not in NEVER_SET)


def _described(kind: type[BaseModel]) -> dict[str, Any]:
    """Pydantic's schema, with the docstrings of classes and fields as descriptions."""
    schema = kind.model_json_schema()
    for model in _models_in(kind):
        part = schema if model is kind else schema.get("$defs", {}).get(model.__name__, {})
        for name, told in field_docstrings(model).items():
            if name in part.get("properties", {}):
                part["properties"][name]["description"] = told
    return schema


def _models_in(kind: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and all that its fields are made of."""
    found: set[type[BaseModel]] = set()
    left: list[Any] = [kind]
    while left:
        part = left.pop()
        left += getattr(part, "__args__", ())
        if isinstance(part, type) and issubclass(part, BaseModel) and part not in found:
            found.add(part)
            left += [field.annotation for field in part.model_fields.values()]
    return found


@cache
def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings below the fields of a class, whose source is there.

    Pydantic reads them too, but when a class is made, which costs every command a tenth of a second.
    """
    told: dict[str, str] = {}
    for one in reversed(model.__mro__):
        with suppress(OSError):
            if one is BaseModel or not issubclass(one, BaseModel):
                continue
            (body,) = ast.parse(dedent(inspect.getsource(one))).body
            assert isinstance(body, ast.ClassDef)
            for field, below in zip(body.body, body.body[1:], strict=False):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        told[name] = inspect.cleandoc(text)
    return told


def json_text(kind: type[BaseModel]) -> str:
    """The JSON schema of a kind of file, as a file."""
    return json.dumps(json_schema(kind), indent=1, ensure_ascii=False) + "\n"
