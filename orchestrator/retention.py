"""Checkpoints that nothing needs any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError
from orchestrator.store import Store, TrialFolder


@dataclass(frozen=True)
class Leftover:
    """A checkpoint folder that can go."""

    path: Path
    reason: str
    size: int
    """Bytes."""


def leftovers(store: Store) -> Iterator[Leftover]:
    """What the checkpoints of finished trials hold beyond the weights that were tested.

    Trials without a result keep everything, as they may be running or continue later. Tested weights stay, because
    tables name them and other trials start from them. A damaged trial is left alone.
    """
    for folder in store.trials():
        try:
            tested = folder.tested_checkpoint
        except InputError:
            continue
        if tested is not None:
            yield from _beyond(folder, tested)


def delete(chosen: Iterable[Leftover]) -> None:
    """Deletes exactly these."""
    for leftover in chosen:
        shutil.rmtree(leftover.path)


def total_size(chosen: Sequence[Leftover]) -> int:
    """Bytes of all of them."""
    return sum(leftover.size for leftover in chosen)


def _beyond(folder: TrialFolder, tested: Path) -> Iterator[Leftover]:
    for path in sorted(folder.checkpoints.iterdir()) if folder.checkpoints.is_dir() else ():
        if path.is_dir() and not path.is_symlink() and path != tested:
            is_state = path.name.startswith("step-")
            reason = "training state of a finished trial" if is_state else "weights that were not chosen"
            yield Leftover(path, reason, sum(file.stat().st_size for file in path.rglob("*") if file.is_file()))
