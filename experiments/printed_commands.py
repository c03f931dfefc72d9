"""Commands that are shown to be typed: complete, so that they work as they stand when they are pasted."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.scales import FULL


@dataclass(frozen=True)
class Caller:
    """How the user calls `combo`, which is what a command needs beside its own words."""

    program: tuple[str, ...] = ("combo",)
    """The program as it was called, with its global options."""
    options: tuple[str, ...] = ()
    """Where storage and data are, such as `--storage lab`; nothing where the environment or a profile says it."""

    def command(self, verb: str, words: Sequence[str] = (), scale: str = FULL) -> str:
        """What to type for a verb such as `run` or `report build`.

        Args:
            verb: with its group.
            words: names and settings.
            scale: of the experiments or the search that are named.
        """
        at = [] if scale == FULL else ["--scale", scale]
        return shlex.join([*self.program, *verb.split(), *words, *at, *self.options])


ON_PATH = Caller()
"""As where `combo` is on the `PATH`, and storage and data are where they are by default."""
