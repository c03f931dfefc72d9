"""COMBO as `model.interface` describes a model."""

from __future__ import annotations

from model.combo.network import Combo
from model.combo.objective import ComboObjective
from model.combo.official_names import official_extras, official_names
from model.interface import Model, OfficialForm
from model.weights.official_form import paper_truths

AS_THE_PAPER_COUNTS = (
    "The paper's 158.9 M are all parameters of COMBO-R50 with two separate encoders, the 72.1 M of the frozen VGGish "
    "included. Its 135.5 M are the same with one shared encoder and the 71 classes of AVSS, 135.466 M; with the 2 "
    "classes of S4 and MS3 they are 135.448 M. Statistics of frozen batch normalisation are buffers, not parameters."
)

COUNTS_EXPLAINED = dict.fromkeys((158_903_091, 158_920_824, 135_448_179, 135_465_912), AS_THE_PAPER_COUNTS)
"""COMBO-R50 with separate encoders and with a shared one, each with 2 classes and with 71."""

OFFICIAL_FORM = OfficialForm(official_names, official_extras, paper_truths, entry="model")

COMBO_MODEL = Model(Combo, ComboObjective, OFFICIAL_FORM, COUNTS_EXPLAINED)
