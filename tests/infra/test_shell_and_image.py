"""Scripts and image: what shellcheck and hadolint find, and what the image is made of."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
DOCKERFILE = INFRA / "docker" / "Dockerfile"
SCRIPTS = sorted(
    path
    for path in INFRA.rglob("*")
    if path.is_file() and (path.suffix in {".sh", ".sbatch"} or path.name == "healthy") and path.parent != INFRA
)


def test_the_scripts_are_found():
    assert {path.name for path in SCRIPTS} >= {
        "sweep.sbatch",
        "ray_node.sh",
        "two_nodes.sh",
        "make_secrets.sh",
        "healthy",
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script, program):
    checked = subprocess.run([program("shellcheck"), script], capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout


def test_hadolint_finds_nothing(program):
    checked = subprocess.run([program("hadolint"), DOCKERFILE], capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout


def test_hadolint_would_find_a_root_user(program, tmp_path):
    broken = tmp_path / "Dockerfile"
    broken.write_text(DOCKERFILE.read_text().replace("USER 10001:10001", "USER root"))
    checked = subprocess.run([program("hadolint"), broken], capture_output=True, text=True)

    assert "DL3002" in checked.stdout


def test_what_the_image_copies_is_sent_to_the_builder_and_is_there():
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    copied = {source for line in copies for source in line.split()[:-1]}

    assert copied == sent
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_the_image_has_the_uv_that_made_the_lock():
    version = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert version is not None
    assert f"ARG UV_VERSION={version[1]}\n" in DOCKERFILE.read_text()
    assert f"uv=={version[1]}" in (INFRA / "aws" / "cluster.yaml").read_text()
