"""Builds a report from a storage, once or again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.printed_commands import Caller
from orchestrator.planning.known_data import looking_at_data_once
from orchestrator.report_inputs.gather import gather
from orchestrator.report_inputs.request import Asked
from orchestrator.settings import Settings
from orchestrator.store.store import Store
from reports.build import Report, build_report
from reports.drawing.kept_drawings import keeping_drawings
from reports.stored.results import Results, read_results

KEPT_DRAWINGS = "reports/drawings"
"""Below the storage's cache."""


@dataclass(frozen=True)
class Built:
    """A report, and what the reader of the terminal should know."""

    report: Report
    results: Results
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ReportBuilder:
    """What is built, and where."""

    asked: Asked
    settings: Settings
    out: Path
    mlflow_pages: str | None
    """Where MLflow's pages are; empty for the usual address, None to look up no runs."""
    caller: Caller
    protocol: str | None = None
    """By which cells are filled; None for those of today."""
    is_served: bool = False
    """Whether the pages lead to that of the running sweep."""

    def build(
        self, on_stage: Callable[[str], None] = lambda _: None, on_table: Callable[[str], None] = lambda _: None
    ) -> Built:
        """Reads the storage as it is now, and writes the site.

        Args:
            on_stage: called with what begins.
            on_table: called with the number of each table once it is done.

        Raises:
            InputError: an experiment, a search or a figure definition has mistakes.
            OSError: the folder cannot be written.
            StorageError: the storage cannot be used.
        """
        storage = self.settings.storage
        cache = storage.cache if storage.root.is_dir() else None
        on_stage("Reading trials")
        Store(storage).refresh_all()
        results = read_results(storage.root, cache)
        on_stage("Looking up runs")
        with keeping_drawings(cache and cache / KEPT_DRAWINGS), looking_at_data_once():
            gathered = gather(
                self.asked, results, self.settings, self.mlflow_pages, self.caller, protocol=self.protocol
            )
            on_stage("Building tables")
            request = replace(gathered.request, is_served=self.is_served)
            report = build_report(request, results, self.out, on_table)
        return Built(report, results, gathered.notes)
