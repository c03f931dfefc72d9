import pytest
from predict_command import run_combo
from seeded_model import save_seeded
from videos import write_video

from tests.small_proposals import small_proposals


@pytest.fixture(scope="package", autouse=True)
def few_pixels():
    """For what is predicted here, and for what it is compared with."""
    with small_proposals():
        yield


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Folders of a stored model per task; not to be changed."""
    root = tmp_path_factory.mktemp("stored models")
    return {task: save_seeded(root / f"model {task}", task) for task in ("s4", "avss")}


@pytest.fixture(scope="session")
def seven_seconds(tmp_path_factory):
    """A 7.4 s video at 25 frames per second with 44.1 kHz stereo sound; not to be changed."""
    return write_video(tmp_path_factory.mktemp("videos") / "seven seconds.mp4", 7.4)


@pytest.fixture(scope="package")
def predicted(models, seven_seconds, tmp_path_factory):
    """The output folder of each task for the seven seconds; not to be changed."""
    root = tmp_path_factory.mktemp("my predictions")
    for task, model in models.items():
        words = ("--checkpoint", model, "--out", root / task, "--device", "cpu", "--storage", root / "storage")
        assert run_combo("model", "predict", seven_seconds, *words) == 0
    return {task: root / task for task in models}
