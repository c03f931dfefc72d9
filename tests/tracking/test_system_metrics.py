"""Samples of the machine on which a trial runs."""

import threading
import time

from orchestrator.trial.system_metrics import SystemMetrics


def test_processor_and_memory_are_sampled_until_the_context_closes():
    samples, enough = [], threading.Event()

    def on_sample(sample):
        samples.append(sample)
        if len(samples) == 3:
            enough.set()

    with SystemMetrics(on_sample, every=0.05):
        assert enough.wait(10)
    taken = len(samples)

    sample = samples[-1]
    assert 0 <= sample["cpu_utilization_percentage"] <= 100
    assert 0 < sample["process_memory_usage_megabytes"] < sample["system_memory_usage_megabytes"]
    assert 0 < sample["system_memory_usage_percentage"] <= 100
    time.sleep(0.2)
    assert len(samples) == taken


def test_a_sample_that_cannot_be_told_does_not_end_the_sampling(caplog):
    calls, enough = [], threading.Event()

    def on_sample(_):
        calls.append(1)
        if len(calls) == 3:
            enough.set()
        raise OSError("no space left")

    with SystemMetrics(on_sample, every=0.05):
        assert enough.wait(10)
    assert "a sample of the machine is lost: OSError: no space left" in caplog.text
