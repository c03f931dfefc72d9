import pytest
from tiny_trials import CLIPS, SIZE, run_fit, tiny_config

from model.data.synthetic.writer import write_synthetic


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """A data root with all three subsets; not to be changed."""
    out = tmp_path_factory.mktemp("tiny-data")
    for task, clips in CLIPS.items():
        write_synthetic(task, out, clips, seed=1, size=SIZE)
    return out


@pytest.fixture(scope="session")
def straight(tiny_data, tmp_path_factory):
    """Events and checkpoints of twelve steps without a stop; not to be changed."""
    checkpoints = tmp_path_factory.mktemp("straight") / "checkpoints"
    return list(run_fit(tiny_config(), tiny_data, checkpoints)), checkpoints
