"""A command that is given files, whose names may begin with a hyphen."""

from __future__ import annotations

import os
from typing import Any

from experiments.errors import InputError, Problem
from orchestrator.cli.help_text import Command


class FileCommand(Command):
    """Tells how to name a file that would be read as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the words of a command.

        Raises:
            InputError: a file of that name is there, but the word is read as an option that is not.
        """
        known = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        words = args[: args.index("--")] if "--" in args else args
        for before, word in zip(["", *words], words, strict=False):
            if word.startswith("-") and word.partition("=")[0] not in known and before not in known:
                _refuse_file(word)
        return super().parse_args(ctx, args)


def _refuse_file(word: str) -> None:
    if os.path.lexists(word):
        what = "is a file, but a name that begins with a hyphen is read as an option"
        raise InputError(Problem(word, what, f"write ./{word}, or put -- before it"))
