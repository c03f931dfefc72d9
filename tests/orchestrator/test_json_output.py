"""Every verb that prints a table has `--json`: then standard output is one document, and nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from combo_command import Combo
from typer.main import get_command

from orchestrator.cli.app import app

EARLIER = Path(__file__).parents[1] / "golden" / "earlier_version" / "storage"
PRINT_NO_TABLE = {
    *("run", "retry", "submit", "watch", "stop", "logs", "sync", "mlflow", "down"),  # what happens, as it happens
    *("new", "schema"),  # files of an own paper; JSON schemas
    *("report open", "report serve", "report bundle", "report clips"),
    *("data describe", "data prepare", "data maskige", "data synth"),
    *("model export", "model register", "storage merge", "profile show", "profile use"),
}


def leaves(command, words=()):
    """Every verb with its words."""
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name in command.list_commands(None):
        yield from leaves(command.commands[name], (*words, name))


def finished(combo):
    """Keys of the finished trials in its storage."""
    return sorted(path.parent.name for path in combo.storage.glob("trials/*/result.json"))


@pytest.fixture
def combo(tmp_path, data):
    """The command with storage and profiles of its own."""
    return Combo(tmp_path, data, XDG_CONFIG_HOME=str(tmp_path))


@pytest.fixture
def documents(combo):
    """Runs a verb; gives its exit code and the document that it printed."""

    def run(*words):
        said = combo(*words, "--json")
        assert said.stdout, said.stderr
        return said.returncode, json.loads(said.stdout)

    return run


def test_every_verb_that_prints_a_table_has_it():
    verbs = dict(leaves(get_command(app)))
    with_json = {name for name, verb in verbs.items() if any("--json" in option.opts for option in verb.params)}

    assert verbs.keys() - with_json == PRINT_NO_TABLE


def test_what_can_be_freed(documents, combo):
    shutil.copytree(EARLIER, combo.storage)
    key = finished(combo)[0]
    draft = combo.storage / "trials" / key / "checkpoints" / "step-1"
    shutil.copytree(next(path for path in draft.parent.iterdir()), draft)
    code, document = documents("gc")

    assert (code, document["left_alone"]) == (0, [])
    assert {leftover["name"] for leftover in document["leftovers"]} >= {f"trials/{key}/checkpoints/step-1"}
    assert all(leftover["size"] > 0 and leftover["reason"] for leftover in document["leftovers"])
    assert draft.exists()


def test_profiles_with_what_they_say_and_what_is_wrong_with_them(documents, tmp_path):
    profiles = tmp_path / "combo" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "lab.yaml").write_text("storage: s3://bucket/combo\n")
    (profiles / "wrong.yaml").write_text("stroage: here\n")
    code, document = documents("profile", "list")
    lab, wrong = document["profiles"]

    assert code == 0
    assert lab == {"name": "lab", "in_use": False, "settings": {"storage": "s3://bucket/combo"}}
    assert "stroage" in wrong["problem"]


def test_the_tables_of_a_report_and_whether_they_follow_from_the_data(documents, combo):
    shutil.copytree(EARLIER, combo.storage)  # holds trials of another experiment
    asked = ("combo/table7", "--scale", "smoke", "--without-mlflow")
    code, report = documents("report", "build", *asked)
    (table,) = report["tables"]

    assert code == 0
    assert (table["paper"], table["number"], len(table["rows"])) == ("COMBO", "7", 4)
    assert documents("report", "verify", *asked)[1] == {
        "cells": 0,
        "trials": 0,
        "findings": [],
        "not_logged": [],
        "reproduced": {},
    }


def test_a_comparison(documents, combo):
    shutil.copytree(EARLIER, combo.storage)
    code, blocks = documents("report", "diff", *finished(combo))

    assert code == 0
    assert {block["kind"] for block in blocks} >= {"heading", "grid"}
