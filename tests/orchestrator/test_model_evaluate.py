"""`combo model evaluate`: any weights scored by themselves, stored once, shown in MLflow and in tables."""

import json
import shutil
from itertools import chain

import pandas as pd
import pytest
import torch
from combo_command import TINY, Combo
from mlflow.tracking import MlflowClient

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.combo.network import Combo as Network
from model.weights.stored_model import save_model

pytestmark = pytest.mark.slow

SMALL = {
    "model.width": 16,
    "model.backbone.name": "resnet18",
    "model.backbone.weights": "random",
    "model.audio_encoder.mlp_width": 16,
    "model.pixel_decoder.layers": 1,
    "model.pixel_decoder.heads": 2,
    "model.pixel_decoder.ffn_width": 16,
    "model.fusion.heads": 2,
    "model.query_decoder.queries": 4,
    "model.query_decoder.layers": 2,
    "model.query_decoder.heads": 2,
    "model.query_decoder.ffn_width": 16,
    "data.size": 32,
    "data.maskige": "synthetic",
}
"""A network that the authors' code could build, small enough for a test beside a small VGGish."""


@pytest.fixture(scope="module")
def trial(sweep):
    return sweep.trials[0]


def record_of(run):
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_trained_trial_scores_what_its_own_test_said(sweep, trial):
    record = record_of(sweep.combo("model", "evaluate", "--checkpoint", trial.path.name, "--json"))
    result = trial.result
    assert (record["weights"]["origin"], record["weights"]["step"]) == ("trained", result.best_step)
    assert record["protocol"] == result.protocol.model_dump()
    assert record["score"]["count"] == result.score.count
    for name in ("j_sum", "f_sum"):
        assert record["score"][name] == pytest.approx(getattr(result.score, name), rel=1e-6)
    folder = sweep.combo.storage / "evaluations" / record["key"]
    clips, own = pd.read_parquet(folder / "scores.parquet"), pd.read_parquet(trial.path / "scores.parquet")
    pd.testing.assert_frame_equal(clips, own, rtol=1e-5)


def test_the_same_question_is_answered_from_storage(sweep, trial):
    checkpoint = trial.path / trial.result.checkpoint
    first = record_of(sweep.combo("model", "evaluate", "--checkpoint", checkpoint, "--batch", 2, "--json"))
    again = record_of(sweep.combo("model", "evaluate", "--checkpoint", trial.path, "--json"))
    assert first == again


def test_another_protocol_is_another_evaluation_and_both_are_in_mlflow(sweep, trial):
    words = ("model", "evaluate", "--checkpoint", trial.path.name, "--json")
    authors = record_of(sweep.combo(*words))
    pool_free = record_of(sweep.combo(*words, "--protocol", "avsbench-binary-dataset"))
    assert pool_free["key"] != authors["key"]
    assert pool_free["score"]["j_sum"] == authors["score"]["j_sum"]
    assert pool_free["protocol"]["f_pooling"] == "dataset"
    batched = record_of(sweep.combo(*words, "--protocol", "avsbench-binary-batch4"))
    assert batched["score"]["count"] == -(-authors["score"]["count"] // 4)
    assert batched["protocol"]["f_pooling"] == "batch of 4 clips"
    client = MlflowClient(tracking_uri=f"sqlite:///{sweep.combo.storage / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("combo")
    for record, label in ((authors, "avsbench-binary@1 (test)"), (pool_free, "avsbench-binary-dataset@1 (test)")):
        (run,) = client.search_runs(
            [experiment.experiment_id], filter_string=f"tags.`combo.evaluation_key` = '{record['key']}'"
        )
        assert run.info.status == "FINISHED"
        assert run.data.tags["combo.protocol"] == label
        assert run.data.metrics["test/m_f_percent"] == pytest.approx(
            100 * record["score"]["f_sum"] / record["score"]["count"]
        )
        assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"evaluation.json", "scores.parquet"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--checkpoint", "0123456789abcdef"], "has no result in this storage"),
        (["--checkpoint", "nowhere"], "checkpoint 'nowhere': does not exist"),
        (["--checkpoint", TINY], "is a file, not a checkpoint folder (import it with 'combo model import')"),
        (["--checkpoint", "."], ". is no checkpoint folder: import the authors' files"),
        (["--checkpoint", "TRIAL", "--protocol", "mine"], "no protocol 'mine' scores S4: use avsbench-binary@1 or"),
        (["--checkpoint", "TRIAL", "--device", "gpu7"], "--device gpu7: is not a device of this machine"),
        (["--checkpoint", "TRIAL", "--data", "empty"], "no S4 data in"),
    ],
)
def test_what_cannot_be_scored_is_said_in_one_sentence(sweep, trial, words, sentence):
    run = sweep.combo("model", "evaluate", *(trial.path.name if word == "TRIAL" else word for word in words))
    assert (run.returncode, run.stdout) == (2, "")
    assert sentence in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_clips_that_were_left_out_are_scored_once_they_are_mended(sweep, trial, tmp_path):
    broken = tmp_path / "data"
    shutil.copytree(sweep.data, broken)
    mask = next(broken.rglob("gt_masks/test/**/*.png"))
    whole = mask.read_bytes()
    mask.write_bytes(b"x" * len(whole))
    # A storage of its own: the data has the fingerprint of the whole one, which other tests score.
    words = ("model", "evaluate", "--checkpoint", trial.path, "--data", broken, "--storage", tmp_path / "storage")
    first = record_of(sweep.combo(*words, "--json"))
    assert first["quarantined"] == [mask.parent.name]
    mask.write_bytes(whole)
    mended = record_of(sweep.combo(*words, "--json"))
    assert (mended["key"], mended["quarantined"]) == (first["key"], [])
    assert mended["score"]["count"] == first["score"]["count"] + 1


def test_imported_weights_enter_the_table_of_their_configuration(tmp_path, data, monkeypatch):
    """The authors' file is stood in for by our own export of seeded random weights, under the authors' names."""
    monkeypatch.setattr(VGGish, "hidden", 8)
    combo = Combo(tmp_path, data)
    torch.manual_seed(0)
    config = resolve_preset("combo_r50", "s4", SMALL)
    save_model(tmp_path / "made", Network(config).state_dict(), config, step=0)
    assert combo("model", "export", tmp_path / "made", "--out", tmp_path / "released.pth").returncode == 0
    settings = [f"{key}={value}" for key, value in SMALL.items()]
    imported = combo("model", "import", tmp_path / "released.pth", "--preset", "combo_r50", "--task", "s4", *settings)
    assert imported.returncode == 0, imported.stderr
    made, imported_record = (
        record_of(combo("model", "evaluate", "--checkpoint", name, "--json"))
        for name in (tmp_path / "made", "combo_r50-s4")
    )
    assert imported_record["weights"]["file"] == "released.pth"
    assert imported_record["score"] == made["score"]

    report = combo("report", "build", "combo/table7", *settings)
    assert report.returncode == 0, report.stderr
    table = pd.read_csv(tmp_path / "reports-out" / "tables" / "combo-table7.csv")
    shown = table[table.imported.notna()]
    assert shown.row.unique().tolist() == ["lambda-10"]
    assert shown.imported.tolist() == pytest.approx(
        [100 * imported_record["score"][name] / imported_record["score"]["count"] for name in ("j_sum", "f_sum")]
    )
    assert shown.imported_evaluation.tolist() == [imported_record["key"]] * 2
    assert "official" not in report.stdout
    for line in ("imported", "Warning: in row 'lambda-10' weights imported from released.pth"):
        assert line in " ".join(report.stdout.split())
    assert list(chain(table.measured.dropna())) == []
