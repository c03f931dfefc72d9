"""Tables of settings, such as Table I of the COMBO paper: what the presets say beside what the paper prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from experiments.errors import InputError, Problem, did_you_mean
from experiments.identity import flatten
from experiments.papers import SETTINGS, Paper, papers_asked, shown
from experiments.presets import resolve_preset
from experiments.schema import Name, Overrides, Part, Tasks
from experiments.validate import validate
from experiments.yaml_files import read_yaml
from model.config import Task

_KEY = re.compile(r"\{([a-z_.]+)\}")


class SettingRow(Part):
    """One setting."""

    label: str
    reported: str
    """The paper's own row: its `variant` in the transcription of the paper's numbers."""
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
    paper: Paper
    table: SettingsTable
    values: Mapping[Task, tuple[str, ...]]
    """Value of each row, by task."""


def settings_tables(papers: Iterable[Paper] | None = None) -> list[Settings]:
    """The tables of settings of some papers, by default of those that are asked for where nothing is named.

    Raises:
        InputError: mistakes in a file.
    """
    found = papers_asked() if papers is None else papers
    return [_load(paper, path) for paper in found if (path := paper.folder / SETTINGS).is_file()]


def _load(paper: Paper, path: Path) -> Settings:
    file = shown(path)
    table = validate(SettingsTable, read_yaml(path, file), file)
    values = {task: _values(table, task, paper, file) for task in table.tasks}
    return Settings(f"settings/{paper.name}", file, paper, table, values)


def _values(table: SettingsTable, task: Task, paper: Paper, file: str) -> tuple[str, ...]:
    config = flatten(resolve_preset(table.preset, task, table.task_overrides.get(task), paper))
    unknown = [
        Problem(f"{file}: rows.{place}.value", f"'{key}' is no setting of {table.preset}", did_you_mean(key, [*config]))
        for place, row in enumerate(table.rows)
        for key in _KEY.findall(row.value)
        if key not in config
    ]
    if unknown:
        raise InputError(*unknown)
    return tuple(_fill(row.value, config) for row in table.rows)


def _fill(template: str, config: Mapping[str, Any]) -> str:
    return _KEY.sub(lambda found: _plain(config[found[1]]), template)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
