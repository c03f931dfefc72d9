"""A request to stop is heard by every run of the sweep that it names and that has begun, and by no other."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from combo_command import TINY, wait_until

from orchestrator.cli import stop
from orchestrator.settings import resolve_settings
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.sweep.stop_requests import (
    LOOK_SECONDS,
    OLDER_VARIABLE,
    STOP_REQUESTS,
    handling_stop_requests,
    is_answered,
    older_requests,
    request_stop,
)
from orchestrator.targets import read_targets

NONE = frozenset()


@pytest.fixture
def storage(tmp_path):
    return FolderStorage(tmp_path)


@pytest.fixture
def sweep_of(data, storage):
    """The name of the sweep that some words stand for."""

    def name(path, **assigned):
        settings = resolve_settings(str(storage), data)
        return read_targets([str(path)], assigned, "full", settings, Store(settings.storage)).sweep

    return name


@pytest.fixture
def other(tmp_path):
    """A file of the same name in another folder, that asks for other trials."""
    path = tmp_path / "elsewhere" / TINY.name
    path.parent.mkdir()
    path.write_text(TINY.read_text().replace("loss.lambda_ada: 10", "loss.lambda_ada: 11"))
    return path


def heard(storage, sweep, older=NONE):
    """Whether a run hears of a request as soon as it looks."""
    calls = []
    with handling_stop_requests(storage, sweep, older, lambda: calls.append(1)):
        pass
    return bool(calls)


def test_every_run_of_the_sweep_hears_a_request_once_and_no_other_run_does(storage):
    calls = {"first": 0, "second": 0, "other": 0}

    def count(run):
        calls[run] += 1

    with (
        handling_stop_requests(storage, "tiny-1", NONE, lambda: count("first")),
        handling_stop_requests(storage, "tiny-1", NONE, lambda: count("second")),
        handling_stop_requests(storage, "tiny-2", NONE, lambda: count("other")),
    ):
        request = request_stop(storage, "tiny-1")
        wait_until(lambda: calls["first"] and calls["second"], 3 * LOOK_SECONDS)
        assert not is_answered(storage, "tiny-1", request)
        time.sleep(LOOK_SECONDS)

    assert calls == {"first": 1, "second": 1, "other": 0}
    assert is_answered(storage, "tiny-1", request)


def test_a_request_is_heard_by_a_run_that_was_starting_and_by_none_that_begins_later(storage):
    begun = older_requests(storage, {})
    request_stop(storage, "tiny-1")

    assert heard(storage, "tiny-1", begun)
    assert heard(storage, "tiny-1", begun)
    assert not heard(storage, "tiny-1", older_requests(storage, {}))


def test_a_job_hears_what_was_asked_after_it_was_submitted(storage):
    earlier = request_stop(storage, "tiny-1")
    submitted = {OLDER_VARIABLE: ",".join(older_requests(storage, {}))}
    assert not heard(storage, "tiny-1", older_requests(storage, submitted))

    request_stop(storage, "tiny-1")
    assert heard(storage, "tiny-1", older_requests(storage, submitted))
    assert submitted[OLDER_VARIABLE] == earlier


def test_stop_reaches_the_sweep_that_its_words_stand_for_and_none_of_the_same_file_name(
    command, data, storage, sweep_of, other
):
    words = ("--data", data, "--storage", storage)
    stopped = command("stop", other, *words)
    overridden = command("stop", TINY, "training.iterations=12", *words)

    assert (stopped.code, overridden.code) == (0, 0)
    assert f"{sweep_of(other)}: none of its trials runs yet" in stopped.out
    assert heard(storage, sweep_of(other))
    assert heard(storage, sweep_of(TINY, **{"training.iterations": 12}))
    assert not heard(storage, sweep_of(TINY))


def test_stop_with_wait_returns_when_the_run_that_was_starting_is_over(command, data, storage, sweep_of):
    sweep, older = sweep_of(TINY), older_requests(storage, {})
    with ThreadPoolExecutor() as pool:
        stopped = pool.submit(command, "stop", TINY, "--wait", "--data", data, "--storage", storage)
        wait_until(lambda: storage.names(STOP_REQUESTS), 30)
        assert not stopped.done()
        assert heard(storage, sweep, older)
        assert stopped.result(30).code == 0


def test_stop_with_wait_says_when_nobody_answers(command, data, storage, monkeypatch):
    monkeypatch.setattr(stop, "ANSWER_SECONDS", 0)
    stopped = command("stop", TINY, "--wait", "--data", data, "--storage", storage)

    assert "no run of it has answered for 0 s; the request stands" in stopped.out
