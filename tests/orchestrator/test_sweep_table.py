"""What `combo status` shows of trials in every state."""

import json
import re

import pytest
from combo_command import TINY

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import data_fingerprint
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.failures import failure
from orchestrator.trial.leases import AttemptLease
from tests.search.search_files import Workshop

SEEDS = {
    "finished": 0, "running": 1, "resumable": 2, "preempted": 3, "stopped": 4, "failed": 5, "pruned": 6, "damaged": 7,
    "new": 8,
}  # fmt: skip


@pytest.fixture
def sweep(tmp_path, data):
    """One trial in every state: the words that name them, and their keys by state."""
    scaled = tmp_path / "states.yaml"
    one_variant = TINY.read_text().partition("  - {name: lambda-10")[0]
    table = TINY.read_text().partition("table:")[2].partition("figure:")[0]
    scaled.write_text(f"{one_variant}\nseeds: {list(SEEDS.values())}\n\ntable:{table}")
    fingerprint = data_fingerprint(data, "s4")
    trials = {trial.seed: trial.on_data(fingerprint) for trial in expand(load_experiment(str(scaled)))}
    storage = FolderStorage(tmp_path / "storage")
    for state, seed in SEEDS.items():
        _leave(storage, trials[seed], state)
    keys = {state: trials[seed].key for state, seed in SEEDS.items()}
    return (scaled, "--storage", storage.root, "--data", data), keys


def _leave(storage, trial, state):
    """What an attempt leaves that makes its trial appear in a state."""
    folder = Store(storage).trial(trial.key)
    if state == "new":
        return
    if state == "finished":
        Workshop(storage.root).finish(trial, 0.5)
        return
    folder.begin(trial)
    attempt = AttemptLease(storage, trial.key, 1, 1, "cpu")
    if state == "damaged":
        storage.write(f"{folder.name}/trial.json", b"{")
    elif state == "running":
        attempt.progress(step=5, m_j=0.625)
        attempt.renew()
    elif state in ("resumable", "failed"):
        category = "worker-died" if state == "resumable" else "diverged"
        (folder.checkpoints / "step-00000004").mkdir(parents=True)
        folder.write_failure(failure(1, category, "SomeError", "a [/broken] word"))
        attempt.end("failed")
    else:
        attempt.end(state)


def test_a_row_for_each_trial_with_its_state_steps_and_scores(command, sweep):
    words, keys = sweep
    said = command("status", *words)
    rows = {row.split()[0]: row.split() for row in said.out.splitlines() if row.split()}

    assert said.code == 0, said.err
    for state, key in keys.items():
        assert rows[key][1:6] == ["lambda-0", "s4", "seed", str(SEEDS[state]), state]
    assert "6/6" in rows[keys["finished"]]
    assert {"5/6", "62.5"} <= set(rows[keys["running"]])
    assert "4/6" in rows[keys["resumable"]]
    assert "0/6" in rows[keys["new"]]


def test_remarks_say_why_and_where(command, sweep):
    words, keys = sweep
    out = command("status", *words).out

    assert "failed: lambda-0 s4 seed 5: SomeError: a [/broken] word\n" in out
    assert "resumable: lambda-0 s4 seed 2: SomeError: a [/broken] word; its process is gone" in out
    assert "running: lambda-0 s4 seed 1: step 5 on " in out
    assert f"damaged: lambda-0 s4 seed 7: {words[2] / 'trials' / keys['damaged'] / 'trial.json'}: is damaged" in out


def test_the_summary_counts_every_state(command, sweep):
    words, _ = sweep
    (summary,) = (line for line in command("status", *words).out.splitlines() if line.startswith("states-"))

    assert re.match(r"states-\w{8}: 1 of 9 trials finished, ", summary)
    assert set(summary.partition("finished, ")[2].split(", ")) == {
        f"1 {state}" for state in SEEDS if state != "finished"
    }


def test_scripts_get_the_same_as_one_document(command, sweep):
    words, keys = sweep
    document = json.loads(command("status", *words, "--json").out)

    assert re.fullmatch(r"states-\w{8}", document["sweep"])
    found = {trial["key"]: trial for trial in document["trials"]}
    assert {key: trial["state"] for key, trial in found.items()} == {key: state for state, key in keys.items()}
    assert {state: found[key]["step"] for state, key in keys.items() if found[key]["step"]} == {
        "finished": 6,
        "running": 5,
        "resumable": 4,
        "failed": 4,
    }
    assert {trial["steps"] for trial in found.values()} == {6}
    assert [state for state, key in keys.items() if found[key]["attempts"] != 1] == ["new"]
    assert {state for state, key in keys.items() if found[key]["reason"]} == {
        "running",
        "resumable",
        "failed",
        "damaged",
    }


def test_single_trials_are_shown_by_their_keys(command, sweep):
    words, keys = sweep
    out = command("status", keys["stopped"], keys["running"], *words[1:]).out

    assert keys["stopped"] in out
    assert keys["running"] in out
    assert keys["finished"] not in out
