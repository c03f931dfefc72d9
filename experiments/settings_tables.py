"""Tables of settings, such as Table I of the COMBO paper: what the presets say beside what the paper prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from experiments.errors import validate
from experiments.identity import flatten
from experiments.presets import resolve_preset
from experiments.schema import Name, Overrides, Paper, Part, Tasks
from experiments.target_files import ROOT, shown
from experiments.yaml_files import read_yaml
from model.config import Task

FOLDER = ROOT / "settings"
_KEY = re.compile(r"\{([a-z_.]+)\}")


class SettingRow(Part):
    """One setting."""

    label: str
    reported: str
    """The paper's own row: its `variant` in `experiments/reported/`."""
    value: str
    """The value that is trained with; dotted keys of a `TrialConfig` in braces are filled in, such as `{data.size}`."""
    built_in: str = ""
    """The file that decides, where no configuration does."""

    @model_validator(mode="after")
    def _somebody_decides(self) -> SettingRow:
        if not self.built_in and not _KEY.search(self.value):
            raise ValueError("a value without a {setting} needs built_in, the file that decides it")
        return self


class SettingsTable(Part):
    """What the trials of a paper have in common, by task."""

    title: str
    paper: Paper
    preset: Name
    tasks: Tasks
    task_overrides: dict[Task, Overrides] = Field(default={})
    number: str
    caption: str
    row_header: str
    rows: Annotated[list[SettingRow], Field(min_length=1)]


@dataclass(frozen=True)
class Settings:
    """A table of settings with its values."""

    name: str
    """Such as `settings/combo`."""
    file: str
    table: SettingsTable
    values: Mapping[Task, tuple[str, ...]]
    """Value of each row, by task."""


def settings_tables() -> list[Settings]:
    """All tables of settings that ship with the package.

    Raises:
        InputError: mistakes in a file.
    """
    return [_load(path) for path in sorted(FOLDER.glob("*.yaml"))]


def _load(path: Path) -> Settings:
    file = shown(path)
    table = validate(SettingsTable, read_yaml(path, file), file)
    return Settings(f"settings/{path.stem}", file, table, {task: _values(table, task) for task in table.tasks})


def _values(table: SettingsTable, task: Task) -> tuple[str, ...]:
    config = flatten(resolve_preset(table.preset, task, table.task_overrides.get(task)))
    return tuple(_fill(row.value, config) for row in table.rows)


def _fill(template: str, config: Mapping[str, Any]) -> str:
    return _KEY.sub(lambda found: _plain(config[found[1]]), template)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
