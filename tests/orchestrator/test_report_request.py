"""What the words after `combo report build` stand for."""

import pytest

from experiments.errors import InputError
from experiments.target_files import experiment_names, search_names
from orchestrator.report_inputs.request import read_words


def asked(tmp_path, *names, scale="full", data_was_named=False, **assigned):
    return read_words(names, assigned, scale, tmp_path / "no-data", data_was_named=data_was_named)


def test_no_words_stand_for_everything(tmp_path):
    everything = asked(tmp_path)
    assert sorted(one.scaled.name for one in everything.reported) == experiment_names()
    assert [one.name for one in everything.settings] == ["settings/combo"]
    assert [search.name for search in everything.searches] == search_names()
    assert [paper.name for paper in everything.papers] == ["combo", "avs-bigen"]
    assert everything.reported[0].scaled.name == "combo/table1"


def test_at_another_scale_those_that_lack_it_are_left_out(tmp_path):
    names = [one.scaled.name for one in asked(tmp_path, scale="demo").reported]
    assert names == ["combo/table1", "combo/table7"]
    with pytest.raises(InputError, match="--scale smokey: is a scale of no experiment"):
        asked(tmp_path, scale="smokey")


def test_words_are_experiments_tables_settings_and_searches(tmp_path):
    some = asked(tmp_path, "combo/3", "combo/I", "search/lambda_ada", "combo/table7")
    assert [one.scaled.name for one in some.reported] == ["combo/table3", "combo/table7"]
    assert [one.table.number for one in some.settings] == ["I"]
    assert [search.name for search in some.searches] == ["search/lambda_ada"]
    assert [paper.name for paper in some.papers] == ["combo"]
    assert not some.is_everything


def test_seeds_may_be_given_for_everything_but_other_settings_need_a_name(tmp_path):
    everything = asked(tmp_path, seeds=[4, 5])
    assert all(one.scaled.seeds == [4, 5] for one in everything.reported)
    with pytest.raises(InputError, match="command line: names no experiment to lay settings over"):
        asked(tmp_path, **{"loss.lambda_ada": 5})


def test_settings_are_laid_over_named_searches_too_and_seeds_over_experiments_alone(tmp_path):
    (search,) = asked(tmp_path, "search/lambda_ada", "combo/table7", seeds=[4], **{"optim.lr": 0.5}).searches
    assert search.base.optim.lr == 0.5
    with pytest.raises(InputError, match="command line: seeds: 'seeds' is not a setting of combo trials"):
        asked(tmp_path, "search/lambda_ada", seeds=[4])


def test_a_named_search_must_have_the_scale(tmp_path):
    assert [search.name for search in asked(tmp_path, scale="demo").searches] != search_names()
    with pytest.raises(InputError, match=r"has no scale 'tiny'"):
        asked(tmp_path, "search/lambda_ada", scale="tiny")


def test_data_that_were_named_must_be_there(tmp_path):
    assert set(asked(tmp_path, "combo/table7").unbound) == {("s4", "semantic-sam"), ("avss", "semantic-sam")}
    with pytest.raises(InputError, match="no-data"):
        asked(tmp_path, "combo/table7", data_was_named=True)


def test_a_site_that_was_never_built_cannot_be_opened(combo, tmp_path):
    opened = combo("report", "open", tmp_path / "nowhere")
    assert opened.returncode == 2
    assert "holds no site (build one: combo report build --out" in opened.stderr
