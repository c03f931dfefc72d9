"""The sweeps that a storage holds, and in which states their trials are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.errors import InputError
from experiments.trial import Trial
from orchestrator.planning.plan import look_up
from orchestrator.store.membership import MEMBERSHIPS, all_memberships
from orchestrator.store.store import Store
from orchestrator.store.sweep_request import SweepRequest, read_requests
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.trial_state import TrialState


@dataclass(frozen=True)
class StoredSweep:
    """A sweep as storage knows it."""

    name: str
    """Empty for the trials of no sweep."""
    states: Mapping[TrialState, int]
    """Trials by state."""
    request: SweepRequest | None
    """What it was asked for; None where that was not noted."""

    @property
    def trials(self) -> int:
        """All that it asked for so far."""
        return sum(self.states.values())


def stored_sweeps(store: Store, watch: LeaseWatch) -> list[StoredSweep]:
    """All sweeps of a storage, the one that was asked for last first, and then the trials of no sweep.

    Args:
        store: with its documents refreshed.
        watch: notices when an attempt on another machine is dead.
    """
    store.storage.fetch(MEMBERSHIPS)
    requests = {request.sweep: request for request in read_requests(store.storage)}
    keys: dict[str, list[str]] = {}
    began: dict[str, str] = {}
    for membership in all_memberships(store.root):
        keys.setdefault(membership.sweep, []).append(membership.key)
        began.setdefault(membership.sweep, membership.joined)
    asked = {name: requests[name].asked if name in requests else began[name] for name in keys}
    sweeps = [
        StoredSweep(name, _states(keys[name], store, watch), requests.get(name))
        for name in sorted(keys, key=lambda name: asked[name], reverse=True)
    ]
    members = {key for of_sweep in keys.values() for key in of_sweep}
    others = [folder.path.name for folder in store.trials() if folder.path.name not in members]
    return [*sweeps, *([StoredSweep("", _states(others, store, watch), None)] if others else [])]


def stored_trial(key: str, store: Store) -> Trial | None:
    """The trial with this key as its directory tells it; None if it has not begun.

    Raises:
        InputError: its identity is damaged.
    """
    identity = store.trial(key).identity
    if identity is None:
        return None
    config = identity.config
    return Trial("", key, config.data.task, config.seed, 1, config)


def _states(keys: Sequence[str], store: Store, watch: LeaseWatch) -> Counter[TrialState]:
    states: Counter[TrialState] = Counter()
    for key in keys:
        try:
            trial = stored_trial(key, store)
        except InputError:
            states[TrialState.DAMAGED] += 1
            continue
        states[look_up(trial, store, watch).state if trial else TrialState.NEW] += 1
    return states
