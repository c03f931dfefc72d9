"""The trial key: what moves it, what does not, and what it is for the trials of the papers."""

import json
import pickle
from dataclasses import replace
from itertools import product
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from experiments.expand import expand
from experiments.identity import canonical_json, differences, flatten, trial_key
from experiments.load_experiment import load_experiment
from experiments.overrides import lay_over
from experiments.presets import resolve_preset
from model.combo.config import ComboConfig
from model.config import SCHEMA_VERSION, OptimConfig, TrialConfig

MOVED = (
    "The key of a known trial has moved: a default, a name or the form of the configuration has changed, and every "
    "stored trial would be run again. If the science did change, raise SCHEMA_VERSION and write the new keys here; "
    "if it did not, take the change back."
)

PRESET_KEYS = {
    ("combo_r50", "s4"): "2054e965631d873a",
    ("combo_r50", "ms3"): "886efcf7d83534e9",
    ("combo_r50", "avss"): "423b265f7c1206b3",
    ("combo_pvt", "s4"): "b4458b769bb649c1",
    ("combo_pvt", "ms3"): "f135c36cd2e5e735",
    ("combo_pvt", "avss"): "f92fc76bb8bef39b",
}
BASELINE_KEYS = {
    ("avsbench_r50", "s4"): "5bb6a4e87fd2146b",
    ("avsbench_r50", "avss"): "c0370535af3756ca",
    ("avsbench_pvt", "ms3"): "408935ab4db6cfe1",
    ("bigen_r50", "s4"): "a669edb4b7cecb55",
    ("bigen_pvt", "ms3"): "e1e2714d244ee5cd",
}
TABLE7_KEYS = {
    ("lambda-0", "s4"): "6244d0ed397bc2a0",
    ("lambda-0", "avss"): "05fed6d504006c1c",
    ("lambda-5", "s4"): "65a9c288d436d5c5",
    ("lambda-5", "avss"): "fc8c82a3f77854a2",
    ("lambda-10", "s4"): PRESET_KEYS["combo_r50", "s4"],
    ("lambda-10", "avss"): PRESET_KEYS["combo_r50", "avss"],
    ("lambda-20", "s4"): "1faef847b93d4a13",
    ("lambda-20", "avss"): "8d822a8c8b372512",
}


def test_the_keys_of_the_presets_do_not_move():
    assert SCHEMA_VERSION == 1
    assert trial_key(ComboConfig()) == PRESET_KEYS["combo_r50", "s4"], MOVED
    assert {place: trial_key(resolve_preset(*place)) for place in PRESET_KEYS} == PRESET_KEYS, MOVED


def test_the_keys_of_the_networks_that_combo_is_compared_with_do_not_move():
    assert {place: trial_key(resolve_preset(*place)) for place in BASELINE_KEYS} == BASELINE_KEYS, MOVED


def test_the_keys_of_table_7_do_not_move():
    keys = {(trial.variant, trial.task): trial.key for trial in expand(load_experiment("combo/table7"))}
    assert keys == TABLE7_KEYS, MOVED


def test_a_trial_is_hashed_once_and_its_changed_copies_have_keys_of_their_own(monkeypatch):
    hashed = []
    monkeypatch.setattr("experiments.trial.trial_key", lambda config: hashed.append(config) or trial_key(config))
    trial, other = expand(load_experiment("combo/table7"))[:2]
    assert {trial.key for _ in range(3)} == {trial_key(trial.config)}
    assert hashed == [trial.config]

    assert pickle.loads(pickle.dumps(trial)).key == replace(trial, workers=2).key == trial.key
    for changed in (trial.on_data("0123"), trial.with_seed(7), trial.starting_from(other)):
        assert changed.key == trial_key(changed.config) != trial.key
    assert trial.on_data("") == trial


def leaves(model: type[BaseModel], prefix: str = "") -> list[tuple[str, FieldInfo]]:
    found = []
    for name, field in model.model_fields.items():
        section = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        found += leaves(field.annotation, f"{prefix}{name}.") if section else [(prefix + name, field)]
    return found


def another_value(field: FieldInfo) -> Any:
    """A value the setting does not have by default."""
    value = field.default
    if get_origin(field.annotation) is Literal:
        return next(choice for choice in get_args(field.annotation) if choice != value)
    match value:
        case str() | None:
            return "0123456789abcdef"
        case tuple():
            return [0.5, *value[1:]]
        case float():
            return value / 2 or 0.5
        case int():
            return value * 2 or 1
    raise AssertionError(f"no other value known for {field}")


SCIENTIFIC = {key: field for key, field in leaves(ComboConfig) if key not in ("schema_version", "model.name")}


@pytest.mark.parametrize("key", SCIENTIFIC)
def test_every_setting_moves_the_key(key):
    changed = TrialConfig.model_validate(lay_over({}, {key: another_value(SCIENTIFIC[key])}, "test"))
    assert trial_key(changed) != trial_key(ComboConfig())
    assert differences([ComboConfig(), changed])[1][1].keys() == {key}


def test_the_order_in_which_settings_are_written_does_not_matter():
    settings = {"optim.lr": 0.001, "loss.lambda_ada": 5, "optim.weight_decay": 0.1, "data.task": "ms3"}
    forwards = lay_over({}, settings, "test")
    backwards = lay_over({}, dict(reversed(settings.items())), "test")
    assert json.dumps(forwards) != json.dumps(backwards)
    assert trial_key(TrialConfig.model_validate(forwards)) == trial_key(TrialConfig.model_validate(backwards))


def test_a_default_that_is_written_out_changes_nothing():
    written = lay_over({}, flatten(ComboConfig()), "test")
    assert trial_key(TrialConfig.model_validate(written)) == trial_key(ComboConfig())


def test_whole_numbers_and_floats_are_the_same_setting():
    whole, point = (TrialConfig.model_validate({"loss": {"lambda_ada": value}}) for value in (5, 5.0))
    assert trial_key(whole) == trial_key(point)


def test_a_configuration_survives_storage():
    config = resolve_preset("combo_pvt", "avss")
    assert TrialConfig.model_validate_json(config.model_dump_json()) == config
    assert TrialConfig.model_validate_json(canonical_json(config)) == config


def test_nothing_operational_is_part_of_the_identity():
    settings = {part for key in SCIENTIFIC for part in key.split(".")}
    operational = (
        "folder",
        "root",
        "storage",
        "worker",
        "device",
        "gpu",
        "micro",
        "log",
        "checkpoint",
        "keep",
        "cache",
    )
    assert not [(part, word) for part, word in product(settings, operational) if word in part]


class Later(OptimConfig):
    """The section as it will be when somebody has added a setting."""

    warm_up: int = 0
    betas_later: tuple[float, float] = (0.9, 0.99)


class LaterTrial(ComboConfig):
    optim: Later = Later()


def test_a_setting_that_comes_later_moves_no_key_while_it_has_its_default():
    assert trial_key(LaterTrial()) == trial_key(ComboConfig())
    stored_before = canonical_json(ComboConfig())
    assert canonical_json(LaterTrial()) == stored_before
    assert LaterTrial.model_validate_json(stored_before) == LaterTrial()
    warm = LaterTrial(optim=Later(warm_up=100))
    assert trial_key(warm) != trial_key(LaterTrial())
    assert LaterTrial.model_validate_json(canonical_json(warm)) == warm
    assert flatten(LaterTrial())["optim.warm_up"] == 0


def test_configurations_of_two_models_differ_in_the_settings_that_only_one_has():
    combo, avsbench = ComboConfig(), resolve_preset("avsbench_demo", "s4")
    common, (own, other) = differences([combo, avsbench])
    assert own["loss.lambda_ada"] == 10.0
    assert "loss.lambda_ada" not in other
    assert other["model.name"] == "avsbench"
    assert common["data.task"] == "s4"


def test_a_configuration_of_another_schema_is_refused_for_its_schema_even_if_its_model_is_unknown():
    stored = {"schema_version": 2, "model": {"name": "of-tomorrow", "depth": 3}}
    with pytest.raises(ValidationError) as refused:
        TrialConfig.model_validate(stored)
    assert ("schema_version",) in {error["loc"] for error in refused.value.errors()}
