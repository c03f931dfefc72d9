"""Makes trials predict test clips after they have finished, so that figures can show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from experiments.errors import InputError, Problem, did_you_mean
from experiments.identity import TRIAL_KEY
from experiments.prediction_record import Choice, Rule
from experiments.records import PREDICTIONS_DIR
from model.data.avsbench import AVSBench
from model.data.fingerprint import trial_fingerprint
from model.data.layout import IndexEntry
from model.metrics.protocol import protocol_for
from model.training.audio_embeddings import audio_embedder
from model.training.predictions import predict_clips, shown_places
from model.weights.stored_model import StoredModel, load_model, read_stored_model
from orchestrator.store.checkpoint_names import checkpoint_folder
from orchestrator.store.prediction_files import write_prediction
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder
from reports.stored.predictions import read_predictions


@dataclass(frozen=True)
class WantedClips:
    """Clips that one trial has yet to predict."""

    folder: TrialFolder
    stored: StoredModel
    dataset: AVSBench
    choices: dict[int, Choice]
    """Why each clip, by its index in the test split."""

    def predict(self, store: Store, device: str, on_clip: Callable[[], None]) -> list[Path]:
        """Predicts and stores the clips one by one; gives their files.

        Args:
            store: for what is known of sounds already.
            device: a torch device.
            on_clip: called after each clip.

        Raises:
            FileError: a clip cannot be used.
            CheckpointError: the weights do not fit their own configuration.
        """
        if not self.choices:
            return []
        config, torch_device = self.stored.config, torch.device(device)
        model = load_model(self.stored, torch_device)
        how = (protocol_for(config.data.task), audio_embedder(model, store.sound_cache), torch_device)
        written = []
        for choice, one in zip(
            self.choices.values(), predict_clips(model, self.dataset, self.choices, *how), strict=True
        ):
            written.append(write_prediction(self.folder, config, one, choice))
            on_clip()
        return written


def wanted_clips(keys: Iterable[str], ids: Sequence[str], data: Path, store: Store) -> list[WantedClips]:
    """Finds the clips that trials have yet to predict, so that every mistake is known before work begins.

    A damaged prediction is made again, and so is one that was asked for by name where the rule is to have it.

    Args:
        keys: of the trials.
        ids: names of test clips; none for those that every trial predicts at its end.
        data: data folder, the one that the trials were trained on.
        store: where the trials lie.

    Raises:
        InputError: a trial has no result or was trained on other data, or a clip is not in its test split.
        DataError: the data folder cannot be used.
        CheckpointError: a trial's weights are damaged.
        StorageError: what is predicted already cannot be read.
    """
    return [_wanted(key, ids, data, store) for key in dict.fromkeys(keys)]


def _wanted(key: str, ids: Sequence[str], data: Path, store: Store) -> WantedClips:
    if not TRIAL_KEY.fullmatch(key):
        raise InputError(Problem(key, "is no trial key", "`combo status EXPERIMENT` lists keys"))
    stored = read_stored_model(checkpoint_folder(key, store))
    config = stored.config
    if trial_fingerprint(data, config) != config.data.fingerprint:
        what = f"was trained on other data than {data} holds"
        raise InputError(Problem(f"trial {key}", what, "name its data folder with --data"))
    dataset = AVSBench.configured(config, data, "test")
    indices = _indices(dataset.entries, ids) if ids else shown_places(dataset)
    folder = store.trial(key)
    rule: Rule = "by-id" if ids else "first-by-category"
    known = _known(folder, rule)
    choices = {
        index: Choice(rule=rule, rank=rank, chosen=len(indices))
        for rank, index in enumerate(indices)
        if (dataset.entries[index].category, dataset.entries[index].name) not in known
    }
    return WantedClips(folder, stored, dataset, choices)


def _known(folder: TrialFolder, rule: Rule) -> set[tuple[str, str]]:
    """Category and name of clips that need no new prediction: what was asked for by name has no rank in the rule."""
    folder.storage.fetch(f"{folder.name}/{PREDICTIONS_DIR}")
    predictions, _ = read_predictions(folder.path)
    return {one.name for one in predictions if rule == "by-id" or one.record.choice.rule == rule}


def _indices(entries: Sequence[IndexEntry], ids: Sequence[str]) -> list[int]:
    names = [entry.name for entry in entries]
    for unknown in (clip for clip in ids if clip not in names):
        raise InputError(Problem(f"--clip {unknown}", "is not in the test split", did_you_mean(unknown, names)))
    return [index for clip in dict.fromkeys(ids) for index, name in enumerate(names) if name == clip]
