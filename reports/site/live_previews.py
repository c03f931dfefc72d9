"""What trials in training make of the same validation clips, as pictures for the page of a running sweep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.errors import InputError
from experiments.trial_files import TrialFiles
from model.config import Task
from reports.addresses import run_address
from reports.site.clip_strips import Strip, drawn_strip
from reports.stored.file_marks import Mark, mark_files
from reports.stored.previews import StoredPreview, read_previews


@dataclass(frozen=True)
class Preview:
    """A clip as the newest weights of a trial segment it."""

    label: str
    """How the trial is called."""
    address: str
    """Where the trial stands on the page."""
    step: int
    """Optimiser steps behind the weights."""
    m_j: float
    """Percent, of this clip alone."""
    prediction: Strip


@dataclass(frozen=True)
class PreviewedClip:
    """A clip of the validation split, and the trials that have shown it."""

    name: str
    category: str
    task: Task
    frames: Strip
    truth: Strip
    previews: tuple[Preview, ...]

    @property
    def strips(self) -> tuple[Strip, ...]:
        """All its pictures."""
        return (self.frames, self.truth, *(preview.prediction for preview in self.previews))


@dataclass(frozen=True)
class _Scene:
    """A clip itself, which all trials on the same data have in common."""

    name: str
    category: str
    task: Task
    truth: Strip


@dataclass(frozen=True)
class _Kept:
    """What a trial has shown last."""

    mark: Mark | None
    step: int = 0
    drawn: tuple[tuple[_Scene, float, Strip], ...] = ()
    """Each clip with its M_J in percent and the prediction."""
    problem: str = ""
    """Why the file could not be used; empty if it could."""


class LivePreviews:
    """Reads and draws the previews of trials, again only where a file has changed."""

    def __init__(self) -> None:
        self._kept: dict[Path, _Kept] = {}
        self._frames: dict[_Scene, Strip] = {}

    def look(self, trials: Iterable[tuple[str, str, Path]]) -> tuple[tuple[PreviewedClip, ...], tuple[str, ...]]:
        """The clips that trials have shown at their newest validations, and what is wrong with files.

        Args:
            trials: key, label and directory of each, in the order of the page.
        """
        found = [(key, label, path, self._of(path)) for key, label, path in trials]
        self._kept = {path: kept for _, _, path, kept in found}
        shown: dict[_Scene, list[Preview]] = {}
        for key, label, _, kept in found:
            for scene, m_j, prediction in kept.drawn:
                preview = Preview(label, run_address(key), kept.step, m_j, prediction)
                shown.setdefault(scene, []).append(preview)
        self._frames = {scene: frames for scene, frames in self._frames.items() if scene in shown}
        clips = tuple(
            PreviewedClip(scene.name, scene.category, scene.task, self._frames[scene], scene.truth, tuple(previews))
            for scene, previews in shown.items()
        )
        return clips, tuple(kept.problem for kept in self._kept.values() if kept.problem)

    def _of(self, trial: Path) -> _Kept:
        path = TrialFiles(trial).newest_previews_file
        if path is None:
            return _Kept(None)
        mark, before = mark_files(path.parent, [path.name]), self._kept.get(trial)
        if before is not None and before.mark is not None and before.mark.is_settled and before.mark == mark:
            return before
        try:
            stored = read_previews(path)
        except InputError as error:
            return _Kept(mark, problem=str(error))
        drawn = tuple(self._drawn(stored.record.task, clip) for clip in stored.clips)
        return _Kept(mark, stored.record.step, drawn)

    def _drawn(self, task: Task, clip: StoredPreview) -> tuple[_Scene, float, Strip]:
        record = clip.record
        scene = _Scene(record.clip, record.category, task, drawn_strip(clip.frames, clip.truth, record.classes))
        if scene not in self._frames:
            self._frames[scene] = drawn_strip(clip.frames, np.zeros_like(clip.truth), ())
        return scene, 100 * record.m_j, drawn_strip(clip.frames, clip.prediction, record.classes)
