"""Trains a finished trial again, compares, and stores the verdict beside its result."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from dataclasses import replace

from experiments.errors import InputError, Problem
from experiments.reproduction_record import Deviation, ReproductionRecord
from model.training.events import Tested
from model.training.stopping import never
from model.weights.folder import WEIGHTS_FILE, file_checksum
from orchestrator.reproduction.comparison import TOTAL, Comparison
from orchestrator.reproduction.conditions import Surroundings, conditions, is_scored_alike, quarantine_conditions
from orchestrator.reproduction.retraining import Retrained, Retraining
from orchestrator.reproduction.wanted import WantedReproduction
from orchestrator.reproduction.weights import weights_deviation
from orchestrator.store.store import Store
from orchestrator.trial.execution import execution_of, weight_checksums
from orchestrator.trial.failures import classify
from orchestrator.trial.provenance import code_version, device_name, now, package_versions, score_record
from orchestrator.trial.run_context import RunContext


def reproduce(
    wanted: WantedReproduction,
    context: RunContext,
    store: Store,
    comparison: Comparison,
    threads: int,
    on_step: Callable[[], None],
) -> ReproductionRecord:
    """Trains one trial again in this process, with one worker, and stores the record of it.

    Args:
        wanted: the trial, and what it is compared with.
        context: the code, data, device and files of weights to train with; without micro-batches in it, those are taken
            that correspond to the workers that the trial had.
        store: of the trial; of it only the new record is written.
        comparison: an empty one, with its tolerances; it takes what is found.
        threads: of PyTorch on the CPU.
        on_step: called after each step.

    Raises:
        InputError: the device has not enough memory.
        Exception: as for `model.training.fit.fit`; that training diverges is a verdict.
    """
    began, config = time.monotonic(), wanted.trial.config
    surroundings = Surroundings(
        code_version=code_version(),
        commit=context.commit,
        packages=package_versions(config.model.name),
        device=device_name(context.device),
        host=socket.gethostname(),
        weight_files=weight_checksums(context.weight_files, config),
        micro_batch=context.config.micro_batch,
        threads=threads,
    )
    execution = execution_of(wanted.trial, context, store, should_stop=never)
    execution = replace(execution, micro_batch=execution.micro_batch or wanted.micro_batch)
    retraining = Retraining(wanted.trial, execution, wanted.steps)
    try:
        retrained = retraining.run(on_step, threads)
    except Exception as error:
        if classify(error) != "out-of-memory":
            raise
        where, what = f"trial {wanted.trial.key}", f"does not fit into the memory of {surroundings.device}"
        raise InputError(Problem(where, what, "pass a smaller --micro-batch")) from error
    _compare(comparison, wanted, retrained, store)
    told = conditions(wanted.trial, wanted.result, surroundings, store)
    record = ReproductionRecord(
        key=wanted.trial.key,
        result_sha256=wanted.result_sha256,
        verdict=comparison.verdict,
        tolerance=comparison.tolerance,
        score_tolerance=comparison.score_tolerance,
        steps=wanted.steps,
        is_whole=wanted.is_whole,
        compared_steps=comparison.steps,
        compared_validations=comparison.validations,
        compared_weights=comparison.weights,
        compared_test_scores=comparison.test_scores,
        largest=comparison.largest,
        largest_score=comparison.largest_score,
        first=comparison.first,
        conditions=[*told, *quarantine_conditions(wanted.result, retrained.quarantined, is_whole=wanted.is_whole)],
        code_version=surroundings.code_version,
        commit=surroundings.commit,
        packages=dict(surroundings.packages),
        device=surroundings.device,
        weight_files=dict(surroundings.weight_files),
        finished=now(),
        seconds=round(time.monotonic() - began, 3),
    )
    store.trial(wanted.trial.key).add_reproduction(record)
    return record


def _compare(comparison: Comparison, wanted: WantedReproduction, retrained: Retrained, store: Store) -> None:
    """Compares everything that is on both sides, in the order in which training gives it."""
    with_scores = is_scored_alike(wanted.trial, wanted.result)
    comparison.compare_training(wanted.measured, retrained.measured, with_validations=with_scores)
    if retrained.diverged:
        comparison.add(_divergence(wanted, retrained))
    elif retrained.tested is not None:
        _compare_test(comparison, wanted, retrained.tested, store, with_scores=with_scores)


def _divergence(wanted: WantedReproduction, retrained: Retrained) -> Deviation:
    """What the stored training passed and the new one did not; where that was is part of what is said."""
    step = max(retrained.measured.steps, default=0) + 1
    stored = wanted.measured.steps.get(step, {}).get(TOTAL, math.nan)
    return Deviation(
        what=retrained.diverged, unit="relative", step=None, stored=stored, again=math.nan, distance=math.inf
    )


def _compare_test(
    comparison: Comparison, wanted: WantedReproduction, again: Tested, store: Store, *, with_scores: bool
) -> None:
    """The step that was tested, its weights by their checksum or else their distance, and the test scores."""
    result = wanted.result
    comparison.compare("tested step", None, result.best_step, again.best_step)
    comparison.weights, comparison.test_scores = result.best_step == again.best_step, with_scores
    if comparison.weights:
        stored = store.trial(wanted.trial.key).path / result.checkpoint
        if file_checksum(again.folder / WEIGHTS_FILE) != result.checksums[f"{result.checkpoint}/{WEIGHTS_FILE}"]:
            comparison.add(weights_deviation(stored, again.folder, result.best_step))
    if with_scores:
        score = score_record(again.score)
        comparison.compare_score("test m_j", None, result.score.m_j, score.m_j)
        comparison.compare_score("test m_f", None, result.score.m_f, score.m_f)
