"""What is refused before anything is sent, and what is sent."""

import http.server
import json
import re
import shlex
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from experiments.errors import InputError
from experiments.load_experiment import load_experiment
from experiments.papers import ROOT as EXPERIMENTS
from orchestrator.jobs.environment import job_variables
from orchestrator.jobs.job_files import JobFiles, package_files
from orchestrator.jobs.request import JobRequest, job_command
from tests.own_papers import write_paper

ONE_TRIAL = Path(__file__).with_name("one_trial.yaml")
NOBODY = "http://127.0.0.1:9"
PLACES = ("--storage", "/shared/storage", "--data", "/shared/data")


@pytest.fixture
def refused(command, tmp_path, monkeypatch):
    """Submits from an empty folder; returns the lines that say why not."""
    monkeypatch.chdir(tmp_path)
    for name in ("COMBO_DATA", "COMBO_STORAGE", "MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)

    def submit(*words):
        said = command("submit", *words, "--address", NOBODY)
        assert said.code == 2, said.err
        assert said.out == ""
        return said.err.splitlines()

    return submit


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--storage", "here", "--data", "/shared/data"], "--storage here: is a path below a folder of this machine"),
        (["--storage", "s3://bucket/trials", "--data", "here"], "--data here: is a path below a folder"),
        (["--storage", "s3://bucket/trials"], "--data: is needed: a cluster has no default of its own"),
        ([*PLACES, "--vggish-weights", "v.pth"], "--vggish-weights v.pth: is a path below a folder of this machine"),
        ([*PLACES, "--backbone-weights", "resnet50.tv_in1k=r.pth"], "--backbone-weights resnet50.tv_in1k=r.pth: is a"),
        ([*PLACES, "loss.lamda_ada=3"], "'lamda_ada' is not a setting of combo trials (did you mean 'lambda_ada'?)"),
        ([*PLACES, "--scale", "lng"], "has no scale 'lng' (did you mean 'long'?)"),
        (["--storage", "s3://key:secret@bucket/a", "--data", "/d"], "--storage: carries credentials"),
        (PLACES, "Ray at http://127.0.0.1:9: does not answer: Connection refused (check the address;"),
    ],
)
def test_a_submission_that_cannot_work_is_refused_in_one_sentence(refused, words, message):
    began = time.monotonic()
    [line] = refused(ONE_TRIAL, *words)

    assert message in line
    assert line.startswith("error: ")
    assert "secret@" not in line
    assert time.monotonic() - began < 10


def test_a_search_is_sent_as_experiments_are(refused):
    [line] = refused("search/lambda_ada", *PLACES)
    assert line.startswith(f"error: Ray at {NOBODY}: ")

    [line] = refused("search/lambda_ada", ONE_TRIAL, *PLACES)
    assert "names a search beside something else" in line


def test_all_that_is_missing_is_said_at_once(refused):
    assert len(refused(ONE_TRIAL)) == 2


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MLFLOW_TRACKING_URI", "https://me:my-password@mlflow/", "carries credentials"),
        ("MLFLOW_TRACKING_URI", "postgresql+psycopg2://me:my-password@db/mlflow", "carries credentials"),
        ("AWS_ENDPOINT_URL", "http://s3:9000?secret_key=my-password", "carries credentials"),
        ("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db", "names a file of this machine"),
        ("MLFLOW_TRACKING_URI", "mlruns", "names a file of this machine"),
    ],
)
def test_a5_an_address_that_must_not_or_cannot_travel_is_refused(refused, monkeypatch, variable, value, message):
    monkeypatch.setenv(variable, value)
    [line] = refused(ONE_TRIAL, *PLACES)

    assert line.startswith(f"error: {variable}: {message}")
    assert "my-password" not in line


def test_a_server_that_is_no_ray_is_named_as_such(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said = command("submit", ONE_TRIAL, *PLACES, "--address", f"http://127.0.0.1:{server.server_port}")
    server.shutdown()

    assert said.code == 2
    assert "is no Ray dashboard" in said.err.splitlines()[-1]
    assert "Traceback" not in said.err


class Dashboard(http.server.BaseHTTPRequestHandler):
    """Tells of a Ray what a head's dashboard does."""

    def do_GET(self):
        told = {"rayVersion": "2.9.3", "pythonVersion": "3.9.18"}
        answer = json.dumps({"version": "4", "ray_version": told["rayVersion"], "data": told}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_a_cluster_of_versions_that_this_package_does_not_run_on_is_refused(command):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dashboard) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        said = command("submit", ONE_TRIAL, *PLACES, "--address", address)
        server.shutdown()

    assert said.code == 2
    (line,) = said.err.splitlines()
    assert re.match(rf"error: Ray at {address}: has Python 3\.9\.18, not \S+ and Ray 2\.9\.3, not \S+ \(use", line)


def test_a5_of_the_environment_only_addresses_and_the_name_of_the_mlflow_experiment_travel():
    mine = {
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ACCESS_KEY_ID": "id",
        "MLFLOW_TRACKING_PASSWORD": "secret",
        "RAY_AUTH_TOKEN": "secret",
        "HOME": "/somewhere",
        "AWS_ENDPOINT_URL": "http://s3:9000",
        "MLFLOW_TRACKING_URI": "http://mlflow:5000",
        "MLFLOW_EXPERIMENT_NAME": "ours",
    }
    sent = job_variables(mine)

    assert sent["AWS_ENDPOINT_URL"] == "http://s3:9000"
    assert sent["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"
    assert sent["MLFLOW_EXPERIMENT_NAME"] == "ours"
    assert len([name for name in sent if name in mine]) == 3
    assert "secret" not in sent.values()


def test_words_reach_the_cluster_as_they_were_given():
    words = ["combo/table7", "data.maskige=a 'quoted' $HOME; name"]
    options = [("--scale", "smoke"), ("--verbose", ""), ("--data", "/my data")]
    request = JobRequest("x", "0", job_command(words, options, {"COMBO_STORAGE": "s3://bucket/trials"}), {})
    sent = shlex.split(request.entrypoint)

    assert sent[:4] == ["python", "-m", "orchestrator.cli", "run"]
    assert sent[4:6] == words
    assert sent[6:] == ["--scale", "smoke", "--verbose", "--data", "/my data", "--storage", "s3://bucket/trials"]


def test_a_folder_of_links_is_named_as_the_data_of_a_job():
    options = [("--data", "/data"), ("--storage", "/trials")]

    with pytest.raises(InputError, match=r"COMBO_DERIVED=/mine: does not travel with a job \(unset it"):
        job_command(["combo/table7"], options, {"COMBO_DERIVED": "/mine"})


def test_the_packages_and_the_named_experiments_travel_and_nothing_else(tmp_path):
    other = tmp_path / "elsewhere" / ONE_TRIAL.name
    other.parent.mkdir()
    other.write_text(ONE_TRIAL.read_text() + "# changed\n")
    job_files = JobFiles(
        [str(ONE_TRIAL), str(other), "combo/table7", str(EXPERIMENTS / "combo" / "table3.yaml"), "a=b"]
    )
    folder = tmp_path / "packed"
    folder.mkdir()
    job_files.pack(folder)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    outside = {
        name for name in files if name.partition("/")[0] not in ("orchestrator", "model", "experiments", "reports")
    }

    first, second, *rest = job_files.words_there
    assert rest == ["combo/table7", "combo/table3", "a=b"]
    assert first != second
    assert files[first].read_bytes() == ONE_TRIAL.read_bytes()
    assert files[second].read_bytes() == other.read_bytes()
    assert outside - {first, second} == {"combo-lab.commit", "combo_lab-0.1.0.dist-info/METADATA"}
    assert "experiments/combo/table7.yaml" in files
    assert "reports/site/templates/base.html.j2" in files
    assert not any("__pycache__" in name or "/." in name for name in files)
    assert sum(path.stat().st_size for path in files.values()) < 5_000_000


def test_an_experiment_of_an_own_paper_travels_with_all_of_it_and_nothing_else(tmp_path):
    experiment = ONE_TRIAL.read_text().replace("paper: combo\n", "")
    files = {"one.yaml": experiment, "presets/small.yaml": "title: Small\n", "notes.txt": "private", ".key.yaml": "{}"}
    paper = write_paper(tmp_path / "mine", files)
    job_files = JobFiles([str(paper.path("one")), str(paper.folder), "a=b"])
    folder = tmp_path / "packed"
    folder.mkdir()
    job_files.pack(folder)

    one, whole, _ = job_files.words_there
    assert one == f"{whole}/one.yaml"
    assert load_experiment(str(folder / one)).name == "mine/one"
    travelled = {path.relative_to(folder / whole).as_posix() for path in (folder / whole).rglob("*") if path.is_file()}
    assert travelled == {"one.yaml", "paper.yaml", "references.bib", "presets/small.yaml"}

    (paper.folder / "presets" / "small.yaml").write_text("title: Smaller\n")
    assert job_files.words_there[0] != one


def test_equal_code_is_packed_into_equal_files(tmp_path):
    def packed(name):
        (tmp_path / name).mkdir()
        JobFiles(["combo/table7"]).pack(tmp_path / name)
        return {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*.*")
            if path.is_file()
        }

    assert packed("once") == packed("again")


def test_only_the_packages_own_files_travel(tmp_path, monkeypatch):
    """A copy of the packages with all that a working folder gathers."""
    root = tmp_path / "checkout"
    for path in package_files():
        copy = root / path.relative_to(EXPERIMENTS.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    monkeypatch.setattr("orchestrator.jobs.job_files.EXPERIMENTS", root / "experiments")
    before = package_files()
    secret = tmp_path / "secret.py"
    for stray in (
        secret,
        root / "experiments" / "secrets.json",
        root / "experiments" / "combo" / "secrets.json",
        root / "model" / "secrets.json",
        root / "orchestrator" / "settings.yaml",
        root / "orchestrator" / ".idea" / "keys.py",
        root / "experiments" / ".private" / "own.yaml",
        root / "reports" / ".env",
    ):
        stray.parent.mkdir(exist_ok=True)
        stray.write_text("SECRET = 1")
    (root / "model" / "link.py").symlink_to(secret)
    (root / "experiments" / "linked").symlink_to(tmp_path)
    (root / "orchestrator" / "new_file.py").write_text("")

    assert set(package_files()) - set(before) == {root / "orchestrator" / "new_file.py"}


def test_every_file_of_the_packages_travels():
    folders = ("orchestrator", "model", "experiments", "reports")
    listed = subprocess.run(["git", "ls-files", *folders], cwd=EXPERIMENTS.parent, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no checkout")

    assert set(listed.stdout.split()) <= {path.relative_to(EXPERIMENTS.parent).as_posix() for path in package_files()}


def test_without_an_address_only_a_dry_run_is_possible(command, monkeypatch):
    monkeypatch.delenv("RAY_API_SERVER_ADDRESS", raising=False)
    said = command("submit", ONE_TRIAL, *PLACES)

    assert (said.code, said.out) == (2, "")
    told = "error: --address: is needed: there is no cluster to submit to (name its dashboard, such as http://head:8265"
    assert said.err == f"{told}, or pass --dry-run)\n"


def test_a_dry_run_shows_what_would_travel_and_run_and_asks_no_cluster(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL", "RAY_API_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    said = command("submit", ONE_TRIAL, "--retries", 1, *PLACES, "--dry-run")
    *files, ran, variables = said.out.splitlines()

    assert said.code == 0, said.err
    assert "orchestrator/cli/run.py" in files
    assert [name for name in files if name.endswith(ONE_TRIAL.name)] == [ran.split()[5]]
    assert ran.startswith("command: python -m orchestrator.cli run named-experiments/")
    assert ran.endswith(" --retries 1 --storage /shared/storage --data /shared/data")
    assert variables.startswith("variables: RAY_")
    assert not list(tmp_path.iterdir())
