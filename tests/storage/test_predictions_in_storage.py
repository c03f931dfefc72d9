"""Predictions and previews of clips in every storage: stored at once, fetched where they are shown."""

from experiments.expand import expand
from experiments.prediction_record import Choice
from orchestrator.store.prediction_files import write_chosen, write_prediction
from orchestrator.store.preview_files import write_previews
from orchestrator.store.store import Store
from reports.stored.predictions import read_predictions
from reports.stored.previews import read_previews
from tests.reports.fake_storage import FINGERPRINT, make_experiment
from tests.reports.predicted_clips import clip_prediction, clip_preview


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


def test_previews_of_a_running_trial_are_written_over_and_fetched_by_who_watches_it(storage):
    trial = expand(make_experiment())[0].on_data(FINGERPRINT)
    folder = Store(storage).trial(trial.key)
    folder.begin(trial)
    other = Store(storage.for_worker())
    for step in (100, 200):
        write_previews(folder, trial.task, 1, step, [clip_preview("a"), clip_preview("b")])
        other.refresh_progress([trial.key])
        previews = read_previews(other.trial(trial.key).newest_previews_file)
        assert previews.record.step == step
        assert [clip.record.clip for clip in previews.clips] == ["a", "b"]
    assert len(storage.names(f"{folder.name}/previews")) == 1
