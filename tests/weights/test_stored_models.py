"""A folder of weights that is not what it should be is refused in one sentence that says what to do."""

import hashlib
import json
import os
import stat

import pytest
import torch

from experiments.presets import resolve_preset
from model.weights.errors import CheckpointError
from model.weights.export_official import export_official
from model.weights.folder import file_checksum
from model.weights.official_form import paper_truths
from model.weights.stored_model import fill, load_weights, read_stored_model, save_model

CONFIG = resolve_preset("combo_r50", "s4")


@pytest.fixture
def stored(tmp_path):
    return save_model(tmp_path / "stored", {"a": torch.ones(2)}, CONFIG, step=3)


@pytest.fixture
def manifest(stored):
    """What the manifest says, to be changed and written back."""
    content = json.loads((stored / "manifest.json").read_text())
    del content["own_checksum"]
    return content


def write_manifest(folder, manifest):
    """As someone would who knows how the checksum is made."""
    own = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({**manifest, "own_checksum": own}))


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_others_may_read_weights_as_the_mask_says(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        folder = save_model(tmp_path / "shared", {"a": torch.ones(2)}, CONFIG, step=3)
    finally:
        os.umask(before)
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert files == {"model.safetensors": mode, "manifest.json": mode}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~mask


def refusal(read, *words):
    with pytest.raises(CheckpointError) as refused:
        read(*words)
    (line,) = str(refused.value).splitlines()
    return line


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "1", "null", '"text"', "{}", '{"own_checksum": 1}', "[" * 100_000, b"\xff\xfe", '{"checksums": {}}'],
)
def test_what_is_no_manifest_is_damage(stored, content):
    (stored / "manifest.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert f"{stored} is damaged (manifest.json): restore it" in refusal(read_stored_model, stored)


@pytest.mark.parametrize("checksums", [None, [], "model.safetensors", {"model.safetensors": 1}, {"../other": "0"}])
def test_checksums_of_another_form_are_damage(stored, manifest, checksums):
    write_manifest(stored, {**manifest, "checksums": checksums})
    assert "is damaged (manifest.json)" in refusal(read_stored_model, stored)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("step", None, "step: "),
        ("step", "many", "step: "),
        ("step", -1, "step: "),
        ("config", {"colour": 1}, "config.colour: Extra inputs"),
        ("config", {"\x1b[2J": 1}, r"'config.\x1b[2J: Extra inputs"),
        ("config", [], "config: "),
        ("origin", {"kind": "stolen"}, "origin.kind: "),
        ("origin", None, "origin: "),
        ("checksums", {}, "lists no model.safetensors in its manifest.json"),
    ],
)
def test_a_manifest_that_describes_no_model_is_refused_with_the_oddity(stored, manifest, key, value, told):
    write_manifest(stored, {**manifest, key: value})
    said = refusal(read_stored_model, stored)
    assert str(stored) in said
    assert told in said


@pytest.mark.parametrize("key", ["step", "config", "origin"])
def test_a_manifest_that_leaves_something_out_is_refused(stored, manifest, key):
    del manifest[key]
    write_manifest(stored, manifest)
    assert f"names no model that this version knows ({key}: Field required)" in refusal(read_stored_model, stored)


def test_what_a_manifest_says_beyond_that_is_left_alone(stored, manifest):
    write_manifest(stored, {**manifest, "best_step": 2, "scaler": {"scale": 1.0}})
    assert read_stored_model(stored).step == 3


def test_an_ordinary_folder_is_no_damaged_checkpoint(tmp_path):
    (tmp_path / "docs").mkdir()
    assert "docs is no checkpoint folder: import" in refusal(read_stored_model, tmp_path / "docs")
    assert "absent is no checkpoint folder: import" in refusal(read_stored_model, tmp_path / "absent")


def test_weights_without_their_manifest_are_damaged(stored):
    (stored / "manifest.json").unlink()
    assert "is damaged (manifest.json): restore it" in refusal(read_stored_model, stored)


def test_weights_of_another_network_are_named_in_one_line(stored):
    other = torch.nn.Linear(3, 2)
    assert "2 missing: weight, bias; 1 unexpected: a" in refusal(fill, stored, other)


def test_a_weights_file_that_holds_no_tensors_is_refused(stored, manifest):
    (stored / "model.safetensors").write_bytes(b"garbage")
    checksum = file_checksum(stored / "model.safetensors")
    write_manifest(stored, {**manifest, "checksums": {"model.safetensors": checksum}})
    assert "model.safetensors is damaged, or no file of weights" in refusal(fill, stored, torch.nn.Linear(3, 2))


def test_damaged_weights_name_the_remedy_that_the_caller_knows(stored):
    (stored / "model.safetensors").write_bytes(b"garbage")
    assert refusal(load_weights, stored, torch.nn.Linear(3, 2)).endswith("it continues from what is intact")
    assert refusal(load_weights, stored, torch.nn.Linear(3, 2), "restore it").endswith("restore it")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, full_disk):
    with full_disk(1000), pytest.raises(OSError, match=r"large could not be written: .*File too large"):
        save_model(tmp_path / "large", {"a": torch.ones(1000)}, CONFIG, step=3)
    assert list(tmp_path.iterdir()) == []


def test_the_export_of_weights_that_do_not_fit_their_description_is_refused(stored, tmp_path):
    said = refusal(export_official, read_stored_model(stored), tmp_path / "out.pth")
    assert "does not fit this model" in said
    assert not (tmp_path / "out.pth").exists()


def test_the_switches_that_the_authors_code_does_not_know_are_named():
    changed = resolve_preset("combo_r50", "s4", {"truths.lada_chunk": "paper", "truths.bfm_softmax_axis": "paper"})
    assert paper_truths(CONFIG) == []
    assert paper_truths(changed) == ["truths.bfm_softmax_axis=paper", "truths.lada_chunk=paper"]
