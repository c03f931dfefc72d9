"""Data that a command asks for from several places: looked at once while it runs, and anew afterwards."""

import shutil

import pytest

from model.data.errors import DataError
from orchestrator.planning.known_data import fingerprint_of, looking_at_data_once


@looking_at_data_once()
def seen_twice(root):
    """The fingerprint before and after a mask grows."""
    before = fingerprint_of(root, "s4", None, 64)
    mask = next(path for path in root.rglob("*.png") if "gt_masks" in path.parts)
    mask.write_bytes(mask.read_bytes() + b"\n")
    with looking_at_data_once():
        return before, fingerprint_of(root, "s4", None, 64)


def test_a_data_set_is_looked_at_once_in_a_command_and_anew_in_the_next(data, tmp_path):
    root = shutil.copytree(data, tmp_path / "data")
    first, second = seen_twice(root), seen_twice(root)

    assert first[0] == first[1]
    assert second[0] == second[1] != first[0]


def test_data_that_come_meanwhile_are_found(data, tmp_path):
    with looking_at_data_once():
        with pytest.raises(DataError):
            fingerprint_of(tmp_path / "data", "s4", None, 64)
        shutil.copytree(data, tmp_path / "data")

        assert len(fingerprint_of(tmp_path / "data", "s4", None, 64)) == 16
