"""Properties of the repository as a whole."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from model.registry import MODELS

ROOT = Path(__file__).parents[2]
MAX_LINES = 400
LOCKS = ("requirements.lock", "infra/docker/requirements.lock")
CODE = {".py", ".yaml", ".toml", ".md", ".j2", ".css", ".sh"}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt|tmp/pytest)/[\w.-]+")
"""Folders that exist on one developer's machine only."""


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@pytest.fixture(scope="module")
def tracked():
    """Files that git tracks or would track."""
    command = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_files_are_short_enough_to_read(tracked):
    lengths = {path: len(path.read_text().splitlines()) for path in tracked if path.suffix in CODE}

    assert {str(path): length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_no_file_names_a_place_on_a_developers_machine(tracked):
    own = Path(__file__).resolve()
    found = {
        str(path): matches
        for path in tracked
        if path != own and (text := _text(path)) and (matches := MACHINE_PATH.findall(text))
    }

    assert found == {}


def test_test_files_have_names_of_their_own(tracked):
    names = [path.name for path in tracked if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"]
    doubled = {name for name in names if names.count(name) > 1}

    assert doubled <= {"conftest.py"}
    assert "__init__.py" not in names


def test_rooms_import_one_way():
    linter = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_with_hashes_and_names_no_host(lock):
    text = (ROOT / lock).read_text()
    packages = re.split(r"\n(?=\S)", text.strip())

    assert "://" not in text
    assert "index" not in "".join(line for line in text.splitlines() if line.startswith("-"))
    assert len(packages) > 50
    assert [entry.splitlines()[0] for entry in packages if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_image_has_the_locked_versions_of_what_it_needs_and_no_tool_of_development():
    everything, image = (_locked(lock) for lock in LOCKS)
    tools = {"hypothesis", "moto", "mypy", "playwright", "pre-commit", "pytest", "ruff"}

    assert {name for name, versions in image.items() if not versions <= everything.get(name, set())} == set()
    assert {"torch", "ray", "mlflow", "psycopg2-binary", "setuptools"} <= image.keys()
    assert tools <= everything.keys()
    assert tools & image.keys() == set()


def test_every_dependency_is_in_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line)[0]).lower() for line in wanted}

    assert names <= _locked("requirements.lock").keys()


def _locked(lock):
    """The versions that are locked, by package; several where they depend on the system."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[[^\]]*\])?==([^\\\n;\s]+)", (ROOT / lock).read_text(), re.MULTILINE
    ):
        found.setdefault(name, set()).add(version)
    return found


def test_documents_name_only_files_that_are_there(tracked):
    named = re.compile(r"`((?:model|orchestrator|experiments|reports|tests|infra|docs)/[\w./-]+\.\w+)`")
    documents = [path for path in tracked if path.suffix == ".md" and path.name != "CHANGELOG.md"]
    missing = {
        f"{document.relative_to(ROOT)}: {name}"
        for document in documents
        for name in named.findall(document.read_text())
        if not (ROOT / name).exists() and not name.startswith("model/toy/")  # the page "Add a model" makes that one
    }

    assert missing == set()


def test_import_contracts_that_name_a_model_name_every_model():
    folders = {entry.config.split(".config:")[0] for entry in MODELS.values()}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    missing = set()
    for contract in contracts:
        modules = set(re.findall(r"[\w.]+", str([value for key, value in contract.items() if key != "name"])))
        for combo in (module for module in modules if module.startswith("model.combo")):
            expected = {folder + combo.removeprefix("model.combo") for folder in folders}
            missing |= {f"{contract['name']}: {module}" for module in expected - modules}

    assert missing == set()
