"""Data that are not to be written: what is made from them lies in a folder of links, which reads like the data."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.data.avsbench import AVSBench
from model.data.derived import data_with_derived
from model.data.errors import DataError
from model.data.fingerprint import data_fingerprint
from model.data.layout import SUBSET_FOLDERS
from orchestrator.settings import resolve_settings
from tests.small_proposals import small_proposals

IN_TURN = """
import json, sys
from orchestrator.cli.app import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["combo", *words]
    try:
        main()
    except SystemExit as end:
        print(end.code, flush=True)
"""
"""Runs commands and says how each ended."""
CLIPS = {"s4": 3, "ms3": 3, "avss": 3}


@pytest.fixture(scope="module")
def few(written):
    """All three subsets with few clips; not to be changed."""
    return written(CLIPS)


@pytest.fixture
def released(few, tmp_path):
    """A copy of all subsets as they are released: no Maskiges, no log-mels, no AVSS pictures of the network's size."""
    data = shutil.copytree(few, tmp_path / "data")
    for name in ("pre_SAM_mask", "audio_log_mel", "processed_frames", "processed_labels_semantic"):
        for folder in [*data.rglob(name)]:
            shutil.rmtree(folder)
    for path in [*data.rglob("audio.pkl")]:
        path.unlink()
    return data


@pytest.fixture
def prepare(command):
    """A function that prepares a subset, in the data or elsewhere."""

    def run(data, subset, *derived):
        code, out, err = command("data", "prepare", data, "--subset", subset, "--workers", 1, *derived)
        assert code == 0, out + err

    return run


def _contents(folder):
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("subset", ["ms3", "avss"])
def test_data_stay_as_they_are_and_what_is_made_is_read_with_them(check, command, prepare, released, tmp_path, subset):
    derived, before = tmp_path / "derived", _contents(released)
    propose = ("data", "maskige", released, "--subset", subset, "--workers", 1)

    with small_proposals():
        prepare(released, subset, "--derived", derived)
        assert command(*propose, "--derived", derived)[0] == 0
        after = _contents(released)
        prepare(released, subset)
        assert command(*propose)[0] == 0

    assert after == before
    options = ("--maskige", "felzenszwalb")
    assert check(released, subset, "--derived", derived, *options) == (0, {}, {})
    assert check(derived, subset, *options) == (0, {}, {})
    assert len(AVSBench(derived, subset, "train", size=64, proposer="felzenszwalb")[0].maskiges) > 1
    prints = [data_fingerprint(place, subset, "felzenszwalb", 64) for place in (released, derived)]
    assert prints[0] == prints[1]


def test_the_folder_stands_for_the_other_subsets_too(check, prepare, released, tmp_path):
    derived = tmp_path / "derived"
    prepare(released, "ms3", "--derived", derived)

    assert check(derived, "s4")[1].keys() == check(released, "s4")[1].keys() == {"Maskige: missing"}
    prepare(released, "s4", "--derived", derived)

    _, found, notes = check(derived, "s4")
    assert (found.keys(), notes) == ({"Maskige: missing"}, {})
    assert len([*derived.rglob("s4_data/audio_log_mel/**/*.pkl")]) == CLIPS["s4"]


def test_a_damaged_picture_is_made_anew_beside_the_data(command, prepare, released, tmp_path):
    prepare(released, "avss")
    damaged = min(released.rglob("processed_frames/0.jpg"))
    damaged.write_bytes(b"damaged")

    code, _, _ = command("data", "prepare", released, "--subset", "avss", "--derived", tmp_path / "derived")

    assert code == 0
    assert damaged.read_bytes() == b"damaged"
    mended = tmp_path / "derived" / damaged.relative_to(released)
    assert not mended.is_symlink()
    assert mended.stat().st_size > len(b"damaged")


def test_an_environment_variable_names_the_folder_for_all_commands(prepare, released, tmp_path, monkeypatch):
    derived = tmp_path / "derived"
    monkeypatch.setenv("COMBO_DERIVED", str(derived))
    monkeypatch.setenv("COMBO_DATA", str(released))
    monkeypatch.setenv("COMBO_STORAGE", str(tmp_path / "storage"))

    assert resolve_settings().data == released
    prepare(released, "ms3")

    assert resolve_settings().data == derived
    assert not [*released.rglob("audio_log_mel")]


def test_a_folder_of_other_data_is_refused(command, prepare, released, few, tmp_path):
    derived = tmp_path / "derived"
    prepare(released, "ms3", "--derived", derived)

    code, _, err = command("data", "prepare", few, "--subset", "ms3", "--derived", derived)

    assert code == 2
    assert f"{derived} was made for the data in {released}" in err
    assert f"not for {few}: name another folder" in err
    with pytest.raises(DataError, match="name another folder"):
        data_with_derived(few, derived)


def test_a_folder_inside_the_subset_is_refused(command, released):
    inside = released / SUBSET_FOLDERS["ms3"] / "derived"

    code, _, err = command("data", "prepare", released, "--subset", "ms3", "--derived", inside)

    assert code == 2
    assert "lie in each other: name a folder beside the data with --derived" in err
    assert not inside.exists()


def test_a_read_only_folder_is_told_in_a_sentence(released):
    """By every command that writes, in one process, which has given up root's power to write everywhere."""
    powers = "--bounding-set=-dac_override,-dac_read_search,-fowner"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv")
    as_user = ["setpriv", powers] if os.geteuid() == 0 else []
    root = released / SUBSET_FOLDERS["s4"]
    (root / "dataset.json").unlink()
    closed = (root, root / "s4_data")
    for folder in closed:
        folder.chmod(0o555)
    commands = (("prepare",), ("maskige", "--proposer", "felzenszwalb"), ("describe",))
    words = [["data", verb, str(root), "--subset", "s4", "--size", "64", *options] for verb, *options in commands]

    done = subprocess.run(
        [*as_user, sys.executable, "-c", IN_TURN, json.dumps(words)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )

    for folder in closed:
        folder.chmod(0o755)
    assert done.stdout.splitlines() == ["2", "2", "2"], done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(said) == 3
    for line in said:
        assert "cannot be written (Permission denied): make it writable, or name another folder" in line
    assert "Traceback" not in done.stderr
