"""What is otherwise than when a trial was trained: differences that may explain others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from experiments.errors import InputError
from experiments.records import Provenance, ResultRecord
from experiments.stored_types import parse_moment
from experiments.trial import Trial
from model.metrics.rules import AUTHORS
from orchestrator.store.store import Store
from orchestrator.trial.provenance import TEST_SPLIT, protocol_record

NO_COMMIT = "none known"


@dataclass(frozen=True)
class Surroundings:
    """In which a trial is trained again, by one worker in one attempt."""

    code_version: str
    commit: str | None
    packages: Mapping[str, str]
    device: str
    host: str
    weight_files: Mapping[str, str]
    micro_batch: int | None
    """Clips per forward pass, if the user said how many."""
    threads: int
    """Number of threads of PyTorch on the CPU."""


def conditions(trial: Trial, result: ResultRecord, here: Surroundings, store: Store) -> list[str]:
    """What is known to be otherwise, each as a few words.

    Args:
        trial: that is trained again.
        result: that it has.
        here: where it is trained now.
        store: of the trial, with the documents of its parent.
    """
    then = result.provenance
    return [
        *_instead("commit", here.commit or NO_COMMIT, then.commit or NO_COMMIT),
        *_instead("version", here.code_version, then.code_version),
        *_packages(here, then),
        *_instead("device", here.device, then.device),
        *_host(trial, here, store),
        *([f"1 worker instead of {then.workers}"] if then.workers > 1 else []),
        *([f"1 attempt instead of {then.attempts}"] if then.attempts > 1 else []),
        *([f"micro-batches of {here.micro_batch}"] if here.micro_batch is not None else []),
        *([f"{here.threads} threads of the CPU"] if here.threads > 1 else []),
        *(f"another file of {name} weights" for name in _differing(here.weight_files, then.weight_files)),
        *_parent(trial, then, store),
        *_protocol(trial, result),
    ]


def is_scored_alike(trial: Trial, result: ResultRecord) -> bool:
    """Whether scores of today's code follow the protocol of a result."""
    return result.protocol == protocol_record(AUTHORS[trial.task], TEST_SPLIT)


def quarantine_conditions(result: ResultRecord, again: Mapping[str, Set[str]], *, is_whole: bool) -> Iterator[str]:
    """Clips that one training could use and the other could not.

    Args:
        result: of the trial.
        again: clips by split that could not be used now.
        is_whole: whether all clips were asked for.
    """
    for split in sorted({*result.quarantined, *again}):
        then, now = set(result.quarantined.get(split, [])), set(again.get(split, ()))
        if new := sorted(now - then):
            yield f"unusable {split} clips that were used then: {', '.join(new)}"
        if is_whole and (mended := sorted(then - now)):
            yield f"{split} clips that were unusable then: {', '.join(mended)}"


def _instead(what: str, now: str, then: str) -> Iterator[str]:
    if now != then:
        yield f"{what} {now} instead of {then}"


def _differing(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*now, *then} if now.get(name) != then.get(name))


def _packages(here: Surroundings, then: Provenance) -> Iterator[str]:
    for name in _differing(here.packages, then.packages):
        yield f"{name} {here.packages.get(name, 'absent')} instead of {then.packages.get(name, 'absent')}"


def _host(trial: Trial, here: Surroundings, store: Store) -> Iterator[str]:
    """Machines without a GPU are told apart by their names only, which are nobody's business where this is shown."""
    last = store.trial(trial.key).last_attempt
    if last is not None and here.device == "cpu" and here.host != last.host:
        yield "another machine"


def _parent(trial: Trial, then: Provenance, store: Store) -> Iterator[str]:
    """Whether the trial that it starts from had another result at that time."""
    parent = trial.config.initial_trial
    try:
        result = None if parent is None else store.trial(parent).result
    except InputError:
        return
    if result is not None and parse_moment(result.provenance.finished) > parse_moment(then.started):
        yield f"trial {parent}, from which it starts, was trained anew since"


def _protocol(trial: Trial, result: ResultRecord) -> Iterator[str]:
    if not is_scored_alike(trial, result):
        now = protocol_record(AUTHORS[trial.task], TEST_SPLIT)
        yield f"scored under {now.label} instead of {result.protocol.label}, so scores were not compared"
