"""Which trials of a plan were trained, or begun, by other code than runs now."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from experiments.errors import InputError
from orchestrator.planning.plan import Plan, PlannedTrial
from orchestrator.store.store import Store
from orchestrator.trial.trial_state import TrialState

NO_COMMIT = "code without a commit"


def reused_code(plan: Plan, store: Store, commit: str | None) -> str:
    """What a plan uses that comes from other commits, as a sentence; empty if that is nothing.

    Args:
        plan: of the sweep.
        store: with its documents refreshed.
        commit: of the code that runs now.
    """
    made = [_commit(entry, store) for entry in plan.entries if entry.state != TrialState.NEW and entry.attempts]
    others = Counter(one or NO_COMMIT for one in made if one != commit)
    if not others:
        return ""
    told = ", ".join(f"{count} by {name}" for name, count in sorted(others.items()))
    trials = "1 trial was" if others.total() == 1 else f"{others.total()} trials were"
    return f"{trials} trained by other code than this, {commit or NO_COMMIT}: {told}; `--rerun` starts trials over"


def _commit(entry: PlannedTrial, store: Store) -> str | None:
    """Commit of the code that made the result, or the newest checkpoint."""
    folder = store.trial(entry.trial.key)
    with suppress(InputError):
        if (result := folder.result) is not None:
            return result.provenance.commit
    last = folder.last_attempt
    return None if last is None else last.commit
