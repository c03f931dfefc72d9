"""The commands that the README shows exist, with the options it shows."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from experiments.load_search import load_search
from experiments.overrides import parse_assignments
from experiments.table_names import without_table_names
from experiments.target_files import read_target_file
from orchestrator.cli.app import app
from orchestrator.cli.arguments import read_experiments
from orchestrator.report_inputs.request import read_words

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:combo|make) [^`]+)`")


def _commands(program: str, lines: list[str]) -> list[list[str]]:
    """The words after the program's name, once for each different command."""
    found = [words for line in lines if (words := shlex.split(line.removeprefix("$ "), comments=True))]
    return list(map(list, dict.fromkeys(tuple(words[1:]) for words in found if Path(words[0]).name == program)))


README = (ROOT / "README.md").read_text()
SHOWN = "\n".join(FENCED.findall(README)).replace("\\\n", " ").splitlines()
"""Lines to be typed as they are."""
MENTIONED = INLINE.findall(README)
"""Commands that the text speaks of, not always with all their options."""


def _find(words: list[str]) -> tuple[Any, list[str]]:
    """The command and the words left for it."""
    command: Any = typer.main.get_command(app)
    while subcommands := getattr(command, "commands", None):
        assert words
        assert words[0] in subcommands
        command, words = subcommands[words[0]], words[1:]
    return command, words


def _read_named(words: list[str], scale: str) -> Sequence[object]:
    """The search that the words name, or the experiments."""
    assigned = parse_assignments(word for word in words if "=" in word)
    names = without_table_names(word for word in words if "=" not in word)
    if any(read_target_file(name).is_search for name in names):
        return [load_search(name, scale, assigned) for name in names]
    return read_experiments(words, scale)


def test_the_readme_shows_how_to_start():
    assert {"demo", "test"} <= {target for words in _commands("make", SHOWN) for target in words}
    assert {"run", "status", "mlflow"} <= {words[0] for words in _commands("combo", SHOWN)}


@pytest.mark.parametrize("words", _commands("combo", SHOWN), ids=" ".join)
def test_every_combo_command_is_understood(words):
    command, rest = _find(words)
    parsed = command.make_context(command.name, rest).params

    words = list(parsed.get("words") or ())
    if command.name in ("build", "verify"):
        assigned = parse_assignments(word for word in words if "=" in word)
        names = [word for word in words if "=" not in word]
        assert read_words(names, assigned, parsed["scale"], ROOT / "no-data", data_was_named=False).reported
    elif "scale" in parsed:
        assert _read_named(words, parsed["scale"])


@pytest.mark.parametrize("words", _commands("combo", MENTIONED), ids=" ".join)
def test_every_combo_command_in_the_text_exists(words):
    command, rest = _find(words)
    options = {option for parameter in command.params for option in parameter.opts}

    assert {word for word in rest if word.startswith("--")} <= options


@pytest.mark.parametrize("words", _commands("make", SHOWN + MENTIONED), ids=" ".join)
def test_every_make_target_exists(words):
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {word for word in words if "=" not in word and not word.startswith("-")} <= targets


def test_links_lead_to_files_of_the_repository():
    local = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link]

    assert [link for link in local if not (ROOT / link).exists()] == []
