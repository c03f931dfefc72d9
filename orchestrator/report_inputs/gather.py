"""Gathers what a report is built from beside the trials."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.redaction import redacted
from orchestrator.report_inputs.figure_data import paper_figures
from orchestrator.report_inputs.protocols import protocols_of_today
from orchestrator.report_inputs.request import Asked
from orchestrator.report_inputs.searches import search_outcomes
from orchestrator.settings import Settings
from orchestrator.tracking.failures import explain
from orchestrator.tracking.run_links import run_links
from reports.build import Request, trial_keys
from reports.stored.imported import read_imported_evaluations
from reports.stored.results import Results
from reports.tables.cells import RunLink
from reports.tables.table import Known


@dataclass(frozen=True)
class Gathered:
    """What a report is asked for, and what the reader of the terminal should know."""

    request: Request
    notes: tuple[str, ...]


def gather(asked: Asked, results: Results, settings: Settings, mlflow_pages: str | None) -> Gathered:
    """Looks up what lies outside the trial directories.

    Args:
        asked: what is to be reported.
        results: of the storage.
        settings: storage, data, MLflow and Ray.
        mlflow_pages: where MLflow's pages are; empty for the usual address, None to look up no runs.

    Raises:
        InputError: a search or a figure definition has mistakes.
        StorageError: predictions cannot be fetched.
    """
    notes = [
        f"{task.upper()}{f' with Maskiges of {proposer}' if proposer else ''}: {why}; "
        "such trials are found by configuration alone"
        for (task, proposer), why in asked.unbound.items()
    ]
    links: dict[str, RunLink] = {}
    if mlflow_pages is not None:
        try:
            links = run_links(settings, trial_keys(asked.reported, results), mlflow_pages or None)
        except Exception as error:
            # Whatever MLflow raises: the numbers do not come from it, so a report without links is still right.
            notes.append(f"no links to runs: {explain(error, settings)}")
    imported, doubtful = read_imported_evaluations(settings.storage.root)
    request = Request(
        reported=asked.reported,
        settings=asked.settings,
        searches=search_outcomes(asked.searches, results, settings.storage, settings.data),
        figures=paper_figures(asked.papers, asked.assigned, asked.scale, settings, results),
        known=Known(tuple(imported), protocols_of_today(), links),
        storage=redacted(str(settings.storage)),
        problems=tuple(doubtful),
    )
    return Gathered(request, tuple(notes))
