"""The commands that the README shows do what it says they do, as far as their words go."""

import re

import pytest

from tests.repository.shown_commands import ROOT, arguments_of, mentioned, read_named, shell_blocks, understand

README = ROOT / "README.md"
SHOWN = [words for block in shell_blocks(README) for words in block.commands]
"""Commands to be typed as they are."""


def test_the_readme_shows_how_to_start():
    assert {"demo", "test"} <= {target for words in arguments_of("make", SHOWN) for target in words}
    assert {"run", "status", "mlflow"} <= {words[0] for words in arguments_of("combo", SHOWN)}


@pytest.mark.parametrize("words", arguments_of("combo", SHOWN), ids=" ".join)
def test_every_experiment_that_a_command_names_is_there(words):
    command, options = understand(words)

    if "scale" in options:
        assert read_named(command.name, options)


@pytest.mark.parametrize("words", arguments_of("make", SHOWN) + mentioned(README, "make"), ids=" ".join)
def test_every_make_target_exists(words):
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {word for word in words if "=" not in word and not word.startswith("-")} <= targets


def test_links_lead_to_files_of_the_repository():
    local = [link for link in re.findall(r"\]\(([^)#]+)", README.read_text()) if "://" not in link]

    assert [link for link in local if not (ROOT / link).exists()] == []
