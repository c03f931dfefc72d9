"""Batches for training and evaluation, the same for any number of ranks and loader workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from model.config import TrialConfig
from model.data.batch import Batch, collate
from model.data.clip import Clip
from model.data.errors import DataError
from model.data.quarantine import Quarantine
from model.data.sampler import ShuffledSampler, shard_positions
from model.data.transforms import augment


class Clips(Protocol):
    """A map-style data set of clips, such as `AVSBench`."""

    quarantine: Quarantine

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Clip: ...


class TrainingSteps(Dataset[Batch]):
    """A rank's share of every training step, addressed by step: a pure function of data, configuration and step."""

    def __init__(self, dataset: Clips, config: TrialConfig, rank: int, world: int) -> None:
        self.dataset = dataset
        self._config = config
        self._sampler = ShuffledSampler(len(dataset), config.training.batch, config.seed)
        self._positions = shard_positions(config.training.batch, rank, world)

    def __getitem__(self, step: int) -> Batch:
        indices = self._sampler.global_batch(step)
        clips = [self._augmented(indices[position], step, position) for position in self._positions]
        return collate(clips, self._positions)

    def _augmented(self, index: int, step: int, position: int) -> Clip:
        rng = np.random.default_rng([self._config.seed, step, position])
        clip = self.dataset.quarantine.substitute(self.dataset.__getitem__, index)
        return augment(clip, self._config.data.augment, self._config.data.size, rng)


def training_batches(
    dataset: Clips, config: TrialConfig, rank: int, world: int, first_step: int, workers: int
) -> Iterator[Batch]:
    """A rank's batches from `first_step` to the last step of the configuration.

    Args:
        dataset: training clips. What cannot be used is found in its quarantine from the batch on that meets it; the
            next readable clip stands in.
        config: seed, global batch, augmentation and number of steps.
        rank: this process among `world`.
        world: number of data-parallel processes.
        first_step: where to start; resuming needs nothing else.
        workers: loader processes; 0 loads in this process. The batches are the same.

    Raises:
        DataError: if the batch does not divide among the processes, or more clips than tolerated cannot be used.
        OSError: if this machine cannot read a file that is there; no clip is set aside for that.
    """
    steps = TrainingSteps(dataset, config, rank, world)
    order = range(first_step, config.training.iterations)
    if workers == 0:
        return map(steps.__getitem__, order)
    loader: DataLoader[_Answer | Exception] = DataLoader(
        _Answers(steps),
        batch_size=None,
        sampler=order,
        num_workers=workers,
        collate_fn=_as_is,
        worker_init_fn=_single_threaded,
        # Its own generator, so that loader workers draw no seed from the global one that dropout uses.
        generator=torch.Generator().manual_seed(config.seed),
    )
    return _received(loader, dataset.quarantine)


def evaluation_batches(dataset: Clips, rank: int, world: int) -> Iterator[Batch]:
    """Every clip once over all ranks, unaugmented, one per batch, dealt out in turn; shards may be uneven.

    Clips that cannot be used are left out and found in the data set's quarantine. Once that holds more than tolerated
    the batches end, so that all ranks can meet before they refuse.
    """
    for index in range(rank, len(dataset), world):
        clip = dataset.quarantine.attempt(dataset.__getitem__, index)
        if dataset.quarantine.is_excessive:
            return
        if clip is not None:
            yield collate([clip], [index])


@dataclass(frozen=True)
class _Answer:
    """What a loader process sends: a batch, and all clips that it has set aside so far."""

    batch: Batch
    quarantined: dict[int, str]


class _Answers(Dataset[_Answer | Exception]):
    """Steps whose errors travel back from a loader process as values; torch would bury them in a traceback."""

    def __init__(self, steps: TrainingSteps) -> None:
        self._steps = steps

    def __getitem__(self, step: int) -> _Answer | Exception:
        try:
            batch = self._steps[step]
        except (DataError, OSError, MemoryError) as error:
            return error
        return _Answer(batch, dict(self._steps.dataset.quarantine.reasons))


def _received(answers: Iterable[_Answer | Exception], quarantine: Quarantine) -> Iterator[Batch]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
        quarantine.add(answer.quarantined.items())
        quarantine.refuse_excess()
        yield answer.batch


def _as_is(answer: Any) -> Any:
    return answer


def _single_threaded(_worker: int) -> None:
    """OpenCV's own threads would compete with the other loader processes."""
    cv2.setNumThreads(0)
