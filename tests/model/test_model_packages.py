"""Packages that bring models and cannot be used: each is told in one sentence, and stands in no other model's way."""

import pytest

from experiments.errors import InputError
from experiments.presets import resolve_preset
from model.config import usable_models
from model.registry import MODELS, ModelError, load_config_class, model_names, model_package
from tests.toy_package import importable

ENTRY = "from model.registry import Entry\nENTRY = Entry('{0}.config:Config', '{0}.model:MODEL')\n"
FOREIGN = "from model.combo.config import ComboConfig as Config\n"
BROKEN = {
    "lost": ("import not_installed_here\n", "", "ModuleNotFoundError: No module named 'not_installed_here'"),
    "wrong": ("ENTRY = {'config': 'here'}\n", "", "wrong:ENTRY is no model.registry.Entry"),
    "empty": ("", "", "AttributeError: module 'empty' has no attribute 'ENTRY'"),
    "stale": (ENTRY.format("stale"), "1/0\n", "ZeroDivisionError: division by zero"),
    "plain": (ENTRY.format("plain"), "Config = dict\n", "its settings are no class below model.config.TrialConfig"),
    "other": (ENTRY.format("other"), FOREIGN, "ComboConfig has no default section `model` of that name"),
}


@pytest.fixture
def broken(tmp_path):
    """A package for each, as if it were installed."""
    for name, (init, config, _) in BROKEN.items():
        write(tmp_path, name, {"__init__.py": init, "config.py": config})
    with importable(tmp_path):
        yield


def write(folder, package, files, model=None, version="2.0"):
    for name, content in files.items():
        (folder / package).mkdir(exist_ok=True)
        (folder / package / name).write_text(content)
    about = folder / f"{package}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (about / "entry_points.txt").write_text(f"[combo.models]\n{model or package} = {package}:ENTRY\n")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_one_sentence_and_others_are_used(name):
    told = f"model '{name}' of {name} 2.0 cannot be used: {BROKEN[name][2]}"
    with pytest.raises(InputError) as refused:
        resolve_preset("combo_demo", "s4", {"model.name": name})
    assert str(refused.value) == f"command line: model.name: {told} (mend or remove that package)"

    assert resolve_preset("combo_demo", "s4", {"optim.lr": 0.5}).optim.lr == 0.5
    with pytest.raises(InputError, match=r"is a setting of bigen, not of combo"):
        resolve_preset("combo_demo", "s4", {"loss.lambda_kl": 1.0})


@pytest.mark.usefixtures("broken")
def test_the_list_tells_all_of_them(command):
    said = command("list")
    assert (said.code, said.err) == (0, "")
    shown = " ".join(said.out.split())
    assert all(f"model '{name}' of {name} 2.0 cannot be used" in shown for name in BROKEN)
    assert usable_models() == [*MODELS]


def test_models_of_the_same_name_are_told_apart_by_their_packages(tmp_path):
    for package in ("one", "two"):
        write(tmp_path, package, {"__init__.py": ENTRY.format(package)}, model="mine")
    write(tmp_path, "third", {"__init__.py": ENTRY.format("third")}, model="combo")
    with importable(tmp_path):
        assert model_names() == [*MODELS, "mine"]
        assert model_package("combo") is None
        with pytest.raises(ModelError, match=r"model 'mine' is brought by one 2.0 and two 2.0, remove all but one"):
            load_config_class("mine")
