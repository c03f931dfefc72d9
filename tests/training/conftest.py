import csv
import shutil

import pytest
from tiny_trials import CLIPS, LIGHT_SCORED, SIZE, run_fit, tiny_config

from model.data.layout import INDEX_FILES, SUBSET_FOLDERS
from model.data.synthetic.writer import write_synthetic


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """A data root with all three subsets; not to be changed."""
    out = tmp_path_factory.mktemp("tiny-data")
    for task, clips in CLIPS.items():
        write_synthetic(task, out, clips, seed=1, size=SIZE)
    return out


@pytest.fixture(scope="session")
def light_data(tiny_data, tmp_path_factory):
    """The same, with two clips of S4 to validate with and two to test with: the same training, scored in less time."""
    root = shutil.copytree(tiny_data, tmp_path_factory.mktemp("light") / "data")
    score_fewer(root, "s4", LIGHT_SCORED)
    return root


@pytest.fixture(scope="session")
def lightest_data(tiny_data, tmp_path_factory):
    """The same, with one clip of each subset to validate with and one to test with."""
    root = shutil.copytree(tiny_data, tmp_path_factory.mktemp("lightest") / "data")
    for task in CLIPS:
        score_fewer(root, task, 1)
    return root


def score_fewer(root, task, number):
    """Leaves so many clips of a subset to validate with, and so many to test with."""
    index = root / SUBSET_FOLDERS[task] / INDEX_FILES[task]
    with index.open(newline="") as file:
        header, *rows = csv.reader(file)
    split = header.index("split")
    kept = [
        row
        for name, most in (("train", None), ("val", number), ("test", number))
        for row in [row for row in rows if row[split] == name][:most]
    ]
    with index.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *kept])


@pytest.fixture(scope="session")
def straight(light_data, tmp_path_factory):
    """Events and checkpoints of six steps without a stop; not to be changed."""
    checkpoints = tmp_path_factory.mktemp("straight") / "checkpoints"
    return list(run_fit(tiny_config(), light_data, checkpoints)), checkpoints
