"""A sweep as a function."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from experiments.errors import InputError, Problem
from experiments.scales import FULL

if TYPE_CHECKING:
    import pandas as pd

    from orchestrator.planning.plan import Plan
    from orchestrator.run_config import RunConfig
    from orchestrator.sweep.trial_scheduler import StopReason


class SweepError(Exception):
    """A sweep that ended before all of its trials had a result; what is finished is stored.

    Its text holds the sentences that `combo run` prints. Calling `sweep` again continues from the checkpoints.
    """


def sweep(
    *words: str,
    scale: str = FULL,
    storage: str | None = None,
    data: str | Path | None = None,
    quiet: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """Trains the trials that have no result yet, as `combo run` does, and returns the scores of all.

    Calling it again continues what was interrupted, and does nothing when all is finished. Ctrl-C, or the button that
    interrupts a notebook's kernel, ends it after a checkpoint. It can be called from the main thread only.

    Args:
        words: an experiment or several, or a search, and settings laid over them: `"combo/table7"`, `"seeds=[0,1]"`.
        scale: `full`, or one that the experiment defines.
        storage: folder or bucket; by default `COMBO_STORAGE`, or `combo-storage` in the current folder.
        data: data folder; by default `COMBO_DATA`, or `data`.
        quiet: show nothing of how it goes.
        options: of `combo run`, with underscores: `checkpoint_every=50`, `max_hours=2`, `gpus_per_worker=0.5`.

    Returns:
        the rows of `results` that belong to trials of the sweep.

    Raises:
        InputError: unknown names, mistakes in files, settings or options, nothing to run it on; nothing was started.
        DataError: the data folder cannot be used.
        StorageError: the bucket cannot be used.
        SweepError: trials failed, or the sweep ended early.
        TypeError: there is no such option.
    """
    from rich.console import Console

    from orchestrator.api.scores import scores_of
    from orchestrator.run_config import RunConfig
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from orchestrator.store.sweep_request import note_request
    from orchestrator.sweep.execute import catch_up, execute
    from orchestrator.sweep.refusals import refuse_impossible
    from orchestrator.sweep.stop_requests import older_requests
    from orchestrator.targets import read_runnable_targets, target_names

    config = RunConfig(**options)
    _refuse_out_of_range(config)
    settings = resolve_settings(storage, None if data is None else Path(data))
    older_stops = older_requests(settings.storage, os.environ)
    store, console = Store(settings.storage), Console(highlight=False, quiet=quiet)
    targets = read_runnable_targets(words, scale, settings, store, config.workers)
    plan, search = targets.plan(store), targets.search
    ended_early: StopReason | None = None
    if not plan.to_run and (search is None or search.complete):
        catch_up(plan, targets.paper, settings, console)
    else:
        needed = [*plan.to_run, *(search.probes() if search else [])]
        files = refuse_impossible(needed, settings, config)
        note_request(settings.storage, targets.sweep, words, target_names(words), scale, settings.data)
        ended_early = execute(
            plan,
            targets.paper,
            settings,
            config,
            console,
            weight_files=files,
            older_stops=older_stops,
            verbose=False,
            search=search,
        )
        targets = targets.again(store)
        plan = targets.plan(store)
    _refuse_incomplete(plan, ended_early)
    return scores_of(settings.storage, {entry.trial.key for entry in plan.entries})


def _refuse_out_of_range(config: RunConfig) -> None:
    """Refuses what the command line would refuse before it calls anything."""
    problems: list[Problem] = []
    hints = get_type_hints(type(config), include_extras=True)
    for field in fields(config):
        value: Any = getattr(config, field.name)
        for option in get_args(hints[field.name])[1:]:
            low, high = getattr(option, "min", None), getattr(option, "max", None)
            if None not in (value, low, high) and not low <= value <= high:
                problems.append(Problem(f"{field.name}={value}", f"is not in the range {low}<=x<={high}"))
    if problems:
        raise InputError(*problems)


def _refuse_incomplete(plan: Plan, ended_early: StopReason | None) -> None:
    """Refuses to return scores as if they were all.

    Raises:
        SweepError: trials have no result.
    """
    from orchestrator.sweep.endings import EARLY_ENDS, unfinished

    if not (plan.to_run or plan.failed or plan.refused):
        return
    told: Sequence[str] = [sentence for sentence, _ in unfinished(plan)]
    count = f"{len(plan.finished)} of {len(plan.entries)} trials finished"
    raise SweepError("\n".join([*told, count, *([EARLY_ENDS[ended_early]] if ended_early else [])]))
