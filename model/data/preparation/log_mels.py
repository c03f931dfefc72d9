"""Log-mel files, from the sound (COMBO sections 1.3 and 3.1)."""

from __future__ import annotations

from functools import partial

from model.atomic_writes import atomic_file
from model.config import Task
from model.data.errors import writing
from model.data.layout import ClipFiles
from model.data.log_mel_file import log_mel_pickle
from model.data.output import DAMAGED_TOO, ONLY_MISSING, Output
from model.data.sound import examples_of_wav, log_mel_rows, read_whole_log_mel


def log_mel_output(files: ClipFiles, task: Task) -> Output:
    """A clip's log-mel file. Those of S4 and MS3 were released, so whatever is there is not ours to replace."""
    mended = DAMAGED_TOO if task == "avss" else ONLY_MISSING
    return Output(partial(read_whole_log_mel, files, task), partial(_write_log_mel, files, task), mended)


def _write_log_mel(files: ClipFiles, task: Task) -> None:
    examples = examples_of_wav(files.wav, log_mel_rows(files, task), task)
    with writing(files.log_mel), atomic_file(files.log_mel) as draft:
        draft.write_bytes(log_mel_pickle(examples, requires_grad=task != "avss"))
