"""`combo model import` tells everything that is wrong with what it is given, and whose a file is that does not fit."""

import pytest
import torch

from experiments.presets import resolve_preset
from model.weights.import_official import official_places, official_shapes

RANDOM = {"model.backbone.weights": "random"}
VGGISH = "pass the published vggish-10086976.pth, AudioSet's VGGish for PyTorch, as --vggish-weights FILE"


@pytest.fixture
def official_file(tmp_path):
    """Writes a file with the names and shapes of the authors', all zero."""

    def write(preset, task):
        config = resolve_preset(preset, task, RANDOM)
        shapes = official_shapes(config, official_places(config))
        path = tmp_path / f"{preset}-{task}.pth"
        torch.save({name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}, path)
        return path

    return write


@pytest.fixture
def refused(combo, tmp_path):
    def run(*words):
        said = combo("model", "import", *words, "--storage", tmp_path / "storage")
        assert (said.code, said.out) == (2, "")
        return [line.removeprefix("error: ") for line in said.err.splitlines()]

    return run


def test_wrong_words_and_absent_files_are_told_together(refused):
    words = ("nofile.pth", "--preset", "bigen_r50", "--task", "avss", "loss.lambda_ada=3", "--vggish-weights", "no.pth")
    assert refused(*words) == [
        "--task avss: bigen is not made for avss (use s4 or ms3, or a preset of another model)",
        "command line: loss.lambda_ada: is a setting of combo, not of bigen (bigen has loss.lambda_kl)",
        "nofile.pth: is not there (name a file of weights)",
        "no.pth: is not there (name a file of weights)",
    ]


def test_a_file_of_another_model_is_told_beside_a_missing_vggish(refused, official_file):
    file = official_file("bigen_r50", "s4")
    vggish, fit = refused(file, "--preset", "avsbench_r50", "--task", "s4")
    assert vggish == f"the authors of avsbench keep VGGish in a file of its own: {VGGISH}"
    assert fit.startswith(
        f"{file} does not fit, its tensors are named as those of bigen, not of avsbench, so name a preset of bigen: "
    )


def test_a_file_of_another_task_is_told_beside_a_wrong_vggish(refused, official_file):
    file = official_file("avsbench_r50", "avss")
    words = ("--preset", "avsbench_r50", "--task", "s4", "--vggish-weights", file)
    vggish, fit = refused(file, *words)
    assert vggish.startswith(f"{file} holds no weights of VGGish, {VGGISH}: ")
    assert fit.startswith(f"{file} does not fit, name --task avss, which it fits: ")
