"""Batches for training and evaluation, the same for any number of ranks and loader workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from model.config import TrialConfig
from model.data.batch import Batch, collate
from model.data.clip import Clip
from model.data.device_augmentation import augment_on_device
from model.data.errors import DataError
from model.data.quarantine import Quarantine
from model.data.sampler import ShuffledSampler, shard_positions
from model.data.transforms import Augmentation, augment, augmented_labels, draw

PREFETCHED = 2
"""Batches that each loader process makes ahead."""


class Clips(Protocol):
    """A map-style data set of clips, such as `AVSBench`."""

    quarantine: Quarantine

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Clip: ...


@dataclass(frozen=True)
class LoadedStep:
    """A batch, and what is still to be done to its frames and Maskiges."""

    batch: Batch
    drawn: tuple[Augmentation, ...] = ()
    """For each clip; none if nothing is."""

    def pin_memory(self) -> LoadedStep:
        """PyTorch's loader calls this, in a thread of the receiving process."""
        return replace(self, batch=self.batch.pin_memory())


class TrainingSteps(Dataset[LoadedStep]):
    """A rank's share of every training step, addressed by step: a pure function of data, configuration and step.

    Args:
        dataset: training clips.
        config: of the trial.
        rank: this process among `world`.
        world: number of data-parallel processes.
        leaves_pictures: whether frames and Maskiges are left to be augmented where the network is.
    """

    def __init__(
        self, dataset: Clips, config: TrialConfig, rank: int, world: int, *, leaves_pictures: bool = False
    ) -> None:
        self.dataset = dataset
        self._config = config
        self._leaves_pictures = leaves_pictures and config.data.augment != "none"
        self._sampler = ShuffledSampler(len(dataset), config.training.batch, config.seed)
        self._positions = shard_positions(config.training.batch, rank, world)
        # Convolutions round by how pictures lie in memory, and those of this chain have always lain so.
        self._channels_last = config.data.augment == "colour_flip"

    def __getitem__(self, step: int) -> LoadedStep:
        indices = self._sampler.global_batch(step)
        data = self._config.data
        clips, drawn = [], []
        for position in self._positions:
            rng = np.random.default_rng([self._config.seed, step, position])
            clip = self.dataset.quarantine.substitute(self.dataset.__getitem__, indices[position])
            if self._leaves_pictures:
                drawn.append(draw(clip, data.augment, data.size, rng))
                clips.append(replace(clip, labels=augmented_labels(clip.labels, drawn[-1])))
            else:
                clips.append(augment(clip, data.augment, data.size, rng))
        channels_last = self._channels_last or self._leaves_pictures
        return LoadedStep(collate(clips, self._positions, channels_last=channels_last), tuple(drawn))

    def completed(self, loaded: LoadedStep, device: torch.device | None) -> Batch:
        """The batch of a step, with whatever was left to be done on the device."""
        if device is None or not loaded.drawn:
            return loaded.batch
        return augment_on_device(loaded.batch, loaded.drawn, device, channels_last=self._channels_last)


def training_batches(
    dataset: Clips,
    config: TrialConfig,
    rank: int,
    world: int,
    first_step: int,
    workers: int,
    *,
    pin_memory: bool = False,
    augment_on: torch.device | None = None,
) -> Iterator[Batch]:
    """A rank's batches from `first_step` to the last step of the configuration.

    Args:
        dataset: training clips. What cannot be used is found in its quarantine from the batch on that meets it; the
            next readable clip stands in.
        config: seed, global batch, augmentation and number of steps.
        rank: this process among `world`.
        world: number of data-parallel processes.
        first_step: where to start; resuming needs nothing else.
        workers: loader processes, which stay until the last batch and are `PREFETCHED` batches ahead each; 0 loads in
            this process. The batches are the same.
        pin_memory: whether batches of loader processes arrive where a GPU can fetch them by itself.
        augment_on: the device on which frames and Maskiges are augmented, to the same bits; they are there afterwards.
            None augments them where they are loaded.

    Raises:
        DataError: if the batch does not divide among the processes, or more clips than tolerated cannot be used.
        OSError: if this machine cannot read a file that is there; no clip is set aside for that.
    """
    steps = TrainingSteps(dataset, config, rank, world, leaves_pictures=augment_on is not None)
    completed = partial(steps.completed, device=augment_on)
    order = range(first_step, config.training.iterations)
    if workers == 0:
        return map(completed, map(steps.__getitem__, order))
    loader: DataLoader[_Answer | Exception] = DataLoader(
        _Answers(steps),
        batch_size=None,
        sampler=order,
        num_workers=workers,
        prefetch_factor=PREFETCHED,
        pin_memory=pin_memory,
        collate_fn=_as_is,
        worker_init_fn=_single_threaded,
        # Its own generator, so that loader workers draw no seed from the global one that dropout uses.
        generator=torch.Generator().manual_seed(config.seed),
    )
    return map(completed, _received(loader, dataset.quarantine))


def evaluation_batches(
    dataset: Clips, rank: int, world: int, clips: int = 1, *, reads_ahead: bool = False
) -> Iterator[Batch]:
    """Every clip once over all ranks, unaugmented, dealt out in turn; shards may be uneven.

    Clips that cannot be used are left out and found in the data set's quarantine. Once that holds more than tolerated
    the batches end, so that all ranks can meet before they refuse.

    Args:
        dataset: of clips.
        rank: this process among `world`.
        world: number of processes that share the clips.
        clips: in a batch; the last one may have fewer.
        reads_ahead: whether a thread reads the next batch while this one is worked on, as is good where a GPU works.
    """
    places = range(rank, len(dataset), world)
    readings = _read_ahead(dataset, places, clips) if reads_ahead else _read_when_asked(dataset, places)
    together: list[tuple[Clip, int]] = []
    with closing(readings):
        for place, read in readings:
            clip = dataset.quarantine.attempt(lambda _, read=read: read(), place)  # type: ignore[misc]
            if dataset.quarantine.is_excessive:
                return
            if clip is not None:
                together.append((clip, place))
            if len(together) == clips:
                yield collate(*zip(*together, strict=True))
                together.clear()
    if together:
        yield collate(*zip(*together, strict=True))


def _read_when_asked(dataset: Clips, places: Iterable[int]) -> Generator[tuple[int, Callable[[], Clip]]]:
    for place in places:
        yield place, partial(dataset.__getitem__, place)


def _read_ahead(dataset: Clips, places: Iterable[int], ahead: int) -> Generator[tuple[int, Callable[[], Clip]]]:
    """A thread reads so many clips beyond the one that is yielded."""
    waiting: deque[tuple[int, Callable[[], Clip]]] = deque()
    reader = ThreadPoolExecutor(1, "clips")
    try:
        for place in places:
            waiting.append((place, reader.submit(dataset.__getitem__, place).result))
            if len(waiting) > ahead:
                yield waiting.popleft()
        yield from waiting
    finally:
        reader.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Answer:
    """What a loader process sends: a step, and all clips that it has set aside so far."""

    loaded: LoadedStep
    quarantined: dict[int, str]

    def pin_memory(self) -> _Answer:
        """PyTorch's loader calls this, in a thread of the receiving process."""
        return replace(self, loaded=self.loaded.pin_memory())


class _Answers(Dataset[_Answer | Exception]):
    """Steps whose errors travel back from a loader process as values; torch would bury them in a traceback."""

    def __init__(self, steps: TrainingSteps) -> None:
        self._steps = steps

    def __getitem__(self, step: int) -> _Answer | Exception:
        try:
            loaded = self._steps[step]
        except (DataError, OSError, MemoryError) as error:
            return error
        return _Answer(loaded, dict(self._steps.dataset.quarantine.reasons))


def _received(answers: Iterable[_Answer | Exception], quarantine: Quarantine) -> Iterator[LoadedStep]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
        quarantine.add(answer.quarantined.items())
        quarantine.refuse_excess()
        yield answer.loaded


def _as_is(answer: Any) -> Any:
    return answer


def _single_threaded(_worker: int) -> None:
    """OpenCV's own threads would compete with the other loader processes."""
    cv2.setNumThreads(0)
