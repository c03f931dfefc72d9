from dataclasses import replace
from typing import get_args

import pytest
from golden_tables import golden_tables

from experiments.reported import Column, ReportedValue
from reports.render import wording
from reports.render.reasons import reasons
from reports.render.setting_notation import same_setting
from reports.tables.cells import Cell, State
from reports.tables.statistics import Difference, summarise

PARAMETERS = Column(None, "parameters")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return golden_tables(tmp_path_factory.mktemp("golden"))


def reported(value, printed):
    return ReportedValue(record="r", value=value, printed=printed, paper="COMBO", cite=None, note=None)


@pytest.mark.parametrize(
    ("value", "printed", "shown"),
    [
        (81.7, "81.7", "81.7"),
        (81.4, "81.40", "81.40"),
        (66.1, "0.661", "66.1"),
        (64.0, "0.64", "64"),
        (3.7, "+3.7", "3.7"),
    ],
)
def test_reported_numbers_keep_the_papers_decimals(value, printed, shown):
    assert wording.printed_number(reported(value, printed)) == shown


def test_differences_have_a_true_minus_and_zero_no_sign():
    assert [wording.difference(value) for value in (0.34, -1.16, 0.04, -0.04)] == ["+0.3", "−1.2", "0.0", "0.0"]


def test_the_size_of_a_network_has_no_spread_over_seeds():
    cell = Cell(
        "row", PARAMETERS, "measured", wanted=3, summary=summarise([158.9] * 3), reported=reported(135.5, "135.5")
    )
    assert (wording.measured(cell), wording.certainty(cell)) == ("158.9", "")
    assert wording.reported(cell) == "paper 135.5, Δ +23.4"
    partial = replace(cell, wanted=4)
    assert wording.seeds(partial) == "n 3/4"


def test_only_differences_that_are_hardly_chance_get_a_dagger():
    cell = Cell("row", Column("s4", "m_j"), "measured", wanted=1, summary=summarise([81.0]))
    assert wording.dagger(cell) == ""
    assert wording.dagger(replace(cell, difference=Difference("base", 3.0, 0.002, True, 100))) == "†"
    assert wording.dagger(replace(cell, difference=Difference("base", 0.1, 0.6, False, 100))) == ""


@pytest.mark.parametrize(
    ("p", "told", "below_a_heading"),
    [(0.0123, "p = 0.012", "0.012"), (0.001, "p = 0.001", "0.001"), (0.0009, "p < 0.001", "< 0.001")],
)
def test_p_values_below_a_thousandth_are_not_told_apart(p, told, below_a_heading):
    assert (wording.p_value(p), wording.p_number(p)) == (told, below_a_heading)


def test_columns_are_called_by_task_and_start():
    names = [wording.column_name(column) for column in (Column("ms3", "m_f"), Column("ms3", "m_j", "s4"), PARAMETERS)]
    assert names == ["MS3 M_F", "MS3 M_J, from S4", "#Params (M)"]
    assert wording.task_name("ms3", "s4") == "MS3 from S4"


@pytest.mark.parametrize(
    ("ours", "printed"), [("90000", "90k"), ("5", "5.0"), ("0.05", "0.05"), ("224x224", "224x224"), ("2", "2.0")]
)
def test_settings_that_differ_in_notation_alone_are_the_same(ours, printed):
    assert same_setting(ours, printed)


@pytest.mark.parametrize(
    ("ours", "printed"), [("9", "3"), ("5", "5 & 10"), ("by clip", "5"), ("5", "5k"), ("adam", "AdamW")]
)
def test_settings_that_may_differ_are_not_called_the_same(ours, printed):
    assert not same_setting(ours, printed)


def test_each_reason_is_told_once_with_the_cells_that_it_holds_for(tables):
    told = [(reason.word, reason.where, reason.why) for reason in reasons(tables["combo-table7"])]
    assert told[0] == ("not run", "all rows on AVSS", "this scale does not train AVSS.")
    assert told[1][:2] == ("partly measured", "“10” on S4")
    assert told[1][2].startswith("2 of 3 seeds: seed 2 failed: diverged")
    assert told[2][:2] == ("unfinished", "“20” on S4")
    (missing,) = reasons(tables["combo-table1"])
    assert missing.where == "“COMBO, PVT-v2” on MS3"


def test_every_state_has_a_word_of_its_own():
    words = [wording.STATE_WORDS[state] for state in get_args(State)]
    assert len(set(words)) == len(words)
