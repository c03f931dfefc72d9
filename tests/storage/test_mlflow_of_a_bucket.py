"""MLflow of a sweep whose storage is a bucket, from a machine that holds no copy of it yet."""

import shutil

from experiments.expand import expand
from orchestrator.settings import resolve_settings
from orchestrator.storage.opening import open_storage
from orchestrator.store.membership import join_sweep
from orchestrator.tracking.tracker import Tracker
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment
from tests.tracking.mlflow_view import View

TRIAL = expand(make_experiment())[0].on_data(FINGERPRINT)


def test_a_fresh_copy_finds_the_sweep_that_another_machine_began(bucket, tmp_path, monkeypatch):
    join_sweep(bucket, TRIAL, "tiny", "combo", {})
    Storage(bucket.root).finish(TRIAL, 0.7, 0.8)
    bucket.publish("trials")
    shutil.rmtree(bucket.root)
    monkeypatch.setenv("COMBO_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settings = resolve_settings(str(open_storage(str(bucket))))
    with Tracker(settings, "combo", "tiny", [], [TRIAL]) as mirror:
        pass

    assert mirror.trouble is None
    seen = View(settings.tracking_uri)
    assert [run.info.status for run in (seen.trials[TRIAL.key], seen.sweeps["tiny"])] == ["FINISHED", "FINISHED"]
