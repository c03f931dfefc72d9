"""An MLflow or a webhook that refuses every connection costs a note, not a trial; a lost MLflow is made again."""

import re
import shutil
import socket

import pytest
from combo_command import TINY, Combo
from mlflow_runs import Runs


@pytest.mark.minutes
def test_f11_trials_finish_although_mlflow_and_a_webhook_refuse_every_connection(tmp_path, data):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        run = Combo(tmp_path, data, MLFLOW_TRACKING_URI=nobody)("run", TINY, "--notify", nobody, timeout=150)

    assert run.returncode == 0, run.stderr
    assert "3 of 3 trials finished" in run.stdout
    assert run.stdout.count("MLflow is incomplete, `combo sync` completes it once this is mended: ") == 1
    assert "cannot be reached: Connection refused (see that it runs, and check MLFLOW_TRACKING_URI)" in run.stdout
    assert run.stdout.count("a message could not be sent to 127.0.0.1: Connection refused") == 1
    assert "Traceback" not in run.stderr
    (waited,) = re.findall(r"; MLflow was waited for (\d+) s more, in vain$", run.stdout, re.MULTILINE)
    assert int(waited) <= 20


@pytest.mark.slow
def test_the_same_command_completes_an_mlflow_that_was_lost(sweep, tmp_path):
    shutil.copytree(sweep.combo.storage, tmp_path / "my storage", ignore=shutil.ignore_patterns("mlflow*"))
    lost = Runs(sweep.combo.storage)
    combo = Combo(tmp_path, sweep.data)
    for words in (("run", *sweep.words), ("sync",)):
        run = combo(*words)
        assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("runs, all up to date\n")

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
