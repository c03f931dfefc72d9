"""What a verb imports, in a process of its own: what it does not need would make every command slow."""

import json
import subprocess
import sys

import pytest
from combo_command import Combo

TRAINING = {"torch", "ray", "mlflow", "optuna", "timm", "scipy.signal"}
NUMERICS = {"numpy", "pandas", "pyarrow", "matplotlib", "cv2", "scipy", "PIL", "av"}
CLOUD = {"boto3", "sqlalchemy", "requests", "urllib.request"}
WATCHED = (
    sys.executable,
    "-P",  # as of an installed command: the folder it is called in holds no packages
    "-c",
    """
import atexit, json, sys
atexit.register(lambda: print(json.dumps([*sys.modules]), file=sys.stderr))
sys.argv[:] = sys.argv[1:]
from orchestrator.cli.app import main
main()
""",
)


def imported(combo, *words):
    """Modules that a command has imported by its end."""
    run = combo(*words)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stderr.splitlines()[-1]))


@pytest.fixture
def watched(tmp_path):
    """The command without data and storage."""
    return Combo(tmp_path, tmp_path, WATCHED)


def test_the_list_of_verbs_needs_nothing_of_what_they_do(watched):
    assert not (TRAINING | NUMERICS | CLOUD | {"pydantic", "ruamel.yaml", "rich"}) & imported(watched, "--help")


@pytest.mark.parametrize("words", [("run", "--help"), ("show", "combo/table7", "--json")])
def test_what_is_only_read_needs_no_numerics(watched, words):
    assert not (TRAINING | NUMERICS | CLOUD) & imported(watched, *words)


def test_the_driver_of_a_sweep_has_no_torch_even_if_batches_are_divided():
    driver = """
import sys, orchestrator.sweep.execute
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.planning.division import refuse_divided
refuse_divided(expand(load_experiment("combo/table7", "demo")), micro_batch=1)
print("torch" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", driver], capture_output=True, text=True)

    assert said.stdout == "False\n", said.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "needed"),
    [
        (("status",), set()),
        (("plan",), set()),
        (("run",), set()),
        (
            ("report", "build", "--out", "reports-of-start-up"),
            {"numpy", "pyarrow", "pandas", "matplotlib", "scipy", "PIL", "av"},
        ),
    ],
)
def test_what_is_finished_is_shown_without_what_made_it(sweep, verb, needed):
    combo = Combo(sweep.combo.folder, sweep.data, WATCHED)
    assert not (TRAINING | NUMERICS | CLOUD) - needed & imported(combo, *verb, *sweep.words)
