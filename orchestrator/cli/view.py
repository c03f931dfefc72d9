"""What verbs that only look take where the user names neither scale nor data: those of the sweeps in the storage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.scales import FULL
from orchestrator.cli.plain_text import say

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.settings import Settings
    from orchestrator.store.sweep_request import SweepRequest

ViewScaleOption = Annotated[
    str | None,
    typer.Option(
        "--scale",
        help="Which scale of the experiment: full, or one it defines.  [default: that of the sweeps in the storage]",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class View:
    """What a verb looks at."""

    scale: str
    settings: Settings
    data: Path | None
    """The data folder if it was named, or found in the storage; as it is typed."""
    remark: str
    """What was found in the storage, for the user; empty if all was named."""

    def say_remark(self, console: Console) -> None:
        """Prints what was found, if anything was."""
        if self.remark:
            say(self.remark, console, "dim")


def choose_view(words: Sequence[str], scale: str | None, storage: str | None, data: Path | None) -> View:
    """The scale and the settings for a verb that only looks.

    Without `--scale`, it is `full` if a sweep of the named targets (of any, where nothing is named) was asked for at
    full scale, else the scale of the one that was asked for last. Without a data folder, it is the one of the last such
    sweep, if it is on this machine. For trials that are named by their keys neither matters.

    Args:
        words: of the command line.
        scale: `--scale`; None if it was not given.
        storage: `--storage`.
        data: `--data`.

    Raises:
        DataError: see `orchestrator.settings.resolve_settings`.
        InputError: the storage is neither a folder nor a bucket.
        StorageError: the bucket cannot be used.
    """
    from experiments.named_targets import asked_words
    from orchestrator.settings import resolve_settings
    from orchestrator.store.sweep_request import read_requests
    from orchestrator.targets import target_names

    settings = resolve_settings(storage, data)
    data_is_named = data is not None or bool(os.environ.get("COMBO_DATA"))
    named = set(target_names(asked_words(words)))
    if (scale is not None and data_is_named) or (not named and any("=" not in word for word in words)):
        return View(scale or FULL, settings, data, "")
    requests = [one for one in read_requests(settings.storage) if not named or named.intersection(one.targets)]
    scales = list(dict.fromkeys(one.scale for one in reversed(requests)))
    chosen = scale or (FULL if FULL in scales or not scales else scales[0])
    found = None if data_is_named else _data_of(requests, chosen)
    if found is not None:
        settings = resolve_settings(storage, found)
    taken = [
        *([f"--scale {chosen}"] if scale is None and chosen != FULL else []),
        *([f"--data {found}"] if found else []),
    ]
    told = f"as the sweeps here were run: {' '.join(taken)}" if taken else ""
    if scale is None and len(scales) > 1:
        others = ", ".join(f"--scale {one}" for one in scales if one != chosen)
        told = "; ".join(filter(None, (told, f"there are others with {others}")))
    return View(chosen, settings, data or found, told)


def _data_of(requests: Sequence[SweepRequest], scale: str) -> Path | None:
    """The data folder of the last sweep at a scale, as short as it can be typed; None if it is not on this machine."""
    folders = [Path(one.data) for one in requests if one.scale == scale]
    if not folders or not folders[-1].is_dir():
        return None
    here = Path.cwd()
    return folders[-1].relative_to(here) if folders[-1].is_relative_to(here) else folders[-1]
