"""The compose file, by Docker Compose itself where it is installed."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

COMPOSE = Path(__file__).parents[2] / "infra" / "compose"


@pytest.fixture(scope="module")
def configured(tmp_path_factory):
    """What Docker Compose makes of the file with secrets that the script has just made, by services."""
    folder = tmp_path_factory.mktemp("repository") / "infra" / "compose"
    folder.mkdir(parents=True)
    for file in COMPOSE.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "make_secrets.sh").chmod(0o755)
    made = subprocess.run([folder / "make_secrets.sh", "lab.example.org"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def config(configured, program):
    """Runs `docker compose config` on files of the folder; returns what it made of them, and what it said."""
    compose = program("docker-compose")

    def run(*files):
        words = [word for file in files for word in ("--file", configured / file)]
        read = subprocess.run([compose, *words, "config", "--format", "json"], capture_output=True, text=True)
        return read.stdout, read.stderr

    return run


@pytest.fixture(scope="module")
def services(config):
    return json.loads(config("compose.yaml")[0])["services"]


def test_docker_compose_accepts_the_file(services):
    assert {"mlflow", "postgres", "s3", "ray-head", "ray-worker", "proxy"} <= services.keys()


def test_docker_compose_accepts_the_file_with_gpus(config):
    worker = json.loads(config("compose.yaml", "gpu.yaml")[0])["services"]["ray-worker"]

    assert worker["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


def test_docker_compose_refuses_a_misspelt_key(config, configured):
    broken = (configured / "compose.yaml").read_text().replace("shm_size:", "shm_sise:")
    (configured / "broken.yaml").write_text(broken)
    made, said = config("broken.yaml")

    assert made == ""
    assert "shm_sise" in said


def test_only_the_proxy_is_reached_from_other_machines(services):
    open_to_all = {
        name
        for name, service in services.items()
        for port in service.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    }

    assert open_to_all == {"proxy"}


def test_no_secret_is_written_into_the_compose_file():
    text = (COMPOSE / "compose.yaml").read_text()
    environments = [service.get("environment", {}) for service in yaml.safe_load(text)["services"].values()]
    secret = ("PASSWORD", "SECRET", "TOKEN", "ACCESS_KEY")

    assert [name for one in environments for name in one if name.endswith(secret)] == []


def test_secrets_are_closed_to_others_and_are_not_made_twice(configured):
    before = (configured / "secrets" / "combo.env").read_text()
    again = subprocess.run([configured / "make_secrets.sh", "lab.example.org"], capture_output=True, text=True)

    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert (configured / "secrets" / "combo.env").read_text() == before
    assert (configured / "secrets").stat().st_mode & 0o077 == 0


def test_our_containers_have_a_root_that_cannot_be_written_and_no_rights_to_spare(services):
    ours = {name: service for name, service in services.items() if service["image"].startswith("combo-lab")}

    assert ours.keys() == {"buckets", "mlflow", "ray-head", "ray-worker"}
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours.values())
