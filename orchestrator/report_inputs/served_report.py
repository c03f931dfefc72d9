"""A report that follows its storage: built again when trials begin or end, with the state of the sweep that runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments.errors import InputError
from experiments.overrides import names_and_assignments
from model.data.errors import DataError
from orchestrator.planning.plan import Plan, PlannedTrial
from orchestrator.report_inputs.building import ReportBuilder
from orchestrator.report_inputs.storage_marks import Marks, outcome_marks
from orchestrator.settings import Settings
from orchestrator.storage.errors import StorageError
from orchestrator.store.store import Store
from orchestrator.store.sweep_request import read_requests
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.trial_state import TrialState
from reports.site import paths
from reports.site.live import LiveSweep, LiveTrial, live_curve, render_live
from reports.site.live_previews import LivePreviews
from reports.stored.evaluations import read_curve

NOTHING = LiveSweep("", "No sweep has been asked for in this storage yet.", ())


class ServedReport:
    """Looks at the storage from time to time; another thread may ask for what was seen last.

    Args:
        builder: builds the report.
        words: of the command line; without names, the sweep that was asked for last is shown.
        scale: of the named experiments.
        every: seconds between two looks.
    """

    def __init__(self, builder: ReportBuilder, words: Sequence[str], scale: str, every: int) -> None:
        self._builder, self._words, self._scale, self._every = builder, words, scale, every
        self._store = Store(builder.settings.storage)
        self._watch = LeaseWatch(builder.settings.storage)
        self._marks: Marks | None = None
        self._written: frozenset[str] = frozenset()
        self._built = "is being built"
        self._problems: tuple[str, ...] = ()
        self._sweep = NOTHING
        self._previews = LivePreviews()
        self._still: frozenset[str] = frozenset()
        """Keys of the trials that did not run when they were seen last, of which there is nothing new to fetch."""

    @property
    def settings(self) -> Settings:
        """Storage and data."""
        return self._builder.settings

    def written(self) -> frozenset[str]:
        """Names of the site's files below its folder."""
        return self._written

    def live_file(self, name: str) -> bytes | None:
        """The page of the sweep as it was seen last, or one of its pictures; None for any other name."""
        if name == paths.LIVE:
            return render_live(self._sweep, self._built, self._every, self._problems).encode()
        return self._sweep.pictures.get(name)

    def look(self) -> str:
        """Looks at the storage, and builds the report if it is the first time or trials have begun or ended.

        Returns:
            what happened, as a sentence; empty if nothing did. What cannot be read now is told and tried again.
        """
        try:
            self._store.refresh()
            self._sweep = self._look_at_sweep()
            marks = outcome_marks(self.settings.storage)
            if marks == self._marks:
                return ""
            return self._build(marks)
        except (InputError, DataError, StorageError, OSError) as error:
            told = f"not up to date: {error}"
            is_news = (told,) != self._problems
            self._problems = (told,)
            return told if is_news else ""

    def _build(self, marks: Marks) -> str:
        begin = time.monotonic()
        report = self._builder.build().report
        self._marks, self._problems = marks, ()
        self._written = frozenset(path.relative_to(self._builder.out).as_posix() for path in report.files)
        own = [cell for table in report.tables for cell in table.own_cells]
        measured = sum(cell.summary is not None for cell in own)
        at = time.strftime("%H:%M:%S")
        self._built = f"built at {at}: {measured} of {len(own)} cells measured"
        return f"{self._built}, in {time.monotonic() - begin:.0f} s"

    def _look_at_sweep(self) -> LiveSweep:
        words, scale, settings = self._words, self._scale, self.settings
        if all("=" in word for word in words):
            requests = read_requests(settings.storage)
            if not requests:
                return NOTHING
            last = requests[-1]
            words, scale = last.words, last.scale
            settings = replace(settings, data=Path(last.data))
        # Only those who look at a sweep need what reads its data.
        from orchestrator.targets import read_targets, read_targets_on_stored_data

        names, assigned = names_and_assignments(words)
        try:
            targets = read_targets(names, assigned, scale, settings, self._store)
        except DataError as error:
            targets = read_targets_on_stored_data(names, assigned, scale, self._store, error)
        with self._watch.asking():
            plan = targets.plan(self._store, self._watch)
        self._fetch_progress(plan)
        counts = (f"{plan.count(state)} {state}" for state in TrialState if plan.count(state))
        folders = ((one.trial.key, one.trial.label, self._store.trial(one.trial.key).path) for one in plan.entries)
        clips, problems = self._previews.look(folders)
        trials = tuple(self._trial(entry) for entry in plan.entries)
        return LiveSweep(plan.name, f"{len(trials)} trials: {', '.join(counts)}", trials, clips, problems)

    def _fetch_progress(self, plan: Plan) -> None:
        """Brings from a bucket what trials that run, or have run since the last look, have measured and shown."""
        keys = frozenset(entry.trial.key for entry in plan.entries)
        self._store.refresh_progress(keys - self._still)
        self._still = frozenset(one.trial.key for one in plan.entries if one.state != TrialState.RUNNING)

    def _trial(self, entry: PlannedTrial) -> LiveTrial:
        trial, folder = entry.trial, self._store.trial(entry.trial.key)
        steps = trial.config.training.iterations
        last = folder.last_attempt
        running = last.step if last is not None and entry.state == TrialState.RUNNING else 0
        return LiveTrial(
            key=trial.key,
            label=trial.label,
            state=entry.state,
            attempts=entry.attempts,
            step=steps if entry.state == TrialState.FINISHED else max(folder.steps_done, running),
            steps=steps,
            reason=entry.reason,
            task=trial.task,
            curve=live_curve(read_curve(folder.path)),
        )
