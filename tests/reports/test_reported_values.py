import pytest

from experiments.reported import OWN_TRAINING, Column, contradictions, reported_value, transcription
from experiments.schema import Variant
from tests.own_papers import shipped

COMBO, BIGEN = shipped("combo"), shipped("avs-bigen")


def row(reported, method=None):
    """A variant that trains a row of a paper."""
    return Variant(name="row", label="row", method=method, reported=reported)


@pytest.mark.parametrize(
    ("weight", "s4", "avss"),
    [
        (0, (81.0, 89.8), (33.0, 37.1)),
        (5, (81.1, 90.1), (33.3, 37.3)),
        (10, (81.7, 90.1), (32.1, 35.6)),
        (20, (81.2, 89.7), (32.6, 36.1)),
    ],
)
def test_table_7_of_combo(weight, s4, avss):
    for task, expected in (("s4", s4), ("avss", avss)):
        found = [
            reported_value(COMBO, "7", row(f"lambda_ada={weight}"), Column(task, metric)) for metric in ("m_j", "m_f")
        ]
        assert tuple(value.value for value in found) == expected


def test_a_row_of_others_gets_what_the_paper_reports_of_its_method():
    ours, theirs = (
        reported_value(COMBO, "1", row("PVT-v2", method), Column("ms3", "m_j")) for method in (None, "AVS-BiGen")
    )
    assert (ours.value, theirs.value) == (59.2, 55.1)
    assert theirs.cite.key == "hao2023bigen"
    assert reported_value(COMBO, "1", row("PVT-v2", "CSMF"), Column("ms3", "m_j")) is None


def test_fractions_become_percent_without_binary_noise():
    value = reported_value(BIGEN, "1", row("eta=0.5"), Column("ms3", "m_f"))
    assert value.printed == "0.661"
    assert value.value == 66.1


@pytest.mark.parametrize(
    ("paper", "table", "variant", "key"),
    [
        (COMBO, "7", "lambda_ada=5", "yang2024combo"),
        (COMBO, "II", "foundation=SAM", "yang2024combo"),
        (BIGEN, "1", "eta=0.5", "hao2023bigen"),
    ],
)
def test_a_papers_own_numbers_are_attributed_to_it_and_not_to_what_it_builds_on(paper, table, variant, key):
    assert reported_value(paper, table, row(variant), Column("s4", "m_j")).cite.key == key


def test_what_the_paper_does_not_print_is_none():
    assert reported_value(COMBO, "7", row("lambda_ada=7"), Column("s4", "m_j")) is None
    assert reported_value(COMBO, "7", row("lambda_ada=10"), Column("ms3", "m_j")) is None


@pytest.mark.parametrize("paper", [COMBO, BIGEN])
def test_a_variant_has_one_value_per_task_and_metric(paper):
    places = [
        (record.table, record.row.variant, record.subset, record.metric)
        for record in transcription(paper).records
        if record.kind == "value" and record.row.method in paper.said.own_methods and record.init in OWN_TRAINING
        if record.row.variant is not None and record.subset is not None
    ]
    assert len(places) > 30
    assert len(set(places)) == len(places)


def test_transcriptions_are_whole():
    assert [len(transcription(paper).records) for paper in (COMBO, BIGEN)] == [253, 144]
    ids = [record.id for paper in (COMBO, BIGEN) for record in transcription(paper).records]
    assert len(set(ids)) == len(ids)


def test_contradictions_belong_to_their_table():
    assert {check.id for check in contradictions(COMBO, "2")} >= {"C-T2-ResNet-50-mIoU", "C-best-avss-r50"}
    (remark,) = contradictions(COMBO, "7")
    assert remark.verdict == "holds"
    assert "10 on S4, 5 on AVSS" in remark.caveat
    assert contradictions(COMBO, "6") == ()
