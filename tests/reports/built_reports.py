"""Reports built as `combo report build` does, with less said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial
from reports.build import Report, ReportedExperiment, Request, build_report
from reports.stored.imported import of_imported_weights
from reports.stored.results import read_results
from reports.stored.scored_weights import read_evaluations
from reports.tables.table import Known


def report_of(scaled: ScaledExperiment, trials: Sequence[Trial], storage: Path, out: Path) -> Report:
    """One experiment, with the evaluations of imported weights of its storage."""
    scored, doubtful = read_evaluations(storage)
    request = Request([ReportedExperiment(scaled, trials)], known=Known(of_imported_weights(scored)), problems=doubtful)
    return build_report(request, read_results(storage, None), out)
