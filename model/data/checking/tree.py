"""Checking what is no part of a clip: the index, the class list, and files that no index row asks for."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.config import Task
from model.data.avss_classes import class_names
from model.data.checking.findings import Finding, Remedies
from model.data.errors import MAKE_READABLE
from model.data.layout import (
    AVSS_SECONDS,
    INDEX_FILES,
    SPLITS,
    ClipFiles,
    IndexEntry,
    avss_clip_folder,
    clip_files,
    maskige_root,
)

CLASS_LIST = "label2idx.json"


def index_findings(entries: Sequence[IndexEntry], remedies: Remedies) -> Iterator[Finding]:
    """Splits of another size than expected, and clips that are listed twice, in one split or in several."""
    index, remedy = INDEX_FILES[remedies.task], remedies.restore("the index")
    counts = Counter(entry.split for entry in entries)
    for split in SPLITS:
        expected = remedies.expected.clips[split]
        if counts[split] != expected:
            problem = f"lists {counts[split]} {split} clips, not {expected}"
            yield Finding("index: split", remedies.recount, index, problem)
    listed: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries:
        listed[_video(entry, remedies.task)].append(entry.split)
    for video, splits in listed.items():
        if len(splits) > 1:
            kind = "index: repeated clip" if len(set(splits)) == 1 else "index: clip in several splits"
            yield Finding(kind, remedy, index, f"lists clip {video} {len(splits)} times: {', '.join(splits)}")


def _video(entry: IndexEntry, task: Task) -> str:
    """What a clip is called whatever its split.

    Names of S4 are those of videos, of which several categories may show different parts; MS3 has no categories, and
    the uid of AVSS holds across its subsets.
    """
    return f"{entry.category}/{entry.name}" if task == "s4" else entry.name


def class_findings(remedies: Remedies) -> Iterator[Finding]:
    """A class list that differs from ours; its ids may count from 0 or from 1, as copies of it do."""
    path = remedies.root / CLASS_LIST
    if remedies.task != "avss" or not path.exists():
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        names = sorted(found, key=lambda name: int(found[name]))
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        yield Finding("class list: unreadable", remedies.restore(CLASS_LIST), CLASS_LIST, "is no list of classes")
        return
    for place, (expected, name) in enumerate(zip(class_names(), names, strict=False)):
        if name != expected:
            problem = f"has '{name}' for class {place}, not '{expected}'"
            yield Finding("class list: other order", remedies.restore(CLASS_LIST), CLASS_LIST, problem)
            return
    if len(names) != len(class_names()):
        problem = f"has {len(names)} classes, not {len(class_names())}"
        yield Finding("class list: other length", remedies.restore(CLASS_LIST), CLASS_LIST, problem)


def stray_findings(entries: Sequence[IndexEntry], remedies: Remedies) -> Iterator[Finding]:
    """Folders and files of clips that are not in the index; what lies inside a listed clip's folder is its own."""
    root, task, proposer = remedies.root, remedies.task, remedies.proposer
    known: set[Path] = set()
    for entry in entries:
        known |= _own(task, root, entry, clip_files(task, root, entry, proposer))
    above = {folder for path in known for folder in path.parents}
    remedy = f"remove it, or {remedies.restore('the index')}"
    for top in _folders_of_clips(task, root, proposer):
        try:
            for path in _strays(top, known, above):
                problem = "belongs to no clip of the index"
                yield Finding("index: unlisted clip", remedy, path.relative_to(root).as_posix(), problem)
        except PermissionError as error:
            place = Path(error.filename or top).relative_to(root).as_posix()
            yield Finding("folder: not readable", MAKE_READABLE, place, f"cannot be listed here ({error.strerror})")


def _own(task: Task, root: Path, entry: IndexEntry, files: ClipFiles) -> set[Path]:
    """Folders and files that belong to one clip."""
    if task == "avss":
        return {avss_clip_folder(root, entry), files.maskiges[0].parents[1]}
    return {files.log_mel, files.wav, *(paths[0].parent for paths in (files.frames, files.maskiges, files.masks))}


def _folders_of_clips(task: Task, root: Path, proposer: str) -> list[Path]:
    maskiges = maskige_root(task, root, proposer)
    if task == "avss":
        return [*(root / subset for subset in AVSS_SECONDS), maskiges]
    contents = ("visual_frames", "gt_masks", "audio_log_mel", "audio_wav")
    return [*(root / f"{task}_data" / content for content in contents), maskiges]


def _strays(folder: Path, known: set[Path], above: set[Path]) -> Iterator[Path]:
    """What is neither known nor leads to anything known; of a whole unknown folder, the folder."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as items:
        for item in sorted(items, key=lambda item: item.name):
            path = Path(item.path)
            if path in above:
                yield from _strays(path, known, above)
            elif path not in known and not item.name.startswith("."):
                yield path
