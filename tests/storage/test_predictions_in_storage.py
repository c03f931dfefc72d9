"""Predictions of clips in every storage: published with the trial, fetched where figures need them."""

from experiments.expand import expand
from experiments.prediction_record import Choice
from orchestrator.store.prediction_files import write_chosen, write_prediction
from orchestrator.store.store import Store
from reports.stored.predictions import read_predictions
from tests.reports.fake_storage import FINGERPRINT, make_experiment
from tests.reports.predicted_clips import clip_prediction


def test_predictions_are_stored_at_once_and_fetched_only_when_asked_for(storage):
    trial = expand(make_experiment())[0].on_data(FINGERPRINT)
    folder = Store(storage).trial(trial.key)
    folder.begin(trial)
    paths = write_chosen(folder, trial.config, [clip_prediction("a"), clip_prediction("b")])
    write_prediction(folder, trial.config, clip_prediction("c"), Choice(rule="by-id", rank=0, chosen=1))
    assert all(path.is_file() for path in paths)

    other = Store(storage.for_worker())
    other.refresh_all()
    seen = other.trial(trial.key)
    if other.root != storage.root:
        assert read_predictions(seen.path) == ([], [])
    other.storage.fetch(f"{seen.name}/predictions")
    predictions, problems = read_predictions(seen.path)
    assert ([prediction.record.clip for prediction in predictions], problems) == (["a", "b", "c"], [])
