"""The compose file: by the schema of the Compose Specification, and by Docker Compose where it is installed."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

COMPOSE = Path(__file__).parents[2] / "infra" / "compose"
FILES = ("compose.yaml", "gpu.yaml")


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The folder with secrets that its script has just made."""
    folder = tmp_path_factory.mktemp("repository") / "infra" / "compose"
    folder.mkdir(parents=True)
    for name in (*FILES, "nginx.conf", "make_secrets.sh"):
        (folder / name).write_bytes((COMPOSE / name).read_bytes())
    made = subprocess.run(["bash", folder / "make_secrets.sh", "lab.example.org"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def specification():
    """The schema of the Compose Specification."""
    return Draft202012Validator(get_builtin_schema("vendor.compose-spec"))


@pytest.mark.parametrize("name", FILES)
def test_the_files_fit_the_compose_specification(specification, name):
    assert best_match(specification.iter_errors(yaml.safe_load((COMPOSE / name).read_text()))) is None


def test_a_misspelt_key_is_found(specification, services):
    services = {**services, "s3": {**services["s3"], "restarts": "always"}}

    assert "restarts" in best_match(specification.iter_errors({"services": services})).message


def test_docker_compose_reads_both_files_with_the_secrets_that_were_made(copied, program):
    compose = program("docker-compose")
    version = subprocess.run([compose, "version", "--short"], capture_output=True, text=True).stdout.strip()
    if version.startswith("1."):  # Debian's
        pytest.skip(f"docker-compose {version} is older than the Compose Specification")
    words = [word for name in FILES for word in ("--file", copied / name)]
    read = subprocess.run([compose, *words, "config", "--format", "json"], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    configured = json.loads(read.stdout)["services"]

    assert configured["mlflow"]["environment"]["MLFLOW_SERVER_ALLOWED_HOSTS"].startswith("lab.example.org,")
    assert configured["ray-worker"]["environment"]["RAY_AUTH_TOKEN"]
    assert configured["ray-worker"]["deploy"]["resources"]["reservations"]["devices"]


def test_only_the_proxy_is_reached_from_other_machines(services):
    ports = {name: port for name, service in services.items() for port in service.get("ports", [])}

    assert {"mlflow", "ray-head", "proxy"} == ports.keys()
    assert {name for name, port in ports.items() if not port.startswith("127.0.0.1:")} == {"proxy"}


def test_no_secret_is_written_into_the_compose_file(services):
    secret = ("PASSWORD", "SECRET", "TOKEN", "ACCESS_KEY")

    assert [name for one in services.values() for name in one.get("environment", {}) if name.endswith(secret)] == []


def test_secrets_are_closed_to_others_and_are_not_made_twice(copied):
    before = (copied / "secrets" / "combo.env").read_text()
    again = subprocess.run(["bash", copied / "make_secrets.sh", "lab.example.org"], capture_output=True, text=True)

    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert (copied / "secrets" / "combo.env").read_text() == before
    assert (copied / "secrets").stat().st_mode & 0o077 == 0


def test_our_containers_have_a_root_that_cannot_be_written_and_no_rights_to_spare(services):
    ours = {name: service for name, service in services.items() if service["image"].startswith("combo-lab")}

    assert ours.keys() == {"buckets", "mlflow", "ray-head", "ray-worker"}
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours.values())
