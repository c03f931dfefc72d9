"""MLflow against storage: whether a run shows what the trial's documents say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from experiments.identity import flatten
from experiments.records import ResultRecord
from experiments.schema import Measure, ScoreMetric
from model.config import TrialConfig
from reports.verifying.discrepancy import Discrepancy
from reports.verifying.trial_checks import agree

SCORES_OF_RUNS: Mapping[str, ScoreMetric] = {"test/m_j": "m_j", "test/m_f": "m_f"}
"""What runs of earlier versions call the scores of the test split, as fractions."""
PERCENT = "_percent"
"""What those of today are called beyond that, as they are in percent."""
ABSENT = "nothing"


@dataclass(frozen=True)
class LoggedRun:
    """What MLflow holds of a trial."""

    run_id: str
    metrics: Mapping[str, float]
    """Last value of each metric."""
    params: Mapping[str, str]


def compare_logged(run: LoggedRun, config: TrialConfig, result: ResultRecord) -> Iterator[Discrepancy]:
    """Where a run shows something else than its trial's documents; metrics and params of others are left alone.

    Args:
        run: of the trial.
        config: of the trial.
        result: of the trial.
    """
    stored = {"m_j": result.score.m_j, "m_f": result.score.m_f}
    for earlier, metric in SCORES_OF_RUNS.items():
        is_old = earlier in run.metrics and earlier + PERCENT not in run.metrics
        name, factor = (earlier, 1) if is_old else (earlier + PERCENT, 100)
        logged, wanted = run.metrics.get(name), factor * stored[metric]
        if logged is None or not agree(logged, wanted):
            yield _discrepancy(run, name, wanted, ABSENT if logged is None else repr(logged), metric)
    for name, value in flatten(config).items():
        if run.params.get(name) != str(value):
            yield _discrepancy(run, name, value, run.params.get(name, ABSENT))


def _discrepancy(run: LoggedRun, name: str, stored: object, logged: str, metric: Measure | None = None) -> Discrepancy:
    return Discrepancy(f"{name} of MLflow's run {run.run_id}", str(stored), logged, metric)
