"""Three trials and their metrics, served."""

import socket
from pathlib import Path

import pytest
from scraped_metrics import Scraped
from sweep_updates import evaluation, failed, finished, started, step

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.monitoring.metrics_server import serving_metrics
from orchestrator.monitoring.sweep_metrics import SweepMetrics
from orchestrator.trial.trial_state import TrialState


@pytest.fixture(scope="session")
def trials():
    """Three trials of six steps each."""
    return expand(load_experiment(str(Path(__file__).parents[1] / "orchestrator" / "tiny.yaml")))


@pytest.fixture(scope="session")
def served():
    """A port at which metrics are served, and the registry that they are taken from."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving_metrics(port) as registry:
        yield port, registry


@pytest.fixture
def port(served):
    return served[0]


@pytest.fixture
def serve(served):
    """Serves the metrics of one sweep for the length of a test."""
    registered = []

    def register(*arguments):
        registered.append(SweepMetrics(*arguments))
        served[1].register(registered[-1])
        return registered[-1]

    yield register
    for metrics in registered:
        served[1].unregister(metrics)


@pytest.fixture
def metrics(serve, trials):
    """Metrics of a sweep of these trials and four more that do not run."""
    return serve("tiny-1", trials, {TrialState.FINISHED: 3, TrialState.DAMAGED: 1}, lambda: 1.5)


@pytest.fixture
def scraped(metrics, trials, port):
    """One trial is finished, one trains after a failure, one has failed for good."""
    one, two, three = trials
    for update in (
        *(started(one), step(one, 1), finished(one, 0.5)),
        *(started(two), failed(two, "node-lost", True), started(two, 2), step(two, 3, 0.25), evaluation(two, 3, 0.4)),
        *(started(three), failed(three, "diverged", False)),
    ):
        metrics.on_update(update)
    return Scraped(port)
