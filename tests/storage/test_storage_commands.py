"""The commands on a bucket."""

import pytest

from experiments.expand import expand
from orchestrator.store.store import Store
from orchestrator.trial.provenance import protocols_of_today
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment

TRIAL = expand(make_experiment())[0].on_data(FINGERPRINT)


@pytest.fixture
def finished(bucket):
    """A bucket with a finished trial that has a training state left."""
    fake = Storage(bucket.root)
    folder = fake.finish(TRIAL, 0.7, 0.8, protocols_of_today()["s4"])
    fake.vouch(TRIAL)
    left = folder / "checkpoints/step-00000200"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"weights")
    (left / "manifest.json").write_text("{}")
    bucket.publish("trials")
    return bucket


def test_f22_gc_lists_first_and_deletes_exactly_that(finished, command):
    before = set(finished.names("trials"))
    listed = command("gc", "--storage", finished)
    assert set(finished.names("trials")) == before
    deleted = command("gc", "--storage", finished, "--delete")

    doomed = f"trials/{TRIAL.key}/checkpoints/step-00000200"
    assert doomed in listed.out
    assert listed.out.splitlines()[:-1] == deleted.out.splitlines()[:-1]
    assert before - set(finished.names("trials")) == {f"{doomed}/model.safetensors", f"{doomed}/manifest.json"}
    assert f"nothing to free in {finished}" in command("gc", "--storage", finished).out


def test_a_report_is_built_from_a_bucket(finished, command, tmp_path):
    said = command("report", "build", "combo/table7", "--storage", finished, "--out", tmp_path / "out")

    assert said.code == 0, said.err
    assert (tmp_path / "out/tables/combo-table7.html").exists()
    assert Store(finished).trial(TRIAL.key).result is not None


def test_weights_are_found_in_a_bucket_by_their_name(finished, command, tmp_path):
    folder = finished.root / "imported/combo_r50-s4"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    finished.publish("imported/combo_r50-s4")
    said = command("model", "export", "combo_r50-s4", "--storage", finished, "--out", tmp_path / "out.pth")
    unknown = command("model", "export", "combo_r50-ms3", "--storage", finished, "--out", tmp_path / "out.pth")

    assert said.code == unknown.code == 2
    assert "combo_r50-s4" in said.err
    assert "does not exist" not in said.err
    assert "checkpoint 'combo_r50-ms3': does not exist" in unknown.err
