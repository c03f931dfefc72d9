"""The commands that documents show: found in their blocks, taken apart, and compared with what `combo` understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from experiments.load_search import load_search
from experiments.named_targets import named_targets
from experiments.overrides import parse_assignments
from experiments.scales import FULL
from experiments.target_files import read_target_file
from orchestrator.cli.app import app
from orchestrator.cli.arguments import read_experiments
from orchestrator.report_inputs.request import read_words

ROOT = Path(__file__).parents[2]
SHELL = ("sh", "console")
"""Languages of blocks: to be typed as they are, and recorded with what was said."""
FENCED = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:combo|make) [^`]+)`")
HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
ENDS_A_COMMAND = re.compile(r"[;|&()]+")
IN_REPOSITORY = re.compile(r"(?<![\w./-])infra/[\w./-]*\w")


@dataclass(frozen=True)
class Block:
    """A block of commands in a document."""

    document: Path
    line: int
    """Of its first line in the document, from 1."""
    language: str
    marks: tuple[str, ...]
    """Words that follow the language."""
    text: str

    @property
    def name(self) -> str:
        """Where it is."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def lines(self) -> list[str]:
        """Lines as a shell sees them: continued ones joined, no texts of here-documents, no recorded output."""
        typed = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            return [line.removeprefix("$ ") for line in typed if line.startswith("$ ")]
        return list(_without_heredocs(typed))

    @property
    def commands(self) -> list[list[str]]:
        """Every command's words, those behind a pipe, an `&&` or a `--` included."""
        return [words for line in self.lines for words in split_commands(line)]


def documents() -> list[Path]:
    """All documents for users and contributors."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "infra" / "README.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(pages)


def shell_blocks(document: Path) -> list[Block]:
    """The blocks of commands of a document, in its order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(document, text.count("\n", 0, found.start(3)) + 1, found[1], tuple(found[2].split()), found[3])
        for found in FENCED.finditer(text)
        if found[1] in SHELL
    ]


def mentioned(document: Path, program: str) -> list[list[str]]:
    """The words after a program's name wherever the text speaks of it, not always with all its options."""
    return arguments_of(program, map(shlex.split, INLINE.findall(document.read_text(encoding="utf-8"))))


def arguments_of(program: str, commands: Iterable[Sequence[str]]) -> list[list[str]]:
    """The words after the program's name, once for each different command."""
    found = [tuple(words[1:]) for words in commands if Path(words[0]).name == program]
    return list(map(list, dict.fromkeys(found)))


def split_commands(line: str) -> Iterator[list[str]]:
    """The commands of a line of shell, without assignments before them, redirections and comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&()")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if ENDS_A_COMMAND.fullmatch(word) or word == "--":
            if found := list(_without_redirections(words)):
                yield found
            words = []
        elif words or not re.match(r"\w+=", word):
            words.append(word)


def understand(words: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """The verb that the words after `combo` name, and what its options and arguments become.

    Raises:
        AssertionError: there is no such verb.
        Exception: of the command line's own kind, for options that do not exist or have no value.
    """
    command, rest = find_verb(words)
    return command, command.make_context(command.name, rest).params


def find_verb(words: Sequence[str]) -> tuple[Any, list[str]]:
    """The verb that the words after `combo` name, and the words left for it."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while subcommands := getattr(command, "commands", None):
        _, rest, _ = command.make_parser(typer.Context(command)).parse_args(rest)  # such as --profile
        assert rest, f"names no verb of {', '.join(subcommands)}"
        assert rest[0] in subcommands, f"{rest[0]} is no verb"
        command, rest = subcommands[rest[0]], rest[1:]
    return command, rest


def read_named(verb: str, options: dict[str, Any]) -> Sequence[object]:
    """The search, the experiments or the tables that a command's words name; nothing where it takes none.

    Raises:
        InputError: they are not there, or their settings have mistakes.
    """
    scale = options.get("scale") or FULL
    words = [str(word) for word in options.get("words") or ()]
    assigned = parse_assignments(word for word in words if "=" in word)
    names = [word for word in words if "=" not in word]
    if verb in ("build", "verify"):
        return read_words(names, assigned, scale, ROOT / "no-data", data_was_named=False).reported
    if "scale" not in options:
        return []
    names = named_targets(names)
    if any(read_target_file(name).is_search for name in names):
        return [load_search(name, scale, assigned) for name in names]
    return read_experiments(words, scale)


def _without_heredocs(lines: Iterable[str]) -> Iterator[str]:
    end = None
    for line in lines:
        if end is None:
            yield line
            if opened := HEREDOC.search(line):
                end = opened[2]
        elif line.strip() == end:
            end = None


def _without_redirections(words: Sequence[str]) -> Iterator[str]:
    skips = False
    for word in words:
        is_redirection = re.match(r"\d?(?:>>?|<<?-?)", word)
        if not (skips or is_redirection):
            yield word
        skips = is_redirection is not None and is_redirection.end() == len(word)
