"""Whether the fields of a result agree with the other documents of its trial, and with the rules of its task."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.errors import InputError, unreadable
from experiments.records import AttemptRecord, ProtocolRecord, QuarantineLine, ResultRecord
from experiments.trial_files import TrialFiles
from model.config import Task, TrialConfig
from model.manifest import MANIFEST_FILE, WEIGHTS_FILE, read_manifest
from model.regular_files import LARGEST_TABLE, read_regular
from reports.stored.documents import parse_document, read_document
from reports.stored.documents import unreadable as unreadable_document
from reports.stored.stored_trial import StoredTrial
from reports.verifying.discrepancy import Discrepancy, not_as_stored


def check_ties(found: StoredTrial, protocols: Mapping[Task, ProtocolRecord]) -> Iterator[Discrepancy]:
    """Where a result disagrees with what else is stored of its trial.

    Args:
        found: a finished trial, as it is stored now.
        protocols: how scores of each task are computed today; tasks without one are not compared.
    """
    config, result = found.config, found.result
    if config is None or result is None:
        return
    yield from _check_manifest(found.path / result.checkpoint, config, result)
    yield from _check_attempt(found.path, result)
    yield from _check_quarantine(TrialFiles(found.path).quarantine_file, result)
    if config.data.task in protocols:
        yield from check_protocol(result.protocol, protocols[config.data.task])


def _check_manifest(checkpoint: Path, config: TrialConfig, result: ResultRecord) -> Iterator[Discrepancy]:
    """Whether the manifest of the tested weights agrees with the result."""
    name = f"{MANIFEST_FILE} of the tested weights"
    try:
        manifest = read_manifest(checkpoint)
    except PermissionError as error:
        yield not_as_stored(name, "intact", unreadable(name, error))
        return
    if manifest is None:
        yield Discrepancy(name, "intact", "missing or damaged")
        return
    if manifest.get("step") != result.best_step:
        yield Discrepancy(f"step in {name}", str(result.best_step), str(manifest.get("step")))
    if _config_of(manifest) != config:
        yield Discrepancy(f"configuration in {name}", "that of trial.json", "another one")
    stored = result.checksums.get(f"{result.checkpoint}/{WEIGHTS_FILE}")
    if manifest["checksums"].get(WEIGHTS_FILE) != stored:
        yield Discrepancy(f"checksum in {name}", str(stored), str(manifest["checksums"].get(WEIGHTS_FILE)))


def _config_of(manifest: Mapping[str, Any]) -> TrialConfig | None:
    """The configuration in a manifest, which may be older than some settings; None if it is none."""
    try:
        return TrialConfig.model_validate_json(json.dumps(manifest.get("config")))
    except ValueError:
        return None


def _check_attempt(folder: Path, result: ResultRecord) -> Iterator[Discrepancy]:
    """Whether the attempt that finished the trial is the one that the result names."""
    number = result.provenance.attempts
    files = TrialFiles(folder)
    metrics = files.metrics_file(number).relative_to(folder).as_posix()
    if metrics not in result.checksums:
        yield Discrepancy("the attempt that finished", str(number), f"its {metrics} is not among the checksums")
    record = files.attempt_file(number)
    if number not in files.attempt_numbers or _is_empty(record):
        return
    try:
        attempt = read_document(AttemptRecord, record)
    except InputError as error:
        yield not_as_stored("the attempt that finished", "a record", error.problems[0])
        return
    if attempt.workers != result.provenance.workers:
        yield Discrepancy("workers of the attempt", str(result.provenance.workers), str(attempt.workers))
    if attempt.commit not in (None, result.provenance.commit):
        yield Discrepancy("commit of the attempt", str(result.provenance.commit), str(attempt.commit))
    if attempt.ended not in ("finished", None):
        yield Discrepancy("how the attempt ended", "finished", attempt.ended)


def _is_empty(path: Path) -> bool:
    """Whether a file has been left as a power loss leaves what was not flushed to disk, which says nothing."""
    return path.is_file() and path.stat().st_size == 0


def _quarantine_lines(path: Path) -> Iterator[QuarantineLine]:
    """The lines of a quarantine file; none if there is no file."""
    try:
        lines = read_regular(path, LARGEST_TABLE).splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable_document(path, error) from None
    for line in lines:
        yield parse_document(QuarantineLine, line, path)


def _check_quarantine(path: Path, result: ResultRecord) -> Iterator[Discrepancy]:
    """Whether the clips that were set aside are those of the quarantine file.

    Weights are inherited from earlier attempts, scores of the test split are not.
    """
    try:
        lines = list(_quarantine_lines(path))
    except InputError as error:
        yield not_as_stored("the clips set aside", "a list of clips", error.problems[0])
        return
    counted = {
        (line.split, line.clip)
        for line in lines
        if line.split != result.protocol.split or line.attempt == result.provenance.attempts
    }
    stored = {(split, clip) for split, clips in result.quarantined.items() for clip in clips}
    if stored != counted:
        yield Discrepancy("the clips set aside", f"{len(stored)} clips", f"{len(counted)} clips, or others")


def check_protocol(stored: ProtocolRecord, today: ProtocolRecord) -> Iterator[Discrepancy]:
    """Whether a protocol equals today's protocol of its name and version; older versions are not compared."""
    if stored.split != today.split:
        yield Discrepancy("split of the protocol", stored.split, today.split)
    if stored.name != today.name or stored.version < today.version:
        return
    if stored.version > today.version:
        yield Discrepancy("version of the protocol", str(stored.version), f"{today.version} is the newest")
        return
    rules = today.model_dump()
    for name, value in stored.model_dump(exclude={"split"}).items():
        if value != rules[name]:
            yield Discrepancy(f"{name} of {stored.name}@{stored.version}", str(value), str(rules[name]))
