"""Copies what another storage lacks into it. Existing files are never overwritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from experiments.errors import InputError, Problem, unreadable
from experiments.records import EVALUATION_FILE, EVALUATIONS, RESULT_FILE, TRIALS
from model.regular_files import open_regular
from orchestrator.storage.names import MANIFEST
from orchestrator.storage.storage import Storage
from orchestrator.store.membership import MEMBERSHIPS
from orchestrator.store.storage_identity import address, ensure_storage_id
from orchestrator.store.store import IMPORTED
from orchestrator.store.sweep_request import SWEEP_REQUESTS
from orchestrator.store.trial_folder import TrialFolder
from orchestrator.trial.process_identity import is_dead

COMPLETED_BY: Final = {TRIALS: RESULT_FILE, EVALUATIONS: EVALUATION_FILE, IMPORTED: MANIFEST}
"""What is copied folder by folder, and the document that comes last in each and tells its content by checksums."""
LAST = (MANIFEST, EVALUATION_FILE, RESULT_FILE)
"""Files that say that others are complete, in the order in which they come."""


@dataclass
class Merged:
    """Outcome of a merge."""

    copied: list[str] = field(default_factory=list)
    """Names of folders, such as `trials/<key>`."""
    known: int = 0
    """Folders that were there already, with the same content."""
    problems: list[Problem] = field(default_factory=list)
    """Conflicts, and what cannot be copied; each was left as it is."""


def merge(source: Storage, target: Storage, on_progress: Callable[[int, int], None]) -> Merged:
    """Copies trials, evaluations and imported weights, and which sweeps asked for what.

    Trials that are damaged in the source, or run there, are left out. Whoever is interrupted calls it again.

    Args:
        source: is only read.
        target: is made if it is not there.
        on_progress: called with how many folders are done and how many there are.

    Raises:
        InputError: both are the same storage, or there is nothing in the source.
        StorageError: the target cannot be written.
    """
    if address(source) == address(target):
        raise InputError(Problem(f"storage '{source}'", "is the one to copy into", "name another one with --storage"))
    there = _by_folder(source)
    if not there:
        raise InputError(Problem(f"storage '{source}'", "holds no trials", "name the storage to copy from"))
    ensure_storage_id(target)
    here, outcome = _by_folder(target), Merged()
    for done, (folder, names) in enumerate(there.items(), start=1):
        try:
            _check_copyable(source, folder)
            if _complete(source, target, folder, names, here.get(folder, [])):
                outcome.copied.append(folder)
            else:
                outcome.known += 1
        except InputError as error:
            outcome.problems += error.problems
        on_progress(done, len(there))
    _copy_sweeps(source, target)
    return outcome


def _copy_sweeps(source: Storage, target: Storage) -> None:
    """Copies which trials sweeps asked for, and what the target does not know of their requests."""
    source.fetch((MEMBERSHIPS, SWEEP_REQUESTS))
    known = set(target.names(SWEEP_REQUESTS))
    _copy(source, target, source.names(MEMBERSHIPS))
    _copy(source, target, [name for name in source.names(SWEEP_REQUESTS) if name not in known])


def _by_folder(storage: Storage) -> dict[str, list[str]]:
    """Names of stored files by that of the trial, evaluation or imported checkpoint that they are part of."""
    found: dict[str, list[str]] = defaultdict(list)
    for kind in COMPLETED_BY:
        for name in storage.names(kind):
            one, is_inside, _ = name.removeprefix(f"{kind}/").partition("/")
            if is_inside:
                found[f"{kind}/{one}"].append(name)
    return dict(found)


def _check_copyable(source: Storage, folder: str) -> None:
    """Refuses a trial that is damaged or may be running."""
    if not folder.startswith(f"{TRIALS}/"):
        return
    trial = TrialFolder(source, folder)
    trial.fetch_documents()
    trial.check_files()
    if trial.identity is None:
        raise InputError(Problem(f"{source}/{folder}", "does not say which trial it is", "look at it before you copy"))
    last = trial.last_attempt
    if trial.result is None and last is not None and last.ended is None and not is_dead(last.process):
        what = f"may be running: attempt {last.attempt} on {last.host} has not ended"
        raise InputError(Problem(f"{source}/{folder}", what, "let it end, then merge again"))


def _complete(source: Storage, target: Storage, folder: str, theirs: Iterable[str], ours: Iterable[str]) -> bool:
    """Copies what a folder of the target lacks; False if that is nothing.

    Raises:
        InputError: the target holds something else in this folder, so that nothing was copied.
    """
    last = f"{folder}/{COMPLETED_BY[folder.partition('/')[0]]}"
    if last in theirs and last in ours and source.read(last) == target.read(last):
        return False
    source.fetch(folder)
    if ours:
        target.fetch(folder)
    for name in ours:
        if _content(source, name) != _content(target, name):
            what = f"holds another {name.removeprefix(f'{folder}/')} than {source}"
            raise InputError(
                Problem(f"{target}/{folder}", what, "both stay as they are; move one away to keep the other")
            )
    missing = sorted(set(theirs).difference(ours), key=lambda name: (_rank(name), name))
    _copy(source, target, missing)
    return bool(missing)


def _copy(source: Storage, target: Storage, names: Iterable[str]) -> None:
    for name in names:
        content = _content(source, name)
        if content is not None:  # else deleted meanwhile
            target.create(name, content)


def _content(storage: Storage, name: str) -> bytes | None:
    """What a fetched file holds, of any size; None if there is none."""
    try:
        with open_regular(storage.root / name) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(unreadable(f"{storage}/{name}", error)) from None


def _rank(name: str) -> int:
    file = name.rpartition("/")[2]
    return LAST.index(file) + 1 if file in LAST else 0
