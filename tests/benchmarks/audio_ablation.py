"""Audio ablation: compares trained models with themselves under wrong sound, and with the best fixed mask.

    make demo && make bench
    combo run combo/table1 --scale demo ... && audio_ablation.py combo/table1 ...

For every row of an experiment's demo scale it prints M_J on the S4 test split, mean and deviation over seeds, of
  right sound   the clip's own sound;
  wrong sound   the sound of the next clip of another category, picture unchanged;
  fixed mask    the best mask that is the same for all frames, chosen on the test split itself, which flatters it.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from experiments.load_experiment import load_experiment
from experiments.trial import Trial
from model.data.avsbench import AVSBench
from model.data.clip import Clip
from model.data.errors import DataError
from model.interface import model_of
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
    model = model_of(trial.config).build(trial.config)
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


def over_seeds(values: Sequence[float]) -> str:
    """Mean and standard deviation in percent; of one seed its value."""
    mean = f"{100 * statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {100 * statistics.stdev(values):.1f}"


def main() -> None:
    """Prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", help="such as combo/table7")
    parser.add_argument("--data", type=Path, required=True, help="data folder of the demo")
    parser.add_argument("--storage", type=Path, required=True, help="storage folder of the demo")
    options = parser.parse_args()

    store = Store(FolderStorage(options.storage.absolute()))
    try:
        trials = trials_on_data([load_experiment(options.experiment, "demo")], options.data)
    except DataError as error:
        parser.error(f"{error}; 'make demo' makes both folders")
    arguments = (options.data, "s4", "test", trials[0].config.data.size)
    own, foreign = AVSBench(*arguments), WrongSound(*arguments)
    fixed = best_fixed_mask(own)
    rows: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        if store.trial(trial.key).result is not None:
            rows[trial.variant].append(trial)
    table = Table(
        "row", "seeds", "right sound", "wrong sound", "fixed mask", "trained for", title="M_J on the test split"
    )
    for variant, finished in rows.items():
        folders = [store.trial(trial.key) for trial in finished]
        results = [folder.result for folder in folders if folder.result is not None]
        checkpoints = [folder.path / result.checkpoint for folder, result in zip(folders, results, strict=True)]
        pairs = list(zip(finished, checkpoints, strict=True))
        right, wrong = ([score(*pair, dataset) for pair in pairs] for dataset in (own, foreign))
        seconds = statistics.mean(result.provenance.training_seconds for result in results)
        workers = results[0].provenance.workers
        table.add_row(
            variant,
            str(len(finished)),
            over_seeds(right),
            over_seeds(wrong),
            f"{100 * fixed:.1f}",
            f"{seconds:.0f} s on {workers} worker(s)",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
