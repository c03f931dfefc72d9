"""Whether what a stored result says follows from the other files of its directory; read anew, without any cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isclose
from pathlib import Path, PurePosixPath

from experiments.errors import InputError, unreadable
from experiments.records import (
    EVALUATION_FILE,
    EVALUATIONS,
    EvaluationRecord,
    ProtocolRecord,
    ResultRecord,
    ScoreRecord,
)
from experiments.schema import ScoreMetric
from model.config import Task
from model.manifest import WEIGHTS_FILE
from model.regular_files import open_regular
from reports.stored.documents import read_document
from reports.stored.evaluations import read_curve
from reports.stored.rescored import is_of
from reports.stored.scores import ClipScores, read_clip_scores
from reports.stored.stored_trial import StoredTrial, read_stored_trial
from reports.verifying.discrepancy import Discrepancy, not_as_stored
from reports.verifying.result_ties import check_protocol, check_ties

AGREEMENT = 1e-12
"""Largest difference between two computations of a number. Scores agree to the last bit; spreads are summed in another
order."""
BLOCK = 2**22
SHOWN_DIGITS = 16
"""Hexadecimal digits of a checksum that messages show."""

OnBytes = Callable[[int], None]
"""Called with how many more bytes have been read."""


@dataclass(frozen=True)
class Checked:
    """A trial and where it disagrees with its own files."""

    discrepancies: tuple[Discrepancy, ...]
    result: ResultRecord | None = None
    """The result as it is stored now; None if there is none that can be trusted."""
    clips: ClipScores | None = None
    """None where they cannot be read."""
    own_result: ResultRecord | None = None
    """What `result.json` says, where the score that counts is another one's."""


def check_trial(
    shown: StoredTrial,
    on_bytes: OnBytes,
    protocols: Mapping[Task, ProtocolRecord] | None = None,
    *,
    has_weights: bool = True,
) -> Checked:
    """Checks a finished trial: its key, scores, chosen step, protocol and attempts, and every file that it names.

    Args:
        shown: the trial as reports know it.
        on_bytes: see `OnBytes`.
        protocols: how scores of each task are computed today; None compares nothing with it.
        has_weights: whether the tested weights are there; without them, their checksums are taken as stated.
    """
    found = read_stored_trial(shown.path)
    if found.result is None:
        reason = "is gone" if found.problem is None else f"{found.problem.where} {found.problem.what}"
        is_denied = found.problem is not None and found.problem.is_denied
        return Checked((Discrepancy("the result", "read before", reason, is_denied=is_denied),))
    result, checksums = found.result, found.result.checksums
    there = {name: stored for name, stored in checksums.items() if has_weights or not name.endswith(f"/{WEIGHTS_FILE}")}
    discrepancies = list(_check_files(shown.path, there, on_bytes))
    discrepancies += check_ties(found, protocols or {})
    if (found.identity, found.outcome) != (shown.identity, shown.outcome):
        discrepancies.append(
            Discrepancy("trial.json and result.json", "as the table has them", "something else by now")
        )
    if not any(one.is_denied for one in discrepancies):  # the metrics may be what cannot be read
        discrepancies += _check_choice(shown.path, result)
    clips, wrong = _check_scores(shown.path, result.protocol, result.score)
    if shown.rescored is None:
        return Checked((*discrepancies, *wrong), result, clips, result)
    return _check_rescored(shown, shown.rescored, (*discrepancies, *wrong), on_bytes, protocols or {})


def _check_rescored(
    shown: StoredTrial,
    record: EvaluationRecord,
    of_trial: Sequence[Discrepancy],
    on_bytes: OnBytes,
    protocols: Mapping[Task, ProtocolRecord],
) -> Checked:
    """Checks the evaluation whose score counts instead of the trial's own, beside what was found of the trial."""
    folder = shown.scores_folder
    discrepancies = [*of_trial, *_check_files(folder, record.checksums, on_bytes)]
    discrepancies += check_protocol(record.protocol, protocols.get(record.weights.config.data.task, record.protocol))
    try:
        is_same = read_document(EvaluationRecord, folder / EVALUATION_FILE) == record
    except InputError as error:
        discrepancies.append(not_as_stored("the evaluation", "read before", error.problems[0]))
    else:
        if not is_same:
            discrepancies.append(Discrepancy("evaluation.json", "as the table has it", "something else by now"))
    if not is_of(record, shown, record.protocol):
        discrepancies.append(Discrepancy("what was scored again", "the tested weights on the trial's data", "others"))
    clips, wrong = _check_scores(folder, record.protocol, record.score)
    return Checked((*discrepancies, *wrong), shown.result, clips, shown.own_result)


def check_evaluation(storage: Path, record: EvaluationRecord, on_bytes: OnBytes) -> list[Discrepancy]:
    """Checks an evaluation of weights: its scores and the files beside it.

    Args:
        storage: folder that holds `evaluations/`.
        record: the evaluation as reports know it.
        on_bytes: see `OnBytes`.
    """
    folder = storage / EVALUATIONS / record.key
    _, wrong = _check_scores(folder, record.protocol, record.score)
    return [*_check_files(folder, record.checksums, on_bytes), *wrong]


def named_bytes(folder: Path, checksums: Mapping[str, str]) -> int:
    """Size of the files that a result names, as far as they are there."""
    paths = (folder / name for name in checksums if _is_below(name))
    return sum(map(_size, paths))


def _size(path: Path) -> int:
    """Bytes of a file; none of what is no file or lies in a folder that this user may not enter."""
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else 0
    return 0


def agree(one: float, other: float) -> bool:
    """Whether two numbers are the same, however they were added up."""
    return isclose(one, other, rel_tol=AGREEMENT, abs_tol=AGREEMENT)


def _check_scores(
    folder: Path, protocol: ProtocolRecord, score: ScoreRecord
) -> tuple[ClipScores | None, list[Discrepancy]]:
    try:
        clips = read_clip_scores(folder)
    except InputError as error:
        return None, [not_as_stored("the per-clip scores", "a table of clips", error.problems[0])]
    return clips, [*_check_score(clips, "m_j", protocol, score), *_check_score(clips, "m_f", protocol, score)]


def _check_score(
    clips: ClipScores, metric: ScoreMetric, protocol: ProtocolRecord, score: ScoreRecord
) -> Iterator[Discrepancy]:
    what, stored = f"{metric.upper()} of the {protocol.split} split", score.m_j if metric == "m_j" else score.m_f
    try:
        recomputed = clips.terms(metric, protocol).score
    except InputError as error:
        yield Discrepancy(what, repr(stored), error.problems[0].what, metric)
        return
    if not agree(recomputed, stored):
        yield Discrepancy(what, repr(stored), repr(recomputed), metric)


def _check_files(folder: Path, checksums: Mapping[str, str], on_bytes: OnBytes) -> Iterator[Discrepancy]:
    for name, stored in sorted(checksums.items()):
        if not _is_below(name):
            yield Discrepancy(f"the place of {name!r}", "a file of the result", "outside of its folder")
            continue
        try:
            found = _checksum(folder / name, on_bytes)
        except PermissionError as error:
            yield not_as_stored(f"checksum of {name}", stored[:SHOWN_DIGITS], unreadable(name, error))
            continue
        if found != stored:
            yield Discrepancy(f"checksum of {name}", stored[:SHOWN_DIGITS], found[:SHOWN_DIGITS])


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _checksum(path: Path, on_bytes: OnBytes) -> str:
    """SHA-256 as hexadecimal digits, or why there is none.

    Raises:
        PermissionError: this user may not read the file.
    """
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while block := file.read(BLOCK):
                digest.update(block)
                on_bytes(len(block))
    except FileNotFoundError:
        return "missing"
    except PermissionError:
        raise
    except OSError as error:
        return f"{error.strerror}"
    return digest.hexdigest()


def _check_choice(folder: Path, result: ResultRecord) -> Iterator[Discrepancy]:
    """Whether the tested step is the best of the logged validations, of several equal ones the first."""
    logged = {evaluation.step: evaluation for evaluation in read_curve(folder).evaluations}
    best = max(logged.values(), key=lambda evaluation: evaluation.m_j, default=None)
    chosen = logged.get(result.best_step)
    if best is None or chosen is None:
        told = "no validation is logged" if best is None else f"no validation of it is logged, the best is {best.step}"
        yield Discrepancy("the step that was tested", str(result.best_step), told)
        return
    if best != chosen:
        told = "is the first with the best" if best.m_j == chosen.m_j else "has the best"
        yield Discrepancy("the step that was tested", str(result.best_step), f"{best.step} {told} validation M_J")
    for metric, value, stored in (
        ("M_J", chosen.m_j, result.validation.m_j),
        ("M_F", chosen.m_f, result.validation.m_f),
    ):
        if value is not None and not agree(value / 100, stored):
            yield Discrepancy(f"{metric} of the validation of the tested step", repr(stored), repr(value / 100))
