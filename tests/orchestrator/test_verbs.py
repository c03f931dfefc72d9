"""The table of verbs: what it promises is there."""

import pytest

from orchestrator.cli import app, data, model, report
from orchestrator.cli.lazy_group import LazyGroup


def verbs(group):
    cls = group.info.cls
    assert issubclass(cls, LazyGroup)
    return cls.verbs


@pytest.mark.parametrize(
    "verb", [verb for group in (app, report, data, model) for verb in verbs(group.app)], ids=lambda verb: verb.name
)
def test_every_verb_is_where_the_table_says_and_explains_itself_at_length_and_in_one_line(verb):
    command = verb.load()

    assert command.name == verb.name
    assert command.help
    assert verb.summary.endswith(".")
    assert len(verb.summary) <= 70


def test_a_mistyped_verb_is_told_with_the_nearest_one(command):
    said = command("staus")

    assert said.code == 2
    assert "status" in said.err
