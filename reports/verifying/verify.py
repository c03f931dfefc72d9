"""Recomputes every cell of tables from the per-clip scores and the trial directories, and says which do not follow."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.records import EVALUATIONS, TRIALS, EvaluationRecord, ProtocolRecord
from experiments.trial_files import TrialFiles
from model.config import Task
from reports.render.wording import column_name
from reports.stored.results import Results
from reports.stored.stored_trial import StoredTrial
from reports.tables.cells import Cell, Table
from reports.verifying.cell_checks import check_cell
from reports.verifying.discrepancy import Discrepancy
from reports.verifying.logged_runs import LoggedRun, compare_logged
from reports.verifying.trial_checks import Checked, check_evaluation, check_trial, named_bytes


@dataclass(frozen=True)
class Finding:
    """Something that does not follow from the data, and the cells that it touches."""

    cells: tuple[str, ...]
    """Such as `combo/table7 lambda-10, S4 M_J`; none where nothing can be known of the trial."""
    source: str
    """What is at fault, such as `trials/<key>`; empty where it is the cell itself."""
    what: str
    stored: str
    recomputed: str
    is_denied: bool = False
    """Whether nothing can be said of it, because this user may not read a file."""


@dataclass(frozen=True)
class Verification:
    """Outcome of a verification."""

    cells: int
    """Cells with a number that was measured here."""
    trials: int
    """Trials behind these cells."""
    findings: tuple[Finding, ...]
    not_logged: tuple[str, ...]
    """Keys of trials that MLflow does not know; none where it was not asked."""
    reproduced: Mapping[str, int]
    """Trials behind these cells that were trained again, by the verdict of the last time, such as `identical over all
    steps`."""


def verify(
    tables: Sequence[Table],
    results: Results,
    storage: Path,
    logged: Mapping[str, LoggedRun] | None,
    fetch: Callable[[str], None],
    on_progress: Callable[[float, int], None],
    protocols: Mapping[Task, ProtocolRecord] | None = None,
    *,
    has_weights: bool = True,
) -> Verification:
    """Checks tables against storage, and storage against MLflow.

    Args:
        tables: as they are shown.
        results: that they were built from.
        storage: folder that holds `trials/` and `evaluations/`.
        logged: what MLflow holds, by trial key; None compares nothing with it.
        fetch: makes a folder below `storage` equal to what is stored; called once for each that is about to be read.
        on_progress: called with how many trials and evaluations are done, in part for the one under way, and how many
            there are.
        protocols: how scores of each task are computed today; None compares nothing with it.
        has_weights: whether the tested weights are there; without them, their checksums are taken as stated.
    """
    places = [_Place(table, cell) for table in tables for cell in table.own_cells]
    trials = {run.key: run.stored for place in places for run in place.cell.counted}
    imported = {record.key: record for table in tables for record in table.imported}
    progress = _Progress(len(trials) + len(imported), on_progress)
    checked = dict(_check_trials(trials, fetch, progress, protocols, has_weights=has_weights))
    found = {f"{TRIALS}/{key}": [*one.discrepancies] for key, one in checked.items()}
    for key, run in (logged or {}).items():
        if key in checked:
            found[f"{TRIALS}/{key}"] += _against_run(run, trials[key], checked[key])
    found |= _check_evaluations(imported, storage, fetch, progress)
    progress.end()
    return Verification(
        cells=sum(place.cell.summary is not None for place in places),
        trials=len(trials),
        findings=(
            *_touched(found, places),
            *_unreadable(places, results),
            *(finding for place in places for finding in place.check(checked)),
        ),
        not_logged=() if logged is None else tuple(sorted(trials.keys() - logged.keys())),
        reproduced=Counter(_last_verdict(stored) for stored in trials.values() if stored.reproductions),
    )


def _check_trials(
    trials: Mapping[str, StoredTrial],
    fetch: Callable[[str], None],
    progress: _Progress,
    protocols: Mapping[Task, ProtocolRecord] | None,
    *,
    has_weights: bool,
) -> Iterator[tuple[str, Checked]]:
    for key, stored in trials.items():
        fetch(f"{TRIALS}/{key}")
        if stored.rescored is not None:
            fetch(f"{EVALUATIONS}/{stored.rescored.key}")
        progress.begin(0 if stored.result is None else named_bytes(stored.path, stored.result.checksums))
        yield key, check_trial(stored, progress.read, protocols, has_weights=has_weights)


def _last_verdict(stored: StoredTrial) -> str:
    last = stored.reproductions[-1]
    return f"{last.verdict} over {'all steps' if last.is_whole else 'its first steps'}"


def _check_evaluations(
    records: Mapping[str, EvaluationRecord], storage: Path, fetch: Callable[[str], None], progress: _Progress
) -> dict[str, list[Discrepancy]]:
    found = {}
    for key, record in records.items():
        fetch(f"{EVALUATIONS}/{key}")
        progress.begin(named_bytes(storage / EVALUATIONS / key, record.checksums))
        found[f"{EVALUATIONS}/{key}"] = check_evaluation(storage, record, progress.read)
    return found


def _against_run(run: LoggedRun, stored: StoredTrial, checked: Checked) -> Iterator[Discrepancy]:
    if checked.own_result is not None and stored.config is not None:
        yield from compare_logged(run, stored.config, checked.own_result)


@dataclass(frozen=True)
class _Place:
    """A cell in its table."""

    table: Table
    cell: Cell

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.table.experiment} {self.cell.row}, {column_name(self.cell.column)}"

    @property
    def sources(self) -> set[str]:
        """What stands behind it."""
        imported = set() if self.cell.imported is None else {f"{EVALUATIONS}/{self.cell.imported.record.key}"}
        return {f"{TRIALS}/{run.key}" for run in self.cell.counted} | imported

    def check(self, checked: Mapping[str, Checked]) -> Iterator[Finding]:
        """Whether the number follows from the trials."""
        for one in check_cell(self.table, self.cell, checked):
            yield Finding((self.name,), "", one.what, one.stored, one.recomputed)


class _Progress:
    """Trials and evaluations, by the bytes of their files."""

    def __init__(self, total: int, tell: Callable[[float, int], None]) -> None:
        self._total, self._tell = total, tell
        self._begun = self._bytes = self._read = 0

    def begin(self, size: int) -> None:
        """The next one, of so many bytes."""
        self._tell(self._begun, self._total)
        self._begun, self._bytes, self._read = self._begun + 1, size, 0

    def read(self, size: int) -> None:
        """So many more bytes of it have been read."""
        self._read += size
        self._tell(self._begun - 1 + min(1.0, self._read / max(1, self._bytes)), self._total)

    def end(self) -> None:
        """All are done."""
        self._tell(self._total, self._total)


def _touched(found: Mapping[str, Sequence[Discrepancy]], places: Sequence[_Place]) -> Iterator[Finding]:
    """Each discrepancy with the cells that it touches; all of its trial, where none holds the measure."""
    behind: dict[str, list[_Place]] = defaultdict(list)
    for place in places:
        for source in place.sources:
            behind[source].append(place)
    for source, discrepancies in found.items():
        for one in discrepancies:
            touched = [place for place in behind[source] if one.metric in (None, place.cell.column.metric)]
            names = tuple(dict.fromkeys(place.name for place in touched or behind[source]))
            yield Finding(names, source, one.what, one.stored, one.recomputed, one.is_denied)


def _unreadable(places: Sequence[_Place], results: Results) -> Iterator[Finding]:
    """Trials that cannot be trusted: those that a cell shows as such, and finished ones that no cell can claim."""
    names: dict[str, list[str]] = defaultdict(list)
    for place in places:
        for run in place.cell.runs:
            names[run.key].append(place.name)
    for stored in results:
        if stored.problem is not None and (stored.key in names or _may_be_finished(stored)):
            what = f"{stored.problem.where} {stored.problem.what}"
            source, is_denied = f"{TRIALS}/{stored.key}", stored.problem.is_denied
            yield Finding(tuple(names[stored.key]), source, "the documents of the trial", "sound", what, is_denied)


def _may_be_finished(stored: StoredTrial) -> bool:
    try:
        return TrialFiles(stored.path).result_file.exists()
    except PermissionError:
        return True
