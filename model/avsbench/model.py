"""The AVSBench baseline as `model.interface` describes a model."""

from __future__ import annotations

from model.avsbench.network import AVSBenchNetwork
from model.avsbench.objective import AVSBenchObjective
from model.avsbench.official_names import no_extras, official_names
from model.interface import Model, OfficialForm
from model.weights.official_form import paper_truths

AS_PAPERS_COUNT = (
    "Papers that compare with AVSBench count 101.32 M for PVT-v2 on S4 and MS3: all but the 72.1 M of the frozen "
    "VGGish. With ResNet-50 they are 91.40 M, of which 22.06 M are copies of its last two stages that the released "
    "network holds and never runs."
)

COUNTS_EXPLAINED = dict.fromkeys((173_461_761, 163_542_145), AS_PAPERS_COUNT)
"""On S4 and MS3, with PVT-v2-b5 and with ResNet-50."""

AVSBENCH_MODEL = Model(
    AVSBenchNetwork, AVSBenchObjective, OfficialForm(official_names, no_extras, paper_truths), COUNTS_EXPLAINED
)
