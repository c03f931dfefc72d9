"""What is wrong with MLflow is told in one sentence, with a remedy that fits what is wrong."""

import http.server
import threading
from dataclasses import replace

import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED
from mlflow_view import View
from stored_trials import SWEEP, lines

from orchestrator.doctor.mlflow_check import look_at_mlflow
from orchestrator.tracking.failures import explain
from orchestrator.tracking.logged_results import read_logged
from orchestrator.tracking.retry_policy import what_went_wrong
from orchestrator.tracking.tracker import Tracker

DELETED = "experiment 'combo' was deleted there (restore it (mlflow experiments restore --experiment-id 2), or name "


@pytest.fixture
def trial(stored, trials):
    stored.join(trials[0])
    stored.measure(trials[0], lines(1, 1, 20))
    stored.finish(trials[0])
    return trials[0]


@pytest.fixture
def deleted(command, stored, settings, trial, view):  # noqa: ARG001
    """The client, after the experiment with the trial's run was deleted, as MLflow's pages do it."""
    command("sync", "--storage", stored.store.root)
    client = view().client
    client.delete_experiment(client.get_experiment_by_name("combo").experiment_id)
    return client


@pytest.fixture
def serve():
    """Starts servers that answer everything but `/version` with a page; gives the address."""
    servers = []

    def start(version):
        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                known = version if self.path == "/version" else None
                self.send_response(200 if known else 404)
                self.end_headers()
                self.wfile.write((known or "<!doctype html><title>404 Not Found</title>").encode())

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                """Says nothing."""

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()


def test_user_and_password_of_an_address_are_never_shown():
    error = ConnectionError("http://ada:hunter2@tracking.example/api failed\nand a second line with ada:hunter2")
    assert what_went_wrong(error) == "ConnectionError: http://***@tracking.example/api failed"


def test_a_deleted_experiment_is_called_so_by_every_verb(command, stored, settings, trial, deleted):  # noqa: ARG001
    said = command("sync", "--storage", stored.store.root)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: MLflow at {settings.tracking_uri}: {DELETED}")

    with Tracker(settings, "combo", SWEEP, [trial], []) as tracker:
        pass
    assert DELETED in str(tracker.trouble)

    finding = look_at_mlflow(settings)
    assert (finding.verdict, "experiment 'combo' was deleted there" in finding.found) == ("fail", True)

    with pytest.raises(Exception, match="experiment 'combo' was deleted there"):
        read_logged(settings, [trial.key], lambda *_: None)


def test_a_deleted_experiment_that_is_restored_or_passed_over_by_another_name_is_no_trouble(
    command, stored, settings, trial, deleted, monkeypatch
):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "ours")
    assert command("sync", "--storage", stored.store.root).code == 0
    assert set(View(settings.tracking_uri, "ours").trials) == {trial.key}
    assert look_at_mlflow(replace(settings, mlflow_experiment="ours")).verdict == "ok"

    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
    (gone,) = deleted.search_experiments(view_type=ViewType.DELETED_ONLY)
    deleted.restore_experiment(gone.experiment_id)
    assert command("sync", "--storage", stored.store.root).code == 0
    assert look_at_mlflow(settings).verdict == "ok"


@pytest.mark.usefixtures("trial")
def test_a_database_that_is_read_only_is_one_sentence(command, stored, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # MLflow makes a folder there for what it takes for a path
    database = stored.store.root / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///file:{database}?mode=ro&uri=true")
    said = command("sync", "--storage", stored.store.root)

    assert said.code == 2
    assert "cannot be written by this user (make its files and their folder writable" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("trial")
@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("2.22.0", "is too old: its version is 2.22.0 (it must be 3.0 or newer)"),
        ("a login page", "answers with a web page, as no MLflow does (check MLFLOW_TRACKING_URI)"),
    ],
)
def test_a_server_that_answers_with_pages_is_too_old_or_no_mlflow(
    command, stored, settings, serve, monkeypatch, version, told
):
    address = serve(version)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    said = command("sync", "--storage", stored.store.root)

    assert (said.code, said.err) == (2, f"error: MLflow at {address}: {told}\n")
    finding = look_at_mlflow(replace(settings, tracking_uri=address))
    assert (finding.verdict, told.partition(" (")[0] in finding.found) == ("fail", True)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            MlflowException("Permission denied", PERMISSION_DENIED),
            "refuses this user (set MLFLOW_TRACKING_USERNAME",
        ),
        (
            MlflowException("Invalid Host header", PERMISSION_DENIED),
            "does not answer to this name (allow it",
        ),
        (OSError(28, "No space left on device"), "its disk is full (free space there)"),
        (MlflowException("(sqlite3.OperationalError) database or disk is full\n[SQL: ...]"), "its disk is full"),
        (TimeoutError(), "cannot be reached (see that it runs"),
        (RuntimeError("something else\nat length"), "cannot be used: RuntimeError: something else (see its log)"),
    ],
)
def test_every_kind_of_failure_has_its_own_remedy(settings, error, told):
    assert f"MLflow at {settings.tracking_uri}: {told}" in str(explain(error, settings))
