"""Which settings of a search matter, as Optuna's PED-ANOVA evaluator says (Watanabe et al., IJCAI 2023)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial

from experiments.schema import SCORES
from experiments.searches import ScaledSearch
from orchestrator.search.optuna_study import make_study
from orchestrator.search.points import TriedPoint
from reports.search_outcomes import Importance

FEWEST = 12
"""Finished points below which nothing is said: the best would be too few to be told from chance."""
BEST_SHARE, FEWEST_BEST = 0.1, 5
"""Which points count as the best: a tenth of them, but five at least, as the evaluator's authors advise."""


def importances(search: ScaledSearch, points: Sequence[TriedPoint]) -> tuple[Importance, ...]:
    """For each objective, the shares of the settings in what sets the best points apart from all finished ones.

    Args:
        search: names the objectives and settings.
        points: in any state.
    """
    from optuna.importance import PedAnovaImportanceEvaluator  # imports scikit-learn

    finished = [tried for tried in points if tried.outcome.state == "finished"]
    if len(finished) < FEWEST:
        return ()
    best = max(FEWEST_BEST, round(BEST_SHARE * len(finished)))
    study = make_study(search, finished, RandomSampler())
    evaluator = PedAnovaImportanceEvaluator(target_quantile=best / len(finished))
    found = []
    for place, objective in enumerate(search.search.objectives):
        sign = -1.0 if objective in SCORES else 1.0

        def lower_is_better(trial: FrozenTrial, place: int = place, sign: float = sign) -> float:
            return sign * float(trial.values[place])

        with warnings.catch_warnings():
            # It says of every target of one's own that lower ones count as better.
            warnings.filterwarnings("ignore", "PedAnovaImportanceEvaluator computes the importances", UserWarning)
            raw = evaluator.evaluate(study, target=lower_is_better)
        total = sum(raw.values())
        if total > 0:
            shares = {key: value / total for key, value in sorted(raw.items(), key=lambda item: -item[1])}
            found.append(Importance(objective, best, len(finished), shares))
    return tuple(found)
