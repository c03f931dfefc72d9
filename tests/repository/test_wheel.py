"""The wheel carries what the installed command needs, and works away from the repository."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("experiments", "model", "orchestrator", "reports")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that the repository stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    for room in (*ROOMS, "tests"):
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source]
    built = subprocess.run(build, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Python of a fresh environment that has the wheel; third-party packages are borrowed from this one."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    target = ["--python", python, "--no-deps", "--no-index", "--quiet"]
    subprocess.run([Path(sys.executable).with_name("uv"), "pip", "install", *target, wheel], check=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    (Path(packages) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def _run(program, folder, *words):
    """Runs a program of the fresh environment in a folder that has nothing to do with the repository."""
    own = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")  # the second would let each run compile all of the wheel anew
    environment = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run([program, *words], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_wheel_holds_every_module_and_data_file_and_nothing_else(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix().removeprefix("orchestrator/door/")
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert inside == wanted


def test_the_modules_come_from_the_wheel(installed, tmp_path):
    code = (
        "import experiments.expand, model.config, orchestrator.cli.app, reports.build\n"
        "for module in (experiments, model, orchestrator, reports): print(module.__file__)"
    )
    run = _run(installed, tmp_path, "-c", code)

    assert run.returncode == 0, run.stderr
    assert all(line.startswith(str(installed.parents[1])) for line in run.stdout.splitlines())


def test_the_installed_command_finds_its_experiments_and_builds_a_report(installed, tmp_path):
    combo = installed.with_name("combo")
    shown = _run(combo, tmp_path, "show", "combo/table7", "--scale", "demo")
    report = _run(combo, tmp_path, "report", "build", "combo/table7", "--scale", "demo")

    assert shown.returncode == 0, shown.stderr
    assert "lambda-10" in shown.stdout
    assert report.returncode == 0, report.stderr
    assert list(tmp_path.rglob("index.html"))
