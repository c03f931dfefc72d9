"""Checking a whole subset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.config import Task
from model.data.checking.clip import ClipCheck
from model.data.checking.findings import Finding, FindingGroup, Remedies, grouped
from model.data.checking.tree import class_findings, index_findings, stray_findings
from model.data.clip_pool import in_processes
from model.data.expectation import expectation_of
from model.data.index import read_index, subset_root
from model.data.layout import SPLITS


@dataclass(frozen=True)
class Checked:
    """The outcome of a check."""

    root: Path
    clips: dict[str, int]
    """By split, as the index has them."""
    groups: list[FindingGroup]
    """Empty if all is as it should be."""
    notes: list[FindingGroup]
    """What the loader does without."""


def check_subset(
    root: Path, task: Task, proposer: str, size: int | None, workers: int, on_progress: Callable[[int, int], None]
) -> Checked:
    """Compares a subset with what it should hold; changes nothing.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        proposer: whose Maskiges.
        size: side of the pictures, pixels; None: the published 224, or what a synthetic subset was written with.
        workers: processes.
        on_progress: called with clips done and total after every clip.

    Raises:
        DataError: if the subset is not there or its index is damaged.
    """
    root = subset_root(root, task)
    entries = read_index(root, task)
    expected = expectation_of(root, task)
    remedies = Remedies(root, task, proposer, expected)
    findings: list[Finding] = [
        *index_findings(entries, remedies),
        *class_findings(remedies),
        *stray_findings(entries, remedies),
    ]
    check = ClipCheck(remedies, size or expected.size)
    for done, found in enumerate(in_processes(check, entries, workers), start=1):
        findings += found
        on_progress(done, len(entries))
    counts = Counter(entry.split for entry in entries)
    faults = grouped(finding for finding in findings if not finding.is_note)
    notes = grouped(finding for finding in findings if finding.is_note)
    return Checked(root, {split: counts[split] for split in SPLITS}, faults, notes)
