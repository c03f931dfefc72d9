"""MLflow's server away, hanging or out of order: trials notice nothing, and what was missed comes later."""

import time
from dataclasses import replace

import pytest
from mlflow_view import View
from stored_trials import SWEEP, lines, step

from orchestrator.tracking import connection, tracker
from orchestrator.tracking.synchronise import synchronise
from orchestrator.tracking.tracker import Tracker
from orchestrator.trial.updates import Finished, Measured, Started
from tests.orchestrator.combo_command import wait_until
from tests.servers.faulty_http import faulty_http
from tests.servers.mlflow_server import mlflow_server
from tests.servers.proxy import proxy

pytestmark = pytest.mark.minutes


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(tracker, "EVERY", 0.2)
    monkeypatch.setattr(tracker, "SILENCE", 3.0)
    monkeypatch.setitem(connection.ENVIRONMENT, "MLFLOW_HTTP_REQUEST_TIMEOUT", "4")
    for name, value in connection.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def server(tmp_path_factory, empty_database):
    """The address of a server; each test has a paper of its own there."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "server.db").write_bytes(empty_database.read_bytes())
    with mlflow_server(folder) as address:
        yield address


@pytest.fixture
def seen(server, request):
    """Looks at what the server holds of the test's paper."""
    return lambda: View(server, request.node.name)


@pytest.fixture
def tracking(settings, trials, request):
    """A tracker of the first trial, with MLflow at an address."""
    return lambda address: Tracker(replace(settings, tracking_uri=address), request.node.name, SWEEP, trials[:1], [])


@pytest.fixture
def sync(settings):
    """Makes MLflow at an address equal to storage; returns how many runs had to change."""
    return lambda address: synchronise(replace(settings, tracking_uri=address), [], lambda *_: None).changed


@pytest.fixture
def train(stored, trials):
    """Stores a finished trial, telling the tracker of each line; returns the seconds that this took."""

    def run(mirror, pause=0.0):
        stored.measure(trials[0], [])
        began = time.monotonic()
        mirror.on_update(Started(trials[0], 1, 0))
        for line in lines(1, 1, 40):
            stored.measure(trials[0], [line])
            mirror.on_update(Measured(trials[0].key, line))
            time.sleep(pause)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))
        return time.monotonic() - began

    return run


def test_f10_a_server_that_was_down_for_a_whole_trial_is_brought_up_to_date_by_sync(
    server, tracking, train, sync, seen, trials
):
    with proxy(server) as between:
        between.refuse()
        began = time.monotonic()
        with tracking(between.address) as mirror:
            assert train(mirror) < 5
        assert time.monotonic() - began < 15
        assert mirror.trouble

        between.heal()
        assert sync(between.address) == 2
        assert sync(between.address) == 0
        assert seen().trials[trials[0].key].info.status == "FINISHED"


def test_f10_a_server_that_hangs_holds_up_neither_the_trial_nor_the_end_of_the_sweep(
    server, tracking, train, sync, seen
):
    with proxy(server) as between:
        with tracking(between.address) as mirror:
            wait_until(lambda: seen().sweeps, every=0.5)
            between.hang()
            assert train(mirror) < 5
            began = time.monotonic()
        assert time.monotonic() - began < 6
        assert mirror.trouble

    assert sync(server) == 2
    assert sync(server) == 0


def test_f11_everything_arrives_although_a_third_of_the_requests_fail(server, tracking, train, sync, seen, monkeypatch):
    monkeypatch.setattr(tracker, "SILENCE", 30.0)
    with faulty_http(server, share=0.3, wait=5.0) as faulty:
        with tracking(faulty.address) as mirror:
            train(mirror, pause=0.1)
        assert faulty.faults > 5

    assert mirror.trouble is None
    assert sync(server) == 0
    assert len(seen().trials) == 1


def test_f12_a_run_that_is_deleted_in_mid_trial_is_made_again(server, tracking, stored, sync, seen, trials):
    with tracking(server) as mirror:
        stored.measure(trials[0], [step(1, 1)])
        mirror.on_update(Started(trials[0], 1, 0))
        wait_until(lambda: seen().trials, every=0.5)
        seen().client.delete_run(seen().trials[trials[0].key].info.run_id)
        stored.measure(trials[0], lines(1, 2, 20))
        for line in lines(1, 2, 20):
            mirror.on_update(Measured(trials[0].key, line))
        wait_until(lambda: seen().trials, every=0.5)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))

    assert mirror.trouble is None
    assert sync(server) == 0
