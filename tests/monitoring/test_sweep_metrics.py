"""What Prometheus gets when it scrapes a run, over HTTP."""

import socket
import time
from dataclasses import replace

import pytest
from scraped_metrics import Scraped
from sweep_updates import failed, finished, started, step

from experiments.errors import InputError
from orchestrator.monitoring.metrics_server import serving_metrics
from orchestrator.trial.updates import Awaited, Ended


def test_trials_are_counted_by_state_with_those_that_do_not_run(scraped):
    states = {"finished": 4, "running": 1, "failed": 1, "damaged": 1, "waiting": 0, "stopped": 0}

    assert {state: scraped.value("combo_trials", sweep="tiny-1", state=state) for state in states} == states


def test_failures_are_counted_by_class_from_zero(scraped):
    classes = {"diverged": 1, "node-lost": 1, "out-of-memory": 0, "disk-full": 0}

    assert {name: scraped.value("combo_trial_failures_total", category=name) for name in classes} == classes


def test_steps_and_gpu_hours_add_up(scraped):
    assert scraped.value("combo_steps_total", sweep="tiny-1") == 2
    assert scraped.value("combo_gpu_hours_total", sweep="tiny-1") == 1.5


def test_only_the_trial_that_runs_has_metrics_of_its_own(scraped, trials):
    mine = {"trial": trials[1].key, "variant": "lambda-10", "task": "s4", "seed": "0"}

    assert scraped.value("combo_trial_progress_ratio", **mine) == 0.5
    assert scraped.value("combo_trial_steps_per_second", **mine) == 4
    assert scraped.value("combo_trial_best_m_j", **mine) == 0.4
    assert time.time() - scraped.value("combo_trial_last_progress_timestamp_seconds", **mine) < 60
    assert scraped.value("combo_trial_progress_ratio", trial=trials[0].key) is None
    assert scraped.value("combo_trial_progress_ratio", trial=trials[2].key) is None


def test_memory_of_the_driver_is_there_too(scraped):
    assert scraped.value("process_resident_memory_bytes") > 1e6


def test_attempts_queue_from_the_beginning_and_again_after_a_failure(metrics, trials, port, monkeypatch):
    begun = time.monotonic()
    at = _clock(monkeypatch)
    at(begun + 100)
    assert Scraped(port).value("combo_queue_longest_wait_seconds") == pytest.approx(100, abs=1)
    for trial in trials:
        metrics.on_update(started(trial))
    metrics.on_update(failed(trials[0], "hung", True))
    at(begun + 107)
    metrics.on_update(started(trials[0], 2))
    scraped = Scraped(port)

    assert scraped.value("combo_queue_longest_wait_seconds") == 0
    assert scraped.value("combo_queue_wait_seconds_count") == 4
    assert scraped.value("combo_queue_wait_seconds_sum") == pytest.approx(307, abs=3)
    assert scraped.value("combo_queue_wait_seconds_bucket", le="5.0") == 0
    assert scraped.value("combo_queue_wait_seconds_bucket", le="15.0") == 1
    assert scraped.value("combo_queue_wait_seconds_bucket", le="+Inf") == 4


def test_a_dependent_trial_queues_once_its_parent_is_finished(serve, trials, port, monkeypatch):
    begun = time.monotonic()
    at = _clock(monkeypatch)
    at(begun)
    parent, dependent = trials[0], replace(trials[1], parent=trials[0])
    metrics = serve("two", [parent, dependent], {}, lambda: 0.0)
    metrics.on_update(started(parent))
    at(begun + 500)
    assert Scraped(port).value("combo_queue_longest_wait_seconds") == 0
    metrics.on_update(finished(parent, 0.5))
    at(begun + 520)

    assert Scraped(port).value("combo_queue_longest_wait_seconds") == pytest.approx(20)


def test_a_trial_that_another_run_has_or_that_was_stopped_does_not_queue(metrics, trials, port):
    metrics.on_update(Awaited(trials[0].key, "elsewhere, attempt 1"))
    metrics.on_update(Ended(trials[1].key, "stopped"))
    metrics.on_update(failed(trials[2], "import-error", False))

    assert Scraped(port).value("combo_queue_longest_wait_seconds") == 0


def test_a_trial_that_a_search_suggests_is_counted_from_its_start(serve, trials, port):
    metrics = serve("search", [], {}, lambda: 0.0)
    metrics.on_update(started(trials[0]))
    metrics.on_update(step(trials[0], 1))
    scraped = Scraped(port)

    assert scraped.value("combo_trials", state="running") == 1
    assert scraped.value("combo_queue_wait_seconds_count") == 0


def test_a_port_is_taken_during_the_run_and_free_after_it():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving_metrics(port):
        assert Scraped(port).value("process_resident_memory_bytes") > 0
        with pytest.raises(InputError, match=f"--metrics-port {port}: cannot be used: Address already in use"):
            serving_metrics(port).__enter__()
    with socket.create_server(("127.0.0.1", port)):
        pass


def _clock(monkeypatch):
    """Sets what the metrics take for the monotonic clock."""

    def at(seconds):
        monkeypatch.setattr("orchestrator.monitoring.sweep_metrics.time.monotonic", lambda: seconds)

    return at
