"""Gathers what a report is built from beside the trials."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.printed_commands import ON_PATH, Caller
from orchestrator.redaction import redacted
from orchestrator.report_inputs.figure_data import paper_figures
from orchestrator.report_inputs.filling import filling_of
from orchestrator.report_inputs.protocols import chosen_protocols
from orchestrator.report_inputs.request import Asked
from orchestrator.report_inputs.searches import search_outcomes
from orchestrator.settings import Settings
from orchestrator.tracking.failures import explain
from orchestrator.tracking.run_links import run_links
from reports.build import Request, trial_keys
from reports.drawing.plot import PaperFigure
from reports.stored.imported import of_imported_weights
from reports.stored.rescored import Rescored
from reports.stored.results import Results
from reports.stored.scored_weights import read_evaluations
from reports.tables.cells import RunLink
from reports.tables.table import Known


@dataclass(frozen=True)
class Gathered:
    """What a report is asked for, and what the reader of the terminal should know."""

    request: Request
    notes: tuple[str, ...]


def gather(
    asked: Asked,
    results: Results,
    settings: Settings,
    mlflow_pages: str | None,
    caller: Caller = ON_PATH,
    *,
    protocol: str | None = None,
) -> Gathered:
    """Looks up what lies outside the trial directories.

    Args:
        asked: what is to be reported.
        results: of the storage.
        settings: storage, data, MLflow and Ray.
        mlflow_pages: where MLflow's pages are; empty for the usual address, None to look up no runs.
        caller: how the user calls `combo`.
        protocol: by which cells are filled; None for those of today.

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
    scored, doubtful = read_evaluations(settings.storage.root)
    request = Request(
        reported=asked.reported,
        settings=asked.settings,
        searches=search_outcomes(asked.searches, results, settings.storage, settings.data, caller),
        figures=_figures(asked, settings, results, caller),
        known=Known(
            of_imported_weights(scored),
            Rescored(scored),
            chosen_protocols(protocol),
            links,
            filling_of(asked.reported, results, settings.data),
            caller,
            protocol or "",
        ),
        storage=redacted(str(settings.storage)),
        problems=tuple(doubtful),
    )
    return Gathered(request, tuple(notes))


def _figures(asked: Asked, settings: Settings, results: Results, caller: Caller) -> list[PaperFigure]:
    """The figures of the papers; where single experiments are reported, those that can be drawn."""
    figures = paper_figures(asked.papers, asked.assigned, asked.scale, settings, results, caller)
    return figures if asked.is_everything else [figure for figure in figures if figure.plot is not None]
