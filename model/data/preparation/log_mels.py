"""Log-mel files, from the sound (COMBO sections 1.3 and 3.1)."""

from __future__ import annotations

from functools import partial

from model.config import Task
from model.data.atomic_file import write_file
from model.data.layout import ClipFiles
from model.data.log_mel_file import log_mel_pickle
from model.data.preparation.output import Output
from model.data.sound import examples_of_wav, log_mel_rows, read_whole_log_mel


def log_mel_output(files: ClipFiles, task: Task) -> Output:
    """A clip's log-mel file."""
    return Output(partial(read_whole_log_mel, files, task), partial(_write_log_mel, files, task))


def _write_log_mel(files: ClipFiles, task: Task) -> None:
    examples = examples_of_wav(files.wav, log_mel_rows(files, task), task)
    write_file(files.log_mel, log_mel_pickle(examples, requires_grad=task != "avss"))
