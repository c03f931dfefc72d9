"""The tables that a verb of `combo report` is about, built from what is stored and not from what was kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.records import ProtocolRecord
    from model.config import Task
    from orchestrator.settings import Settings
    from reports.stored.results import Results
    from reports.tables.cells import Table


@dataclass(frozen=True)
class StoredTables:
    """Tables, and what they are built from."""

    measured: list[Table]
    """Those with cells for numbers of ours."""
    settings: list[Table]
    results: Results


def stored_tables(
    words: Sequence[str],
    scale: str,
    settings: Settings,
    protocols: Mapping[Task, ProtocolRecord],
    *,
    data_was_named: bool,
) -> StoredTables:
    """The tables as `combo report build` shows them.

    Args:
        words: experiments, tables and settings of the command line; none of them stand for everything.
        scale: of the experiments.
        settings: storage and data.
        protocols: by which cells are filled.
        data_was_named: whether the user named the data folder, so that it must be usable.

    Raises:
        InputError: the words name no table with numbers of ours, or have mistakes.
    """
    from experiments.overrides import names_and_assignments
    from orchestrator.report_inputs.request import read_words
    from orchestrator.store.store import Store
    from reports.stored.imported import of_imported_weights
    from reports.stored.rescored import Rescored
    from reports.stored.results import read_results
    from reports.stored.scored_weights import read_evaluations
    from reports.tables.clip_statistics import ClipStatistics
    from reports.tables.settings_table import build_settings_table
    from reports.tables.table import Known, build_table

    asked = read_words(*names_and_assignments(words), scale, settings.data, data_was_named=data_was_named)
    asked.refuse_without_numbers()
    Store(settings.storage).refresh_all()
    results = read_results(settings.storage.root, None)
    scored, _ = read_evaluations(settings.storage.root)
    known = Known(of_imported_weights(scored), Rescored(scored), protocols)
    statistics = ClipStatistics()
    measured = [build_table(one.scaled, one.trials, results, known, statistics) for one in asked.reported]
    return StoredTables(measured, list(map(build_settings_table, asked.settings)), results)
