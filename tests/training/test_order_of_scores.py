"""A protocol that pools clips gets them in the order of the index file, whichever worker scored them first."""

from dataclasses import replace

import torch
from tiny_trials import tiny_config

from model.combo.network import Combo
from model.data.avsbench import AVSBench
from model.metrics.protocol import BinaryProtocol
from model.training.audio_embeddings import unchanged
from model.training.evaluate import evaluate
from model.training.workers import Workers


class LastFirst(Workers):
    """Gathers what the last worker scored first."""

    def gather(self, items):
        return items[::-1]


class Heard(BinaryProtocol):
    """Remembers the order in which it is told of clips."""

    def score_clip(self, scores, labels, clip, category):
        return super().score_clip(scores, labels, clip, category)[0], torch.tensor([int(clip.partition("_")[2]), 0, 1])

    def dataset_score(self, totals):
        self.numbers = [int(total[0]) for total in totals]
        return super().dataset_score(totals)


def test_totals_come_in_the_order_of_the_index_file(tiny_data):
    config, protocol = tiny_config(), Heard()
    clips = AVSBench.configured(config, tiny_data, "val")
    assert len(clips) > 2
    rows = torch.randperm(len(clips), generator=torch.Generator().manual_seed(0)).tolist()
    clips.entries = [replace(entry, row=row) for entry, row in zip(clips.entries, rows, strict=True)]
    evaluate(Combo(config).eval(), clips, protocol, unchanged, LastFirst(), torch.device("cpu"))
    by_row = sorted(clips.entries, key=lambda entry: entry.row)
    assert protocol.numbers == [int(entry.name.partition("_")[2]) for entry in by_row]
