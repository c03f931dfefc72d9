"""Every `combo` command of every document exists, with its options, and so does every file of `infra/` named there."""

import re

import pytest

from tests.repository.shown_commands import (
    IN_REPOSITORY,
    ROOT,
    arguments_of,
    documents,
    find_verb,
    mentioned,
    shell_blocks,
    split_commands,
    understand,
)

DOCUMENTS = documents()
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]


def _mistakes(commands, check):
    """What is wrong with each command."""
    found = {}
    for words in commands:
        try:
            check(words)
        except Exception as error:  # of the command line's own kinds, one for each mistake
            found["combo " + " ".join(words)] = str(error)
    return found


def _has_its_options(words):
    command, rest = find_verb(words)
    unknown = {word for word in rest if word.startswith("--")} - {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert not unknown, f"no options: {', '.join(unknown)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_commands_of_its_blocks_are_understood(document):
    shown = [words for block in shell_blocks(document) for words in block.commands]

    assert _mistakes(arguments_of("combo", shown), understand) == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_commands_of_its_text_exist(document):
    assert _mistakes(mentioned(document, "combo"), _has_its_options) == {}


def test_files_of_infra_are_where_documents_say():
    named = {(page.name, path) for page in DOCUMENTS for path in IN_REPOSITORY.findall(page.read_text())}

    assert len(named) > 10
    assert {(page, path) for page, path in named if not (ROOT / path).exists()} == set()


def test_links_between_documents_lead_somewhere():
    links = {
        (page, link)
        for page in DOCUMENTS
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if "://" not in link
    }

    assert {f"{page.relative_to(ROOT)}: {link}" for page, link in links if not (page.parent / link).exists()} == set()


def test_commands_are_found_behind_pipes_assignments_and_other_programs():
    line = "A=1 python ask.py 8 -- combo run x > /dev/null && combo gc | less  # frees space"

    assert list(split_commands(line)) == [["python", "ask.py", "8"], ["combo", "run", "x"], ["combo", "gc"], ["less"]]


@pytest.mark.parametrize("words", ["combo rnu combo/table7", "combo run combo/table7 --clips 7", "combo gc --storage"])
def test_a_wrong_command_is_found(words):
    assert _mistakes(arguments_of("combo", split_commands(words)), understand) != {}
