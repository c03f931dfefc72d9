"""A storage tells by itself what it holds, and the commands that are shown work as they stand."""

import json
import re
import shlex

import pytest
from combo_command import TINY, Combo

pytestmark = pytest.mark.slow


@pytest.fixture
def visitor(sweep) -> Combo:
    """A user who knows nothing of a finished sweep but the folder of its storage."""
    return Combo(sweep.combo.folder, sweep.data, COMBO_DATA="", COMBO_STORAGE="")


AT = ("--storage", "my storage")


def test_status_lists_the_sweeps_with_the_words_they_were_asked_for(visitor):
    shown = visitor("status", *AT).stdout
    (listed,) = json.loads(visitor("status", *AT, "--json").stdout)["sweeps"]

    assert f"{TINY} --scale group" in shown
    assert listed["trials"] == listed["states"]["finished"] == 3


def test_an_empty_storage_says_that_it_holds_no_sweep(combo):
    told = combo("status")

    assert told.returncode == 0
    assert told.stdout.startswith("no sweep is stored in ")


def test_logs_without_words_tell_of_every_trial(visitor, sweep):
    told = visitor("logs", *AT).stdout

    assert all(f"trial {trial.path.name}: finished" in told for trial in sweep.trials)


@pytest.mark.parametrize("verb", [("report", "build", "--out", "plain"), ("report", "verify"), ("status",)])
def test_scale_and_data_are_found_in_the_storage(visitor, sweep, verb):
    shown = visitor(*verb, TINY, *AT).stdout

    assert f"as the sweeps here were run: --scale group --data {sweep.data}" in shown
    assert re.search("6 cells measured, 0 not|all 6 cells follow|3 of 3 trials finished", shown)


def test_a_report_of_another_scale_says_what_is_stored_instead(visitor):
    shown = visitor("report", "build", TINY, "--scale", "long", *AT, "--out", "other").stdout

    assert "0 cells measured, 6 not" in shown
    assert "3 finished trials are stored, of other scales, settings or data" in shown


def test_the_command_that_fills_a_table_works_as_it_stands(visitor, sweep):
    words = (TINY, "loss.lambda_ada=7", "--scale", "long", "--data", sweep.data, *AT)
    shown = visitor("report", "build", *words, "--out", "missing").stdout
    (told, command) = re.findall(r"^To fill what is missing \((.*)\): (combo run .*)$", shown, re.MULTILINE)[0]

    plan = json.loads(visitor("plan", *shlex.split(command)[2:], "--json").stdout)

    assert told.startswith("1 trial")
    assert [trial["state"] for trial in plan["order"]] == ["new"]
    assert shlex.split(command)[2:] == [str(TINY), "loss.lambda_ada=7", *map(str, words[2:])]
