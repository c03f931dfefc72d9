"""Every fault that the system must survive, and every abuse that it must refuse, has a test that carries its number."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CASES = {
    "F1": "a worker is killed",
    "F2": "the driver is killed",
    "F3": "a kill at any write of a trial directory",
    "F4": "torn lines, truncated documents, garbage",
    "F5": "what Ray Tune had stored is lost",
    "F6": "a node is lost",
    "F7": "many failed trials, few at once",
    "F8": "a checkpoint write is interrupted, the disk is full",
    "F9": "a byte of a checkpoint is flipped",
    "F10": "MLflow is down for a whole trial",
    "F11": "MLflow answers with errors, or not at all",
    "F12": "MLflow's database is deleted",
    "F13": "Optuna's storage is lost",
    "F14": "two drivers at once",
    "F15": "the clock jumps",
    "F16": "SIGTERM, with seconds of grace",
    "F17": "NaN, too little memory, a broken import, an exception",
    "F18": "a worker hangs in a collective",
    "F19": "one worker against two",
    "F20": "resources that no node has",
    "F21": "the budget is spent",
    "F22": "garbage collection while trials run",
    "F23": "S3 is away, S3 refuses the credentials",
    "F24": "Ray's own processes die",
    "A1": "YAML that is more than data",
    "A2": "pickles that run code",
    "A3": "paths that lead elsewhere",
    "A4": "strangers at the servers",
    "A5": "secrets",
    "A6": "hostile text",
}


@pytest.fixture(scope="module")
def tested():
    """The numbers that names of tests begin with."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))
    names = (node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {found[1].upper() for name in names if (found := re.match(r"test_([fa]\d+)_", name))}


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_a_test_that_carries_its_number(tested, case):
    assert case in tested, CASES[case]


def test_no_test_carries_the_number_of_no_case(tested):
    assert tested <= CASES.keys()
