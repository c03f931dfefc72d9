"""Checking one clip: every file that the loader reads, and the sound behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np

from model.data.checking.findings import Finding, Remedies
from model.data.errors import MAKE_READABLE, FileError, UnreadableError
from model.data.layout import ClipFiles, IndexEntry, clip_files
from model.data.pictures import read_label, read_rgb, read_stored
from model.data.preparation.pictures import refuse_odd_frame, refuse_odd_label
from model.data.remedies import has_release
from model.data.sound import examples_of_wav, is_silent, read_sound, read_whole_log_mel
from model.data.wav_file import read_wav

SECONDS_OFF = 1.0
"""How much longer or shorter than its frames a sound may be; trimming a video costs a fraction of a second."""


@dataclass(frozen=True)
class ClipCheck:
    """Checks clips of one subset; can be sent to other processes.

    Args:
        remedies: which subset, and what mends it.
        size: side of the pictures, pixels.
    """

    remedies: Remedies
    size: int

    def __call__(self, entry: IndexEntry) -> list[Finding]:
        """All findings on one clip."""
        remedies = self.remedies
        files = clip_files(remedies.task, remedies.root, entry, remedies.proposer)
        found: list[Finding] = []
        for content, first, part in (
            ("frame", files.frames[0], self._pictures),
            ("sound", files.wav, self._sound),
        ):
            try:
                found.extend(part(files))
            except (UnreadableError, PermissionError) as error:
                found.append(self._unreadable(content, first, error))
        return found

    def _pictures(self, files: ClipFiles) -> Iterator[Finding]:
        remedies, avss = self.remedies, self.remedies.task == "avss"
        released = has_release(files, remedies.task)
        name = "label" if avss else "mask"
        read_picture = partial(read_rgb, size=self.size, remedy="")
        for path in files.frames:
            remedy = remedies.prepare if released else remedies.restore("frames")
            yield from self._tried("frame", path, remedy, read_picture)
        for path in files.maskiges:
            yield from self._tried("Maskige", path, remedies.propose, read_picture)
        for path in files.masks:
            remedy = remedies.prepare if released else remedies.restore(f"{name}s")
            yield from self._tried(name, path, remedy, self._read_label)
        if avss:
            yield from self._released(files)

    def _released(self, files: ClipFiles) -> Iterator[Finding]:
        """What the pictures are prepared from: fine pictures are made of a turned label, and of no use."""
        restore = self.remedies.restore
        for frame in files.frames:
            yield from self._tried("released frame", frame, restore("frames"), refuse_odd_frame)
        for label, frame in zip(files.masks, compress(files.frames, files.annotated), strict=True):
            refuse = partial(refuse_odd_label, frame=frame)
            yield from self._tried("released label", label, restore("labels"), refuse)

    def _sound(self, files: ClipFiles) -> Iterator[Finding]:
        """The loader reads the log-mel and, only where there is none, the sound."""
        remedies, log_mel, wav = self.remedies, files.log_mel, files.wav
        restore = remedies.restore("sound")
        if not wav.exists() and not log_mel.exists():
            yield self._finding("sound", wav, restore, "missing", "is missing, and so is its log-mel")
            return
        odd: list[Finding] = []
        if wav.exists():
            odd = list(self._tried("sound", wav, restore, partial(self._refuse_odd_sound, seconds=len(files.frames))))
            yield from odd
        try:
            read_whole_log_mel(files, remedies.task)
        except FileError as error:
            yield self._log_mel_finding(log_mel, error, has_good_sound=wav.exists() and not odd)
            return
        yield from self._tried("log-mel", log_mel, restore, lambda _: read_sound(files, remedies.task))

    def _log_mel_finding(self, log_mel: Path, error: FileError, has_good_sound: bool) -> Finding:
        """One that is missing is made from good sound at every reading; a damaged one is read and fails."""
        remedies, is_released = self.remedies, self.remedies.task != "avss"
        if has_good_sound and error.fault == "missing":
            note = self._finding("log-mel", log_mel, remedies.prepare, "made from the sound", error.problem)
            return replace(note, is_note=True)
        can_be_prepared = has_good_sound and not is_released
        remedy = remedies.prepare if can_be_prepared else remedies.restore("log-mels" if is_released else "sound")
        return self._finding("log-mel", log_mel, remedy, error.fault, error.problem)

    def _read_label(self, path: Path) -> None:
        task = self.remedies.task
        if task != "avss":
            stored = read_stored(path, self.size, "")
            # The loader takes everything below 255 for background, as the authors do.
            others = stored[(stored != 0) & (stored != 255)]
            if stored.dtype != np.bool_ and others.size:
                raise FileError(path, "values", f"stores {others[0]} besides 0 and 255", "")
        read_label(path, task, self.size, "")

    def _refuse_odd_sound(self, path: Path, seconds: int) -> None:
        samples, rate = read_wav(path)
        if abs(len(samples) / rate - seconds) > SECONDS_OFF:
            raise FileError(path, "length", f"lasts {len(samples) / rate:.2f} s, not {seconds} s", "")
        if (samples == samples.flat[0]).all() or is_silent(examples_of_wav(path, seconds, self.remedies.task)):
            raise FileError(path, "silent", "is silent", "")

    def _tried(self, content: str, path: Path, remedy: str, read: Callable[[Path], object]) -> Iterator[Finding]:
        try:
            read(path)
        except FileError as error:
            yield self._finding(content, error.path, remedy, error.fault, error.problem)
        except UnreadableError as error:
            yield self._unreadable(content, path, error)

    def _unreadable(self, content: str, path: Path, error: OSError) -> Finding:
        place = Path(error.filename or path)
        return self._finding(content, place, MAKE_READABLE, "not readable", f"cannot be read here ({error.strerror})")

    def _finding(self, content: str, path: Path, remedy: str, fault: str, problem: str) -> Finding:
        place = path.relative_to(self.remedies.root).as_posix()
        return Finding(f"{content}: {fault}", remedy, place, problem)
