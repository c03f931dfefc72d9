"""Groups of verbs, of which only the one that is called is imported: to list verbs costs nothing of what they do."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand

from orchestrator.cli.help_text import Command, Group

PLAIN: dict[str, Any] = {"add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None}
"""How all parts of the command line look and fail."""


@dataclass(frozen=True)
class Verb:
    """A verb, or a group of verbs, and where it is defined."""

    name: str
    place: str
    """Module below `orchestrator.cli`, and the function or group in it: `run:retry`."""
    summary: str
    """For the list of verbs."""
    heading: str = "Commands"
    """Under which it is listed."""
    cls: type[TyperCommand] = Command
    """How its words are parsed."""

    def load(self) -> Any:
        """Imports what is needed to parse its words, and makes the command."""
        module, _, attribute = self.place.partition(":")
        found = getattr(import_module(f"orchestrator.cli.{module}"), attribute)
        if not isinstance(found, typer.Typer):
            found, verb = typer.Typer(**PLAIN), found
            found.command(self.name, cls=self.cls)(verb)
        command = typer.main.get_command(found)
        command.name, command.short_help = self.name, self.summary
        return command


class _Commands(UserDict[str, Any]):
    """Commands by name; a verb becomes one when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, Verb):
            found = self.data[name] = found.load()
        return found


class LazyGroup(Group):
    """A group that knows of its verbs what it lists."""

    verbs: ClassVar[tuple[Verb, ...]]

    def __init__(self, **attributes: Any) -> None:
        commands: Any = _Commands({verb.name: verb for verb in self.verbs})
        super().__init__(**{**attributes, "commands": commands})

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of all verbs, in the order in which they are defined."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Writes the list of verbs, by heading."""
        width = max(len(verb.name) for verb in self.verbs)
        for heading in dict.fromkeys(verb.heading for verb in self.verbs):
            with formatter.section(heading):
                listed = [verb for verb in self.verbs if verb.heading == heading]
                formatter.write_dl([(verb.name.ljust(width), verb.summary) for verb in listed])


def lazy_group(explanation: str, verbs: Iterable[Verb], *, completes: bool = False) -> typer.Typer:
    """A group of verbs.

    Args:
        explanation: for its help.
        verbs: in the order in which they are listed.
        completes: whether it can install completion of its words in the user's shell.
    """
    cls = type(LazyGroup.__name__, (LazyGroup,), {"verbs": tuple(verbs)})
    group = typer.Typer(help=explanation, no_args_is_help=True, cls=cls, **{**PLAIN, "add_completion": completes})
    group.callback()(_nothing_of_its_own)
    return group


def _nothing_of_its_own() -> None:
    """What a group does before its verb; Typer takes it for a single verb without this."""
