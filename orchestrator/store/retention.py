"""Files in storage that nothing needs any more: checkpoints and previews of finished trials, drafts of the killed."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.records import CHECKPOINTS_DIR, PREVIEWS_DIR, TRIALS, ProtocolRecord
from model.atomic_writes import DRAFT
from model.config import Task
from orchestrator.storage.local_files import files_below
from orchestrator.storage.names import parent
from orchestrator.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder, is_in_checkpoint
from reports.stored.stored_trial import read_stored_trial
from reports.verifying.trial_checks import check_trial

INCONSISTENT = "restore the trial folder; until then nothing of it is deleted"
CHECKED_AT_ONCE = 64
"""Trials that are fetched from a bucket together: each fetch reads and writes the index of all that is here."""
DRAFT_SECONDS = 86_400
"""Age from which a draft is nobody's. No write takes so long; its writer may run on another machine."""


@dataclass(frozen=True)
class Leftover:
    """Something in storage that can be deleted."""

    name: str
    """In storage."""
    reason: str
    size: int
    """Bytes."""


def leftovers(
    store: Store,
    on_doubt: Callable[[Problem], None] | None = None,
    protocols: Mapping[Task, ProtocolRecord] | None = None,
) -> Iterator[Leftover]:
    """What finished trials hold beyond their results and the weights that were tested, and drafts of killed writers.

    Trials without a result keep everything, as they may be running or continue later. Tested weights stay, because
    tables name them and other trials start from them. A trial whose files contradict each other keeps everything: what
    looks superfluous may be all there is.

    Args:
        store: with its documents refreshed.
        on_doubt: hears why a trial is left alone.
        protocols: how scores of each task are computed today; None compares nothing with it.
    """
    on_doubt = on_doubt or (lambda _: None)
    sizes = _sizes(store.storage)
    found = _beside_tested(store, sizes, on_doubt)
    while some := list(islice(found, CHECKED_AT_ONCE)):
        _fetch_for_check(store.storage, some)
        for one in some:
            doubt = _doubt(one.folder, protocols)
            if doubt is None:
                yield from one.others
            else:
                on_doubt(doubt)
    yield from _old_drafts(store.root)


@dataclass(frozen=True)
class _Superfluous:
    """What a finished trial has beside the weights that were tested."""

    folder: TrialFolder
    tested: str
    """Name of these weights in storage."""
    others: Sequence[Leftover]


def _beside_tested(
    store: Store, sizes: Mapping[str, dict[str, int]], on_doubt: Callable[[Problem], None]
) -> Iterator[_Superfluous]:
    """The finished trials that hold more than their results and the tested weights, unchecked."""
    for folder in store.trials():
        try:
            tested = folder.tested_checkpoint
        except InputError as error:
            on_doubt(error.problems[0])
            continue
        if tested is None:
            continue
        kept = tested.relative_to(store.root).as_posix()
        others = [Leftover(name, _reason(name), size) for name, size in sizes[folder.name].items() if name != kept]
        if others:
            yield _Superfluous(folder, kept, others)


def delete(storage: Storage, chosen: Iterable[Leftover]) -> None:
    """Deletes leftovers."""
    for leftover in chosen:
        storage.delete(leftover.name)


def total_size(chosen: Sequence[Leftover]) -> int:
    """Bytes of all of them."""
    return sum(leftover.size for leftover in chosen)


def _fetch_for_check(storage: Storage, some: Sequence[_Superfluous]) -> None:
    """Fetches the tested weights and all other files that are no checkpoints."""
    tested = {one.tested for one in some}
    storage.fetch([one.folder.name for one in some], lambda name: not is_in_checkpoint(name) or parent(name) in tested)


def _doubt(folder: TrialFolder, protocols: Mapping[Task, ProtocolRecord] | None) -> Problem | None:
    """The first contradiction between a finished trial's files."""
    checked = check_trial(read_stored_trial(folder.path), lambda _: None, protocols)
    for one in checked.discrepancies:
        return Problem(str(folder.path), f"{one.what}: stored is {one.stored}, found is {one.recomputed}", INCONSISTENT)
    return None


def _sizes(storage: Storage) -> Mapping[str, dict[str, int]]:
    """Bytes of every stored checkpoint and of all previews by their name, by the name of their trial's folder."""
    sizes: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for file, size in sorted(storage.sizes(TRIALS).items()):
        trial, checkpoints, inside = file.partition(f"/{CHECKPOINTS_DIR}/")
        if checkpoints and "/" in inside and not inside.startswith("."):
            name = f"{trial}{checkpoints}{inside.partition('/')[0]}"
            sizes[trial][name] = sizes[trial].get(name, 0) + size
        trial, previews, _ = file.partition(f"/{PREVIEWS_DIR}/")
        if previews:
            name = f"{trial}/{PREVIEWS_DIR}"
            sizes[trial][name] = sizes[trial].get(name, 0) + size
    return sizes


def _reason(name: str) -> str:
    own = name.rpartition("/")[2]
    if own == PREVIEWS_DIR:
        return "previews of a finished trial"
    return "weights that were not chosen" if own.startswith("best-") else "training state of a finished trial"


def _old_drafts(root: Path) -> Iterator[Leftover]:
    """Files and folders that were being written when their process was killed, wherever in storage."""
    for path in sorted(_drafts(root)):
        # Trials that live finish and delete theirs meanwhile.
        with suppress(FileNotFoundError):
            files = [path / name for name in files_below(path, "")] if path.is_dir() else [path]
            newest = max(file.lstat().st_mtime for file in (path, *files))
            if time.time() - newest > DRAFT_SECONDS:
                size = sum(file.lstat().st_size for file in files)
                yield Leftover(path.relative_to(root).as_posix(), "half-written when its process ended", size)


def _drafts(root: Path) -> Iterator[Path]:
    """Drafts below a folder; unlike `Path.rglob` it tolerates folders that vanish meanwhile."""
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *files) if name.startswith(".") and name.endswith(DRAFT))
