"""Builds a report: the tables in every format, the plots, the figures, and the site around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.errors import Problem
from experiments.scaled_experiment import ScaledExperiment
from experiments.settings_tables import Settings
from experiments.trial import Trial
from reports.drawing.plot import PaperFigure
from reports.plots.search_plots import search_plots
from reports.plots.table_plots import plots_of
from reports.search_outcomes import SearchOutcome
from reports.site.compared_clips import compare_clips
from reports.site.contents import Contents, SearchPage, TablePage
from reports.site.files import site_files
from reports.site.pictures import collect_pictures
from reports.site.site_folder import write_site
from reports.slugs import slug
from reports.stored.effort import effort_of
from reports.stored.imported import left_out
from reports.stored.results import Results
from reports.tables.cells import Table
from reports.tables.clip_statistics import ClipStatistics
from reports.tables.matching import match
from reports.tables.settings_table import build_settings_table
from reports.tables.table import Known, build_table


@dataclass(frozen=True)
class ReportedExperiment:
    """An experiment and its trials."""

    scaled: ScaledExperiment
    trials: Sequence[Trial]
    """Without data fingerprint they match stored trials on any data; none where nothing is trained here."""


@dataclass(frozen=True)
class Request:
    """What a report is asked for."""

    reported: Sequence[ReportedExperiment]
    settings: Sequence[Settings] = ()
    searches: Sequence[SearchOutcome] = ()
    figures: Sequence[PaperFigure] = ()
    known: Known = field(default_factory=Known)
    storage: str = ""
    """Address of the storage, without credentials."""
    problems: Sequence[Problem] = ()
    """Stored files that could not be used by whoever asks."""
    is_served: bool = False
    """Whether a server shows the running sweep beside the report."""


@dataclass(frozen=True)
class Report:
    """What was built."""

    tables: tuple[Table, ...]
    files: tuple[Path, ...]
    """All files of the site, the overview last."""
    problems: tuple[Problem, ...]
    """Stored files that could not be used."""

    @property
    def page(self) -> Path:
        """The overview."""
        return self.files[-1]


def trial_keys(reported: Iterable[ReportedExperiment], results: Results) -> list[str]:
    """The keys of the stored trials that may stand in the tables, each once."""
    places = [match(one.trials, results) for one in reported]
    found = (run for place in places for evidence in place.values() for run in (*evidence.runs, *evidence.elsewhere))
    return list(dict.fromkeys(run.key for run in found))


def build_report(
    request: Request, results: Results, out: Path, on_table: Callable[[str], None] = lambda _: None
) -> Report:
    """Writes everything below one folder; the same storage always gives the same bytes.

    Args:
        request: what is asked for.
        results: of the storage.
        out: folder for the report, made when absent. Files of the same names are replaced, and those removed that an
            earlier report wrote there and this one lacks; others stay.
        on_table: called with the number of each table once it is done.

    Raises:
        InputError: a figure's parameter is no number in some variant.
        OSError: the folder cannot be written.
    """
    statistics = ClipStatistics()
    pages, problems = [], [*results.problems, *request.problems]
    for one in request.reported:
        page, unusable = _table_page(one, results, request.known, statistics)
        pages.append(page)
        problems += unusable
        on_table(page.table.number)
    pages += [TablePage(slug(one.name), build_settings_table(one), (), (), ()) for one in request.settings]
    contents = Contents(
        storage=request.storage,
        tables=tuple(pages),
        searches=tuple(SearchPage(slug(one.name), one, tuple(search_plots(one))) for one in request.searches),
        figures=tuple(request.figures),
        effort=results.effort(),
        problems=tuple(dict.fromkeys((*problems, *statistics.problems))),
        is_served=request.is_served,
    )
    return Report(tuple(page.table for page in pages), write_site(site_files(contents), out), contents.problems)


def _table_page(
    one: ReportedExperiment, results: Results, known: Known, statistics: ClipStatistics
) -> tuple[TablePage, list[Problem]]:
    scaled, trials = one.scaled, one.trials
    table = build_table(scaled, trials, results, known, statistics)
    pictures, problems = collect_pictures(table)
    problems += left_out(known.imported, trials, (record.key for record in table.imported))
    plots = plots_of(scaled, trials, table, results)
    effort = effort_of(run.stored for run in table.runs)
    curves = results.curves(run.key for run in table.runs)
    clips, unusable = compare_clips(table)
    page = TablePage(slug(scaled.name), table, tuple(plots), tuple(pictures), effort, tuple(clips), curves)
    return page, [*problems, *unusable]
