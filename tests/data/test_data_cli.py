import subprocess
import sys

import typer
from typer.testing import CliRunner

from model.data.avsbench import AVSBench
from model.data.errors import DataError
from model.data.fingerprint import data_fingerprint
from orchestrator.cli.data import app

combo = typer.Typer()
combo.add_typer(app, name="data")


def _synth(*options):
    return CliRunner().invoke(combo, ["data", "synth", *map(str, options)])


def test_synth_writes_and_then_says_it_is_done(tmp_path):
    options = ("--subset", "ms3", "--out", tmp_path, "--clips", 5, "--seed", 1, "--size", 64)
    first, second = _synth(*options), _synth(*options)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "3 train / 1 val / 1 test clips" in first.output
    assert "written in" in first.output
    assert "already complete, nothing written" in second.output
    for result in (first, second):
        assert data_fingerprint(tmp_path, "ms3") in result.output
    assert len(AVSBench(tmp_path, "ms3", "train", size=64)) == 3


def test_a_mistake_reaches_the_error_boundary(tmp_path):
    result = _synth("--subset", "s4", "--out", tmp_path, "--clips", 2)

    assert isinstance(result.exception, DataError)


def test_help_needs_no_numerics():
    code = (
        "import sys; from typer.testing import CliRunner; from orchestrator.cli.data import app; "
        "result = CliRunner().invoke(app, ['synth', '--help']); assert result.exit_code == 0; "
        "assert not {'torch', 'numpy', 'cv2', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_error_sentence_shows_control_characters_of_names(command, tmp_path):
    folder = tmp_path / "\x1b[31mred\nfolder"
    folder.mkdir()

    code, _, err = command("data", "check", folder, "--subset", "s4")

    assert code == 2
    assert r"\x1b[31mred\nfolder" in err
    assert "\x1b" not in err
    assert len(err.splitlines()) == 1
