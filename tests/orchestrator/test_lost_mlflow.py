"""An MLflow that refuses or never answers costs a note, not a trial; one that was lost is made again."""

import shutil
import socket
import time

import pytest
from combo_command import TINY, Combo
from mlflow_runs import Runs

from experiments.expand import load_study
from orchestrator.plan import trials_on_data
from orchestrator.settings import Settings
from orchestrator.tracking import Tracker
from orchestrator.updates import Started


@pytest.mark.slow
def test_trials_finish_although_mlflow_refuses_every_connection(tmp_path, data):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        combo = Combo(tmp_path, data, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{closed.getsockname()[1]}")
        run = combo("run", TINY, timeout=150)

    assert run.returncode == 0, run.stderr
    assert "3 of 3 trials finished" in run.stdout
    assert run.stdout.count("MLflow is incomplete, the same command completes it: ") == 1
    assert "Traceback" not in run.stderr
    (timing,) = (line for line in run.stdout.splitlines() if line.startswith("Ray started in"))
    assert int(timing.split()[-3]) <= 20


def test_a_server_that_never_answers_delays_the_end_by_seconds_only(tmp_path, data, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    trials = trials_on_data([load_study(str(TINY))], data)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        settings = Settings(tmp_path, data, f"http://127.0.0.1:{silent.getsockname()[1]}", None)
        with Tracker(settings, "combo", "tiny", trials, []) as tracker:
            for trial in trials * 100:
                tracker.on_update(Started(trial.key, 1, 0))
            began = time.monotonic()

    assert time.monotonic() - began < 40
    assert tracker.trouble


@pytest.mark.slow
def test_the_same_command_completes_an_mlflow_that_was_lost(sweep, tmp_path):
    shutil.copytree(sweep.combo.storage, tmp_path / "my storage", ignore=shutil.ignore_patterns("mlflow*"))
    lost = Runs(sweep.combo.storage)
    combo = Combo(tmp_path, sweep.data)
    for _ in range(2):
        run = combo("run", *sweep.words)
        assert (run.returncode, run.stderr) == (0, "")

    rebuilt = Runs(combo.storage)
    assert {run.info.status for run in (*rebuilt.parents, *rebuilt.nested.values())} == {"FINISHED"}
    assert rebuilt.nested.keys() == lost.nested.keys()
    for key, run in rebuilt.nested.items():
        before = lost.nested[key]
        assert run.data.params == before.data.params
        assert run.data.metrics == before.data.metrics
        for metric in before.data.metrics:
            assert rebuilt.steps(run, metric) == lost.steps(before, metric)
        assert rebuilt.artifacts(run) == lost.artifacts(before)
