"""A data set of one's own declares what it holds, and the check expects that instead of the published numbers."""

import json

import pytest

from model.data.fingerprint import data_fingerprint


@pytest.fixture
def own(subset_copy):
    """A complete MS3 of other numbers than the published ones, and no description."""
    root = subset_copy("ms3")
    (root / "dataset.json").unlink()
    return root


def test_a_described_data_set_is_as_it_should_be(check, command, own):
    (remedy,) = {group["remedy"] for group in check(own, "ms3", "--size", 64)[1].values()}
    code, out, _ = command("data", "describe", own, "--subset", "ms3")

    assert remedy.endswith(f"if the data are your own, say so: combo data describe {own} --subset ms3")
    assert code == 0
    assert "declares 9 train / 1 val / 2 test clips with pictures of 64x64" in " ".join(out.split())
    assert check(own, "ms3") == (0, {}, {})


def test_a_clip_that_is_lost_after_the_description_is_missed(check, command, own):
    command("data", "describe", own, "--subset", "ms3")
    index = own / "ms3_meta_data.csv"
    *rows, _ = index.read_text().splitlines()
    index.write_text("\n".join(rows) + "\n")

    _, found, _ = check(own, "ms3")

    (one,) = found["index: split"]["found"]
    assert one["problem"].startswith("lists ")
    assert "restore from where the data come from: the index" in found["index: split"]["remedy"]


def test_a_description_is_no_part_of_the_data(command, own):
    before = data_fingerprint(own, "ms3")
    command("data", "describe", own, "--subset", "ms3")

    assert data_fingerprint(own, "ms3") == before


def test_described_again_it_counts_again(command, own):
    for wanted in (64, 32):
        code, _, _ = command("data", "describe", own, "--subset", "ms3", "--size", wanted)
        assert code == 0
        assert json.loads((own / "dataset.json").read_text())["size"] == wanted


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"task": "ms3", "splits": {"train": 1}, "size": 64}',
        '{"task": "ms3", "splits": {"train": 1, "val": -1, "test": 1}, "size": 64}',
        '{"task": "ms3", "splits": {"train": 1, "val": 1, "test": 1}, "size": "large"}',
    ],
)
def test_a_damaged_description_is_refused(command, own, content):
    (own / "dataset.json").write_text(content)

    code, _, err = command("data", "check", own, "--subset", "ms3")

    assert code == 2
    assert "dataset.json is damaged: restore it, or delete it" in err


def test_synthetic_data_describe_themselves(command, subset_copy):
    root = subset_copy("ms3")
    before = (root / "dataset.json").read_text()

    code, _, err = command("data", "describe", root, "--subset", "ms3")

    assert code == 2
    assert "dataset.json describes synthetic data already: leave it as it is" in err
    assert (root / "dataset.json").read_text() == before
