import json
import shutil

import numpy as np
import pytest

from model.data.clip import Clip
from model.data.layout import SUBSET_FOLDERS
from model.data.synthetic.writer import write_synthetic

CLIPS = {"s4": 20, "ms3": 12, "avss": 18}


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A function that makes a data root with so many clips of each subset, at 64 pixels; not to be changed."""

    def write(clips):
        out = tmp_path_factory.mktemp("synthetic")
        for task, number in clips.items():
            write_synthetic(task, out, number, seed=3, size=64)
        return out

    return write


@pytest.fixture(scope="session")
def synthetic(written):
    """A data root with all three subsets at 64 pixels; not to be changed."""
    return written(CLIPS)


@pytest.fixture(scope="session")
def half(written):
    """Half of these clips, for tests that check all of them each time; not to be changed."""
    return written({task: number // 2 for task, number in CLIPS.items()})


@pytest.fixture
def subset_copy(synthetic, tmp_path):
    """A function that copies one subset, for tests that damage it."""

    def copy(task):
        return shutil.copytree(synthetic / SUBSET_FOLDERS[task], tmp_path / task)

    return copy


@pytest.fixture
def coordinate_clip():
    """A clip in which every pixel of frames, Maskiges and labels tells its own place."""
    size = 64
    y, x = np.mgrid[:size, :size]
    picture = np.stack([x * 3, y * 3, np.full_like(x, 77)]).astype(np.uint8)
    return Clip(
        name="places",
        category="",
        frames=np.stack([picture] * 5),
        maskiges=np.stack([picture] * 5),
        log_mel=np.zeros((5, 1, 96, 64), dtype=np.float32),
        labels=np.stack([x] * 2).astype(np.int64),
        annotated=np.array([True, True, False, False, False]),
    )


@pytest.fixture
def check(command):
    """Runs `combo data check`; returns its exit code, and what it found and noted by kind."""

    def run(root, subset, *options):
        code, out, err = command("data", "check", root, "--subset", subset, "--workers", 1, "--json", *options)
        assert code in (0, 1), err
        document = json.loads(out)
        notes = {group["kind"]: group for group in document["notes"]}
        return code, {group["kind"]: group for group in document["findings"]}, notes

    return run
