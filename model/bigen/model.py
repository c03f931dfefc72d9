"""AVS-BiGen as `model.interface` describes a model."""

from __future__ import annotations

from model.bigen.network import Bigen
from model.bigen.objective import BigenObjective
from model.bigen.official_names import official_extras, official_names
from model.interface import Model, OfficialForm
from model.weights.official_form import paper_truths

AS_THE_PAPER_COUNTS = (
    "The paper's 85.50 M are the parameters of AVS-BiGen with PVT-v2-b5 and the basic neck, 85,499,515, without the "
    "72,141,184 of the frozen VGGish that the total has here. The layers counted as unused are among them: the "
    "released code builds them and computes nothing with them."
)

BIGEN_MODEL = Model(
    Bigen,
    BigenObjective,
    OfficialForm(official_names, official_extras, paper_truths),
    counts_explained={157_640_699: AS_THE_PAPER_COUNTS},
)
