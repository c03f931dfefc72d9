"""A tracking server that refuses or never answers costs a note, not a trial."""

import socket

import pytest
from combo_command import TINY, Combo

pytestmark = pytest.mark.slow


@pytest.fixture(params=["refuses", "hangs"])
def server(request):
    """Address of a server that takes no connection, or takes it and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if request.param == "hangs":
            listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_trials_finish_without_mlflow(tmp_path, data, server):
    combo = Combo(tmp_path, data, MLFLOW_TRACKING_URI=server, MLFLOW_HTTP_REQUEST_TIMEOUT="2")
    run = combo("run", TINY, timeout=120)

    assert run.returncode == 0, run.stderr
    assert "3 of 3 trials finished" in run.stdout
    assert run.stdout.count("MLflow is incomplete: ") == 1
    (timing,) = (line for line in run.stdout.splitlines() if line.startswith("Ray started in"))
    assert int(timing.split()[-3]) <= 15
