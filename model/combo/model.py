"""COMBO as `model.interface` describes a model."""

from __future__ import annotations

from model.combo.network import Combo
from model.combo.objective import ComboObjective
from model.combo.official_names import official_extras, official_names, paper_truths
from model.interface import Model, OfficialForm

COMBO_MODEL = Model(Combo, ComboObjective, OfficialForm(official_names, official_extras, paper_truths))
