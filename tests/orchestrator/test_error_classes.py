"""What ended an attempt is put into a class by the real exceptions of Python, torch and Ray (F17, A5)."""

import errno

import pytest
import ray.exceptions
import torch
from ray.train.v2._internal.exceptions import (
    WorkerGroupStartupTimeoutError,
    WorkerHealthCheckFailedError,
    WorkerHealthCheckTimeoutError,
)
from ray.train.v2.api.exceptions import ControllerError

from model.data.errors import DataError
from orchestrator.storage.errors import StorageError
from orchestrator.sweep.trial_errors import main_cause
from orchestrator.trial.failures import FREE_LIMIT, MESSAGE_LENGTH, classify, failure_record, is_retried

GLOO = (
    "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer [192.0.2.2]:28654",
    "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:534] Read error [192.0.2.2]:28654: Connection reset by peer",
)
NCCL = "NCCL error in: ProcessGroupNCCL.cpp:1273, remote process exited or there was a network error, NCCL version 2.27"
RAYS = ray.exceptions


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (FloatingPointError("loss is not finite at step 2"), "diverged"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "out-of-memory"),
        (MemoryError(), "out-of-memory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), "out-of-memory"),
        (RAYS.OutOfMemoryError("the node ran out of memory"), "out-of-memory"),
        (ImportError("cannot import name 'x'"), "import-error"),
        (ModuleNotFoundError("No module named 'timm'"), "import-error"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk-full"),
        (StorageError("s3://bucket: cannot be reached"), "storage"),
        (RAYS.NodeDiedError("the node is gone"), "node-lost"),
        (RAYS.ActorUnavailableError("The actor died because its node has died.", None), "node-lost"),
        (RAYS.ActorDiedError(), "worker-died"),
        (RAYS.WorkerCrashedError(), "worker-died"),
        (RAYS.ActorUnavailableError("the actor is unavailable", None), "worker-died"),
        (WorkerHealthCheckFailedError("no answer", RuntimeError("gone")), "worker-died"),
        (WorkerHealthCheckTimeoutError("no answer for 15 s"), "hung"),
        (main_cause(ControllerError(WorkerGroupStartupTimeoutError(2))), "node-lost"),
        (RuntimeError(GLOO[0]), "worker-died"),
        (RuntimeError(GLOO[1]), "worker-died"),
        (torch.distributed.DistBackendError(NCCL), "worker-died"),
        (DataError("clip 3 cannot be read"), "exception"),
        (OSError(errno.EACCES, "Permission denied"), "not-permitted"),
        (FileNotFoundError("no such file"), "exception"),
        (RuntimeError("shapes do not fit"), "exception"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value,
)
def test_f17_each_error_has_its_class(error, category):
    record = failure_record(3, error)

    assert classify(error) == record.category == category
    assert (record.attempt, record.kind) == (3, type(error).__name__)
    assert record.message


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (MemoryError("so much"), "so much; lower --micro-batch, or give the trial more workers"),
        (OSError(errno.ENOSPC, "No space left"), "free space in the storage; the same command continues"),
        (RAYS.ActorDiedError(), "its process is gone, perhaps killed for lack of memory"),
        (RAYS.NodeDiedError("pages of internal ids"), "its machine left the cluster"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "advice",
)
def test_f17_a_message_says_what_to_do(error, advice):
    message = failure_record(1, error).message

    assert advice in message
    assert "internal ids" not in message


def test_f17_an_exception_without_words_is_called_by_its_name():
    assert failure_record(1, RuntimeError()).message == "RuntimeError"


def test_a5_a_failure_keeps_no_secret_and_no_novel(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobodyssecret")
    record = failure_record(1, RuntimeError("nobodyssecret refused by https://me:pass-word@server " + "x" * 10_000))

    assert "nobodyssecret" not in record.message
    assert "pass-word" not in record.message
    assert record.message.startswith("*** refused by https://***@server xxx")
    assert len(record.message) == MESSAGE_LENGTH


@pytest.mark.parametrize("category", ["diverged", "out-of-memory", "import-error", "exception", "disk-full"])
def test_f17_what_would_happen_again_is_never_tried_again(category):
    assert not is_retried(category, charged=1, free=0, retries=100)


@pytest.mark.parametrize("category", ["worker-died", "hung", "storage"])
def test_what_dies_hangs_or_loses_its_storage_is_tried_again_as_often_as_the_user_grants(category):
    assert [is_retried(category, charged, free=FREE_LIMIT, retries=2) for charged in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize("category", ["node-lost", "preempted"])
def test_f6_a_lost_machine_is_not_charged(category):
    assert is_retried(category, charged=3, free=FREE_LIMIT, retries=0)
    assert not is_retried(category, charged=0, free=FREE_LIMIT + 1, retries=0)
