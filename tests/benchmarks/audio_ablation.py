"""Audio ablation: compares a trained model with itself under wrong sound, and with the best fixed mask.

    make demo && make bench

For every finished trial of the demo's Table 7 it prints M_J on the test split of
  right sound   the clip's own sound;
  wrong sound   the sound of the next clip of another category, picture unchanged;
  fixed mask    the best mask that is the same for all frames, chosen on the test split itself, which flatters it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from experiments.load_experiment import load_experiment
from experiments.trial import Trial
from model.combo.network import Combo
from model.data.avsbench import AVSBench
from model.data.clip import Clip
from model.data.errors import DataError
from model.metrics.jaccard import frame_jaccard
from model.metrics.protocol import protocol_for
from model.training.audio_embeddings import unchanged
from model.training.evaluate import evaluate
from model.training.workers import Workers
from model.weights.stored_model import load_weights
from orchestrator.planning.plan import trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

CPU = torch.device("cpu")


class WrongSound(AVSBench):
    """The same pictures, each with the sound of the next clip of another category."""

    def __getitem__(self, index: int) -> Clip:
        categories = [entry.category for entry in self.entries]
        others = [i % len(self) for i in range(index + 1, index + len(self))]
        donor = next(i for i in others if categories[i] != categories[index])
        return replace(super().__getitem__(index), log_mel=super().__getitem__(donor).log_mel)


def score(trial: Trial, checkpoint: Path, dataset: AVSBench) -> float:
    """M_J of a checkpoint on a split."""
    model = Combo(trial.config)
    load_weights(checkpoint, model)
    return evaluate(model, dataset, protocol_for(trial.task), unchanged, Workers(), CPU).score.m_j


def best_fixed_mask(dataset: AVSBench) -> float:
    """Highest M_J of any mask cut from the mean truth at some level; all background is among them."""
    truth = torch.stack([torch.as_tensor(dataset[index].labels == 1) for index in range(len(dataset))])
    mean = truth.double().mean((0, 1))
    levels = [*mean.unique().tolist(), 1.1]
    return max(_fixed_score(mean >= level, truth) for level in levels)


def _fixed_score(mask: Tensor, truth: Tensor) -> float:
    return float(torch.stack([frame_jaccard(mask.expand_as(clip), clip).mean() for clip in truth]).mean())


def main() -> None:
    """Prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="data folder of the demo")
    parser.add_argument("--storage", type=Path, required=True, help="storage folder of the demo")
    options = parser.parse_args()

    store = Store(FolderStorage(options.storage.absolute()))
    try:
        trials = trials_on_data([load_experiment("combo/table7", "demo")], options.data)
    except DataError as error:
        parser.error(f"{error}; 'make demo' makes both folders")
    arguments = (options.data, "s4", "test", trials[0].config.data.size)
    own, foreign = AVSBench(*arguments), WrongSound(*arguments)
    fixed = best_fixed_mask(own)
    table = Table("trial", "right sound", "wrong sound", "fixed mask", "trained for", title="M_J on the test split")
    for trial in trials:
        folder = store.trial(trial.key)
        if (result := folder.result) is None:
            table.add_row(trial.label, "not run", "", "", "")
            continue
        checkpoint = folder.path / result.checkpoint
        values = (score(trial, checkpoint, own), score(trial, checkpoint, foreign), fixed)
        seconds = f"{result.provenance.training_seconds:.0f} s on {result.provenance.workers} worker(s)"
        table.add_row(trial.label, *(f"{100 * value:.1f}" for value in values), seconds)
    Console().print(table)


if __name__ == "__main__":
    main()
