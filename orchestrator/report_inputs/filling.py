"""What it takes to fill the cells of a report that hold no number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.durations import duration
from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.scaled_experiment import ScaledExperiment
from experiments.scales import FULL
from experiments.trial import Trial, with_parents
from orchestrator.planning.cost import SECONDS_PER_HOUR, Costs
from orchestrator.planning.plan import trials_where_data_are
from reports.build import ReportedExperiment
from reports.stored.results import Results
from reports.tables.matching import Places, match
from reports.tables.remedies import Filling


def filling_of(reported: Sequence[ReportedExperiment], results: Results, data: Path) -> dict[str, Filling]:
    """What it takes for each experiment, by its name.

    Hours are measured where trials of its own are finished, else as presets state.

    Args:
        reported: experiments, and their trials at the report's scale.
        results: of the storage.
        data: the data folder.
    """
    left_out = _left_out([one.scaled for one in reported], data)
    return {one.scaled.name: _filling(one, results, left_out.get(one.scaled.name, _LeftOut())) for one in reported}


@dataclass(frozen=True)
class _LeftOut:
    """The full-scale trials of tasks that a scale does not train, and why they cannot run here; empty if they can."""

    trials: Sequence[Trial] = ()
    lacks: str = ""


def _left_out(experiments: Iterable[ScaledExperiment], data: Path) -> dict[str, _LeftOut]:
    """By the name of the experiment. All are bound to the data at once, so that each data set is looked at once."""
    found: dict[str, _LeftOut] = {}
    full, trained = [], {}
    for scaled in experiments:
        if set(scaled.tasks) < set(scaled.experiment.tasks):
            try:
                whole = load_experiment(scaled.word, FULL, scaled.assigned)
                expand(whole)
            except InputError as error:  # settings of the command line that fit the report's scale only
                found[scaled.name] = _LeftOut(lacks=str(error))
                continue
            full.append(whole)
            trained[scaled.name] = scaled.tasks
    trials, lacking = trials_where_data_are(full, data, None)
    for name, tasks in trained.items():
        own = [trial for trial in trials if trial.experiment == name and trial.task not in tasks]
        needs = dict.fromkeys((trial.task, trial.config.proposer) for trial in with_parents(own))
        found[name] = _LeftOut(own, "; ".join(dict.fromkeys(lacking[need] for need in needs if need in lacking)))
    return found


def _filling(one: ReportedExperiment, results: Results, left_out: _LeftOut) -> Filling:
    places = match(one.trials, results)
    finished = [run.stored for evidence in places.values() for run in evidence.runs if run.stored.result is not None]
    costs = Costs((stored.config, stored.result) for stored in finished if stored.config and stored.result)
    unfinished = [trial for trial in one.trials if not _is_finished(trial, places)]
    return Filling(_cost(unfinished, costs), _cost(left_out.trials, costs), left_out.lacks)


def _is_finished(trial: Trial, places: Places) -> bool:
    evidence = places.get((trial.variant, trial.task, trial.start))
    return evidence is not None and any(run.seed == trial.seed and run.stored.result for run in evidence.runs)


def _cost(trials: Sequence[Trial], costs: Costs) -> str:
    """Such as `2 trials, about 3 min of worker time`; empty when nothing is left."""
    different = {trial.key: trial for trial in with_parents(trials)}.values()
    if not different:
        return ""
    told = f"{len(different)} trial{'' if len(different) == 1 else 's'}"
    estimates = [costs.estimate(trial, steps_done=0) for trial in different]
    known = [estimate.worker_hours.likely for estimate in estimates if estimate is not None]
    if len(known) < len(estimates):
        return told
    return f"{told}, about {duration(SECONDS_PER_HOUR * sum(known))} of worker time"
