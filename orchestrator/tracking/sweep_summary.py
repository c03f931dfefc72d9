"""What the run of a sweep says of its trials: counts, the best, a table of scores. It follows from storage alone.

The rows are the variants of the sweep's experiments and the columns its tasks. The papers' tables, with reported
numbers and tests, are for reports (`combo report build`): they need experiment files, which another machine may lack.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from experiments.identity import differences
from experiments.records import ProtocolRecord
from model.config import Task
from orchestrator.store.membership import Membership
from orchestrator.store.sweep_request import SweepRequest
from orchestrator.tracking.metric_points import PERCENT, percent
from orchestrator.tracking.run_content import FAILED, FINISHED, KILLED, RUNNING, RunContent
from orchestrator.tracking.run_origin import command_of

if TYPE_CHECKING:
    from reports.tables.statistics import Summary

WORDS = {FINISHED: "finished", RUNNING: "running", FAILED: "failed", KILLED: "unfinished"}
NOT_STARTED = "not started"
SERVED_REPORT = "http://127.0.0.1:8642"
"""Where `combo report serve` shows a report unless it is told otherwise."""
TABLE_FILE, ROWS_FILE, TRIALS_FILE, SHARED_FILE = "table.md", "table.csv", "trials.csv", "shared-settings.json"


@dataclass(frozen=True)
class Member:
    """A trial that a sweep asked for."""

    place: Membership
    content: RunContent | None
    """None if it has not begun, or cannot be read."""

    @property
    def state(self) -> str:
        """In a word or two."""
        return NOT_STARTED if self.content is None else WORDS[self.content.status]

    @property
    def scores(self) -> tuple[float, float] | None:
        """M_J and M_F of the test split in percent; None without a result."""
        result = None if self.content is None else self.content.result
        return None if result is None else (percent(result.score.m_j), percent(result.score.m_f))

    @property
    def protocol(self) -> ProtocolRecord | None:
        """How it was scored; None without a result."""
        return None if self.content is None or self.content.result is None else self.content.result.protocol


@dataclass(frozen=True)
class SweepSummary:
    """The trials of a sweep, and what they amount to."""

    sweep: str
    members: Sequence[Member]
    """In the order in which the sweep asked for them."""
    request: SweepRequest | None
    """What it was asked for; None where that was not noted."""
    storage: str
    """Address of the storage."""

    @property
    def counts(self) -> str:
        """Such as `3 finished, 1 failed`."""
        counted = Counter(member.state for member in self.members)
        return ", ".join(f"{counted[state]} {state}" for state in (*WORDS.values(), NOT_STARTED) if counted[state])

    @cached_property
    def best(self) -> dict[Task, Member]:
        """The finished trial with the highest M_J of each task; none of a task that was scored in several ways."""
        best: dict[Task, Member] = {}
        for (task, _), members in self._columns.items():
            if sum(one == task for one, _ in self._columns) == 1:
                best[task] = max(members, key=lambda member: member.scores or ())
        return best

    @cached_property
    def differing(self) -> dict[str, None]:
        """Names of the settings in which the trials that have begun differ, in the order of the schema."""
        return dict.fromkeys(name for own in self._settings[1] for name in own)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the run."""
        best = {f"combo.best.{task}": _named(member) for task, member in self.best.items()}
        return {"combo.trials": self.counts, **best}

    @property
    def metrics(self) -> dict[str, float]:
        """Metrics of the run: the best scores, in percent."""
        return {f"best/{task}_m_j{PERCENT}": member.scores[0] for task, member in self.best.items() if member.scores}

    def note(self, pages: str) -> str:
        """The description of the run, as Markdown.

        Args:
            pages: where MLflow lists the runs of the sweep.
        """
        command = "" if self.request is None else f"`{command_of(self.request, 'run')}`: "
        best = [f"Best on {task.upper()}: {_named(member)}." for task, member in self.best.items()]
        links = [f"[The runs of this sweep, with the settings in which they differ]({pages})", *self._places()]
        return "\n\n".join([f"{command}{self.counts}.", self._table(), *best, *links]) + "\n"

    @property
    def artifacts(self) -> dict[str, str]:
        """Files of the run by name: the table, and the trials with the settings in which they differ."""
        shared = json.dumps(self._settings[0], indent=1) + "\n"
        rows = _csv([*_heading(self._keys), "trials"], (_flat(row) for row in self._rows()))
        return {TABLE_FILE: self._table() + "\n", ROWS_FILE: rows, TRIALS_FILE: self._trials(), SHARED_FILE: shared}

    @cached_property
    def _settings(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What the trials that have begun share, and what each has of its own."""
        configs = [member.content.trial.config for member in self.members if member.content is not None]
        return differences(configs) if configs else ({}, [])

    @cached_property
    def _columns(self) -> Mapping[tuple[Task, str], list[Member]]:
        """The finished trials by task and protocol: scores of different protocols are never put in one column."""
        columns: dict[tuple[Task, str], list[Member]] = {}
        for member in self.members:
            if (column := _column(member)) is not None:
                columns.setdefault(column, []).append(member)
        return dict(sorted(columns.items()))

    @property
    def _keys(self) -> list[tuple[Task, str]]:
        return list(self._columns)

    def _rows(self) -> Iterator[tuple[str, list[Summary | None], str]]:
        """Experiment and variant, M_J and M_F of each column, and how many trials are finished of all."""
        from reports.tables.statistics import summarise  # brings SciPy; a run with nothing to do tells MLflow nothing

        of_rows: dict[tuple[str, str], list[Member]] = {}
        for member in self.members:
            of_rows.setdefault((member.place.experiment, member.place.variant), []).append(member)
        is_one = len({experiment for experiment, _ in of_rows}) == 1
        for row, own in of_rows.items():
            cells: list[Summary | None] = []
            for column in self._columns:
                scores = [one.scores for one in own if one.scores is not None and _column(one) == column]
                cells += [summarise(values) for values in zip(*scores, strict=True)] or [None, None]
            finished = sum(one.scores is not None for one in own)
            yield row[1] if is_one else " ".join(filter(None, row)), cells, f"{finished}/{len(own)}"

    def _table(self) -> str:
        """The scores as Markdown."""
        heading = [*_heading(self._keys), "trials"]
        lines = [heading, ["---"] * len(heading)]
        lines += [[name, *map(_cell, cells), trials] for name, cells, trials in self._rows()]
        table = "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)
        told = "; ".join(dict.fromkeys(label for _, label in self._columns))
        return f"{table}\n\nPercent, mean ± standard deviation over seeds; {told}" if told else table

    def _trials(self) -> str:
        own = iter(self._settings[1])
        rows = []
        for member in self.members:
            place, settings = member.place, {} if member.content is None else next(own)
            protocol = "" if member.protocol is None else member.protocol.label
            first = [place.key, place.experiment, place.variant, place.task, place.seed, member.state]
            own_settings = [settings.get(name, "") for name in self.differing]
            rows.append([*first, *(member.scores or ("", "")), protocol, *own_settings])
        scores = [f"m_j{PERCENT}", f"m_f{PERCENT}", "protocol"]
        return _csv(["key", "experiment", "variant", "task", "seed", "state", *scores, *self.differing], rows)

    def _places(self) -> Iterator[str]:
        if self.request is not None:
            at = ("--storage", self.storage)
            yield f"Report: `{command_of(self.request, 'report build', *at)}`, or [served]({SERVED_REPORT}) by " + (
                f"`{command_of(self.request, 'report serve', *at)}`"
            )
        yield f"Storage: `{self.storage}`"


def _column(member: Member) -> tuple[Task, str] | None:
    """Task and protocol of a finished trial."""
    return None if member.protocol is None else (member.place.task, member.protocol.label)


def _named(member: Member) -> str:
    assert member.scores is not None
    m_j, m_f = member.scores
    return f"{member.place.label}, M_J {m_j:.1f}, M_F {m_f:.1f} ({member.place.key})"


def _heading(columns: Sequence[tuple[Task, str]]) -> list[str]:
    several = len({task for task, _ in columns}) < len(columns)
    names = [f"{task.upper()} {label}" if several else task.upper() for task, label in columns]
    return ["variant", *(f"{name} {metric}" for name in names for metric in ("M_J", "M_F"))]


def _flat(row: tuple[str, list[Summary | None], str]) -> list[object]:
    name, cells, trials = row
    return [name, *("" if cell is None else cell.mean for cell in cells), trials]


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "–"
    return f"{summary.mean:.1f}" + ("" if summary.sd is None else f" ± {summary.sd:.1f}")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _csv(heading: Sequence[str], rows: Iterator[list[object]] | list[list[object]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([heading, *rows])
    return file.getvalue()
