"""What `make TORCH=cpu` installs: the lock without CUDA, and PyTorch in the locked version, of its CPU build."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def divided(tmp_path_factory):
    """Both files, as make writes them."""
    folder = tmp_path_factory.mktemp("lock")
    rest, torch = folder / "rest.lock", folder / "torch.txt"
    command = [sys.executable, "infra/cpu_lock.py", "requirements.lock", rest, torch]
    subprocess.run(command, cwd=ROOT, check=True)
    return rest.read_text(), torch.read_text()


def names(lock):
    """The packages of a lock."""
    return {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}


def needed(package):
    """What an installed package needs on this system, without extras."""
    parsed = map(Requirement, requires(package) or [])
    return {canonicalize_name(one.name) for one in parsed if one.marker is None or one.marker.evaluate({"extra": ""})}


def test_everything_but_pytorch_and_cuda_is_installed_from_the_lock_with_its_hashes(divided):
    rest, torch = divided
    left_out = names(LOCK) - names(rest) - names(torch)

    assert set(rest.splitlines()) <= set(LOCK.splitlines())
    assert {name.partition("-")[0] for name in left_out} == {"cuda", "nvidia", "triton"}
    assert "nvidia-ml-py" in names(rest)
    assert torch.split() == [line.split()[0] for line in LOCK.splitlines() if re.match(r"torch(vision)?==", line)]


def test_nothing_that_is_installed_needs_what_is_left_out(divided):
    rest, torch = divided
    left_out = names(LOCK) - names(rest) - names(torch)
    wanting = {}
    for package in names(rest):
        try:
            wanting |= {package: missing} if (missing := needed(package) & left_out) else {}
        except PackageNotFoundError:  # of another system or Python
            continue

    assert wanting == {}


def test_pytorch_finds_all_that_its_cpu_build_needs(divided):
    rest, torch = divided
    of_cuda = names(LOCK) - names(rest) - names(torch)

    assert needed("torch") | needed("torchvision") <= names(rest) | names(torch) | of_cuda
    assert {"sympy", "jinja2", "numpy", "pillow"} <= names(rest)


@pytest.mark.parametrize(
    ("torch", "index", "hashes"),
    [("cuda", "", "requirements.lock"), ("cpu", "--torch-backend cpu", "without-torch.lock")],
)
def test_make_installs_the_build_that_is_asked_for(torch, index, hashes):
    command = ["make", "--dry-run", f"install-{torch}"]
    planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert index in planned
    assert re.search(rf"pip sync --require-hashes \S+ \S*{re.escape(hashes)}", planned)


def test_another_build_is_refused():
    command = ["make", "--dry-run", "demo", "TORCH=gpu"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert refused.returncode == 2
    assert "TORCH is cpu or cuda, not 'gpu'" in refused.stderr
