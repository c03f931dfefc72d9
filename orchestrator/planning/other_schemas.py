"""Stored trials of another schema: their keys say nothing here, so that their settings tell which trials they are."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from experiments.errors import InputError, Problem
from experiments.identity import flatten, leaves
from experiments.other_schema import REMEDY, SCHEMA_FIELD, stored_by
from experiments.searches import ScaledSearch
from model.config import SCHEMA_VERSION, TrialConfig
from model.regular_files import read_regular
from orchestrator.store.store import Store

SCHEMA = re.compile(rf'"{SCHEMA_FIELD}"\s*:\s*(\d+)'.encode())
OF_A_SCHEMA = (SCHEMA_FIELD, "initial_trial")
"""Settings that differ between schemas though nothing else does: the key of the parent trial differs too."""


@dataclass(frozen=True)
class OtherTrial:
    """A stored trial of another schema."""

    key: str
    schema: int
    settings: Mapping[str, Any]
    """By dotted key, as they are stored."""

    def is_same_as(self, config: TrialConfig, apart_from: Collection[str] = ()) -> bool:
        """Whether all settings that both schemas have are equal, and these are most of them.

        Args:
            config: of this schema.
            apart_from: settings that may differ.
        """
        wanted = flatten(config)
        shared = self.settings.keys() & wanted.keys() - {*OF_A_SCHEMA, *apart_from}
        return 2 * len(shared) > len(wanted) and all(self.settings[key] == wanted[key] for key in shared)

    def __str__(self) -> str:
        return f"{stored_by(self.schema, SCHEMA_VERSION)}: it is trial {self.key} ({REMEDY})"


def trials_of_other_schemas(store: Store) -> Iterator[OtherTrial]:
    """Trials of other schemas that can be read; unreadable ones are reported where they are needed."""
    for folder in store.trials():
        if folder.path.name in store.of_this_schema:
            continue
        with suppress(OSError, ValueError, RecursionError):
            content = read_regular(folder.identity_file)
            found = SCHEMA.search(content)
            if found is not None and int(found[1]) == SCHEMA_VERSION:
                store.of_this_schema.add(folder.path.name)
            elif found is not None:
                document = json.loads(content)
                config = document.get("config") if isinstance(document, dict) else None
                if isinstance(config, dict):
                    yield OtherTrial(folder.path.name, int(found[1]), dict(leaves(config)))


def refuse_points_of_other_schemas(search: ScaledSearch, store: Store) -> None:
    """Refuses a search with stored points that cannot be read, as it would suggest them again.

    Args:
        search: bound to its data.
        store: with its documents refreshed.

    Raises:
        InputError: there are such points.
    """
    found = [other for other in trials_of_other_schemas(store) if other.is_same_as(search.base, search.space)]
    if found:
        what = f"{len(found)} of its points cannot be read: trial {found[0].key} "
        raise InputError(Problem(search.name, what + stored_by(found[0].schema, SCHEMA_VERSION), REMEDY))
