"""Which file of weights serves which trial."""

import pytest

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.trial.weight_files import weight_files

BOTH = ["resnet50.tv_in1k", "pvt_v2_b5.in1k"]


@pytest.fixture
def files(tmp_path):
    for name in ("vggish.pth", "r50.pkl", "pvt.pth"):
        (tmp_path / name).write_bytes(b"weights")
    return tmp_path


@pytest.fixture
def trials():
    """Of both backbones."""
    return expand(load_experiment("combo/table1"))


def test_every_trial_gets_the_file_of_its_own_backbone(files, trials):
    words = [f"{BOTH[0]}={files}/r50.pkl", f"{BOTH[1]}={files}/pvt.pth"]
    chosen = weight_files(files / "vggish.pth", words, trials)
    by_backbone = {trial.config.model.backbone.name: chosen.backbone_of(trial.config).name for trial in trials}
    assert by_backbone == {BOTH[0]: "r50.pkl", BOTH[1]: "pvt.pth"}
    assert {chosen.vggish_of(trial.config) for trial in trials} == {files / "vggish.pth"}


def test_a_lone_file_is_for_the_only_backbone(files):
    trials = expand(load_experiment("combo/table3"))
    chosen = weight_files(files / "vggish.pth", [f"{files}/r50.pkl"], trials)
    assert chosen.backbone_of(trials[0].config) == files / "r50.pkl"


def test_trials_from_scratch_take_no_file(files):
    trials = expand(load_experiment("combo/table7", "demo"))
    chosen = weight_files(files / "vggish.pth", [], trials)
    assert {chosen.backbone_of(trial.config) for trial in trials} == {None}
    assert {chosen.vggish_of(trial.config) for trial in trials} == {None}


def test_all_that_is_wrong_is_said_at_once(files, trials):
    with pytest.raises(InputError) as refusal:
        weight_files(None, [f"{files}/r50.pkl", "resnet5=x.pkl", f"{BOTH[1]}=absent.pth"], trials)
    told = "\n".join(str(problem) for problem in refusal.value.problems)
    assert "r50.pkl: could be for pvt_v2_b5.in1k or resnet50.tv_in1k (say which, such as pvt_v2_b5.in1k=" in told
    assert "--backbone-weights resnet5=x.pkl: is for no trial's backbone (did you mean 'resnet50.tv_in1k'?)" in told
    assert "absent.pth: is not there" in told
    assert "the frozen VGGish needs its AudioSet weights (pass --vggish-weights FILE" in told
