"""What holds after every fault, whatever it was."""

from __future__ import annotations

import csv
import hashlib

from experiments.records import RESULT_FILE
from model.weights.folder import damaged_file
from tests.faults.watched_sweep import WatchedSweep

MEASURED = (".csv", ".md", ".tex", ".svg")
"""Files that hold what was measured. Pages, JSON and Parquet tell beside it when, how long and in which runs."""
HISTORY = ("commits", "attempts", "finished", "training_seconds", "mlflow_runs", "mlflow_urls")
"""Columns that tell the same in the CSV; the commit changes when somebody commits while these tests run."""


def check_storage(sweep: WatchedSweep) -> None:
    """Every stored document parses, what a result names is there unchanged, and no trial has two results."""
    for variant in sweep.keys:
        folder = sweep.trial(variant)
        assert folder.identity is not None
        assert not list(folder.torn_metrics())
        for checkpoint in folder.checkpoints.glob("[!.]*"):
            assert damaged_file(checkpoint) is None
        attempts = sweep.attempts(variant)
        assert [record.attempt for record in attempts] == list(range(1, folder.attempts + 1))
        finished = [record.attempt for record in attempts if record.ended == "finished"]
        result = folder.result
        assert finished == ([result.provenance.attempts] if result else [])
        assert (folder.failure is None) or result is None
        for name, checksum in result.checksums.items() if result else ():
            assert hashlib.sha256((folder.path / name).read_bytes()).hexdigest() == checksum
        assert len(list(folder.path.glob(f"*{RESULT_FILE}*"))) == (result is not None)


def check_equal(sweep: WatchedSweep, undisturbed: WatchedSweep) -> None:
    """Trials are finished, with weights, scores and tables equal bit by bit to those of a run without the fault."""
    check_storage(sweep)
    for variant in sweep.keys:
        ours, theirs = sweep.trial(variant).result, undisturbed.trial(variant).result
        assert ours is not None
        assert theirs is not None
        assert (ours.key, ours.best_step, ours.checkpoint) == (theirs.key, theirs.best_step, theirs.checkpoint)
        assert (ours.score, ours.validation) == (theirs.score, theirs.validation)
        tested = f"{theirs.checkpoint}/model.safetensors"
        assert ours.checksums[tested] == theirs.checksums[tested]
        assert sweep.last_weights(variant) == undisturbed.last_weights(variant)
    rebuilt, expected = tables(sweep), tables(undisturbed)
    differing = [name for name in rebuilt.keys() | expected.keys() if rebuilt.get(name) != expected.get(name)]
    assert not differing, differing
    assert expected


def tables(sweep: WatchedSweep) -> dict[str, object]:
    """All that a report rebuilds, as bytes; of the CSV all columns but those that tell how the trials came about."""
    files = {name: content for name, content in sweep.report().items() if name.endswith(MEASURED)}
    return {name: _measured(content) if name.endswith(".csv") else content for name, content in files.items()}


def _measured(table: bytes) -> list[dict[str, str]]:
    rows = list(csv.DictReader(table.decode().splitlines()))
    assert rows[0].keys() >= set(HISTORY)
    return [{column: value for column, value in row.items() if column not in HISTORY} for row in rows]
