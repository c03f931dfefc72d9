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
    root = tmp_path_factory.mktemp("light") / "data"
    shutil.copytree(tiny_data, root)
    index = root / SUBSET_FOLDERS["s4"] / INDEX_FILES["s4"]
    with index.open(newline="") as file:
        header, *rows = csv.reader(file)
    split = header.index("split")
    kept = [
        row
        for name, number in (("train", None), ("val", LIGHT_SCORED), ("test", LIGHT_SCORED))
        for row in [row for row in rows if row[split] == name][:number]
    ]
    with index.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *kept])
    return root


@pytest.fixture(scope="session")
def straight(light_data, tmp_path_factory):
    """Events and checkpoints of twelve steps without a stop; not to be changed."""
    checkpoints = tmp_path_factory.mktemp("straight") / "checkpoints"
    return list(run_fit(tiny_config(), light_data, checkpoints)), checkpoints
