"""The guides, typed word for word by somebody who has nothing but `combo`; what is quoted was said."""

import re

import pytest

from tests.guides.guide_blocks import (
    ELSEWHERE,
    MARKS,
    MINUTES,
    NOT_HERE,
    expected_codes,
    is_executable,
    type_blocks,
)
from tests.repository.shown_commands import FENCED, ROOT, shell_blocks

GUIDES = [page for part in ("start", "guides") for page in sorted((ROOT / "docs" / part).glob("*.md"))]
BLOCKS = {guide.stem: shell_blocks(guide) for guide in GUIDES}
TYPED = {name: [block for block in blocks if is_executable(block)] for name, blocks in BLOCKS.items()}
QUICK = {name: [block for block in blocks if MINUTES not in block.marks] for name, blocks in TYPED.items()}
LONG = {name: blocks for name, blocks in TYPED.items() if blocks != QUICK[name]}


def _plain(line):
    """A line without what differs from run to run: keys, numbers, bars, the spaces between columns."""
    without_numbers = re.sub(r"\b[0-9a-f]{8,}\b|\d+", "#", line)
    return re.sub(r"\s+", " ", re.sub(r"[━╸╺]+", " ", without_numbers)).strip()


def _check(typed):
    """That everything ended as the guide says."""
    unexpected = {one.block.name: one.said for one in typed if one.codes != expected_codes(one.block)}
    assert unexpected == {}


def _check_quoted(guide, typed, folder):
    """That every line that the guide quotes was said, with paths as they are from the folder where it began."""
    said = {_plain(line.replace(f"{folder}/", "")) for one in typed for line in one.said.splitlines()}
    quoted = [block[3] for block in FENCED.finditer(guide.read_text()) if block[1] == "text"]
    lines = [line for text in quoted for line in text.splitlines() if line.strip() not in ("", "…")]
    assert [line for line in lines if _plain(line) not in said] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, blocks in QUICK.items() if blocks])
def test_what_takes_seconds_works_as_written(name, tmp_path, head):
    _check(type_blocks(QUICK[name], tmp_path, **head.environment))


@pytest.mark.minutes
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", LONG)
def test_all_of_it_works_as_written_and_says_what_is_quoted(name, tmp_path, machine_of_its_own):
    typed = type_blocks(TYPED[name], tmp_path, machine_of_its_own)

    _check(typed)
    _check_quoted(next(guide for guide in GUIDES if guide.stem == name), typed, tmp_path / "work")


def test_marks_are_known_and_needed():
    marks = {mark for blocks in BLOCKS.values() for block in blocks for mark in block.marks}
    needless = [
        block.name
        for blocks in BLOCKS.values()
        for block in blocks
        if NOT_HERE in block.marks and {word for words in block.commands for word in words} & ELSEWHERE.keys()
    ]

    assert marks <= set(MARKS)
    assert needless == []


def test_a_new_block_is_executed_unless_something_says_otherwise():
    block = BLOCKS["first-sweep"][-1]

    assert QUICK["first-sweep"]
    assert is_executable(type(block)(block.document, 1, "sh", (), "combo status combo/table7 | grep new\n"))
    assert not is_executable(type(block)(block.document, 1, "sh", (), "sudo apt-get install slurm-wlm\n"))
    assert not is_executable(type(block)(block.document, 1, "sh", (NOT_HERE,), "combo report open\n"))
