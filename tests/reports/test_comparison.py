"""`combo report diff`: what differs in settings beside what differs in scores, for trials, experiments and moments."""

import pytest
from whole_storage import WholeStorage, scored, smoke_trials

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.presets import resolve_preset
from experiments.trial import Trial
from reports.render.plain_text import one_line

NIGHT = {"finished": "2026-11-10T23:30:00+00:00"}


@pytest.fixture(scope="module")
def trials():
    """Table 7 on S4 by row and seed."""
    return {(trial.variant, trial.seed): trial for trial in smoke_trials() if trial.task == "s4"}


@pytest.fixture
def storage(tmp_path, monkeypatch):
    monkeypatch.delenv("COMBO_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return WholeStorage(tmp_path / "storage")


@pytest.fixture
def diff(command, storage):
    """The command; returns its output, which must not be an error, on one line."""

    def run(*words):
        said = command("report", "diff", *words, "--scale", "smoke", "--storage", storage.root)
        assert (said.code, said.err) == (0, "")
        return one_line(said.out)

    return run


@pytest.fixture
def refused(command, storage):
    """The command, which must refuse its words; returns the sentence."""

    def run(*words):
        said = command("report", "diff", *words, "--scale", "smoke", "--storage", storage.root)
        assert (said.code, said.out) == (2, "")
        assert said.err.count("\n") == 1
        return said.err

    return run


def percent(trial):
    return 100 * scored(trial)[1].m_j


def test_two_trials_differ_in_one_setting_and_in_their_scores(diff, storage, trials):
    low, high = trials["lambda-0", 0], trials["lambda-20", 0]
    for trial in (low, high):
        storage.finish(trial)
    text = diff(low.key, high.key)
    assert f"A is {low.key}, B is {high.key}" in text
    assert "loss.lambda_ada: 0.0 → 20.0" in text
    assert f"M_J │ {percent(low):.1f} │ {percent(high):.1f} │ +{percent(high) - percent(low):.1f} │ < 0.001" in text
    assert "1, 1 │ 12" in text
    assert "seed" not in text.replace("seeds", "")
    assert "How the results came about differs" not in text


def test_provenance_is_shown_where_it_differs(diff, storage, trials):
    one, other = trials["lambda-0", 0], trials["lambda-0", 1]
    storage.finish(one)
    storage.finish(other, commit="badcafe", packages={"torch": "2.14.0"}, device="H200")
    text = diff(one.key, other.key)
    for part in ("commit │ c0ffee1 │ badcafe", "torch │ 2.13.0 │ 2.14.0", "device │ cpu │ H200"):
        assert part in text
    assert "code" not in text


def test_a6_hostile_text_in_a_comparison_is_text(diff, storage, trials, tmp_path):
    one, other = trials["lambda-0", 0], trials["lambda-0", 1]
    storage.finish(one, commit="\x1b[31m<script>alert(1)</script>|[l](http://evil.example)")
    storage.finish(other)
    text = diff(one.key, other.key, "--out", "out.md")
    assert "\x1b" not in text
    written = (tmp_path / "out.md").read_text()
    assert r"\<script\>alert(1)\</script\>\|\[l\](http\://evil.example)" in written
    assert "\x1b" not in written


def test_scores_on_different_data_are_not_compared(diff, storage, trials):
    one, other = trials["lambda-0", 0], trials["lambda-5", 0].on_data("e" * 16)
    for trial in (one, other):
        storage.finish(trial)
    text = diff(one.key, other.key)
    assert "M_J and M_F: not compared, measured on different data" in text
    assert f"S4 data │ {'4' * 16} │ {'e' * 16}" in text
    assert f"M_J │ {percent(one):.1f} │ {percent(other):.1f} │ — │" in text


def test_scores_on_other_clips_are_compared_without_a_p_value(diff, storage, trials):
    one, other = trials["lambda-0", 0], trials["lambda-5", 0]
    storage.finish(one)
    storage.finish(other, clips=11)
    text = diff(one.key, other.key)
    assert "M_J and M_F: no p-value: scored on different clips of the split" in text
    assert f"{100 * scored(other, 11)[1].m_j - percent(one):+.1f}".replace("-", "−") in text


def test_trials_of_two_models_differ_in_the_settings_that_both_have_and_in_those_of_one(diff, storage, trials):
    one = trials["lambda-0", 0]
    config = resolve_preset("bigen_demo", "s4")
    other = Trial("own", "bigen", "s4", 0, 1, config).on_data("4" * 16)
    storage.finish(one)
    storage.finish(other)
    text = diff(one.key, other.key)
    assert "model.name: combo → bigen" in text
    assert "optim.algorithm: adamw → adam" in text
    assert "loss.eta" in text
    assert "loss.lambda_ada" in text


def test_rows_of_two_experiments_belong_together_where_the_fewest_settings_differ(diff, storage, trials, tmp_path):
    """The other experiment has the rows of Table 7 under other names, in another order, for ten steps more."""
    (tmp_path / "longer.yaml").write_text(
        "title: Longer\npaper: combo\npreset: combo_r50\ntasks: [s4]\nseeds: [0, 1]\n"
        "variants:\n"
        "  - {name: strong, label: strong, overrides: {loss.lambda_ada: 20}}\n"
        "  - {name: none, label: none, overrides: {loss.lambda_ada: 0}}\n"
        "scales: {smoke: {presets: {combo_r50: combo_demo}, overrides: "
        "{training.iterations: 30, training.evaluate_every: 10}}}\n"
        "table: {number: '99', caption: Longer., row_header: x}\n"
    )
    longer = [trial.on_data("4" * 16) for trial in expand(load_experiment(str(tmp_path / "longer.yaml"), "smoke"))]
    for trial in (*longer, trials["lambda-0", 0], trials["lambda-20", 0]):
        storage.finish(trial)
    text = diff("combo/table7", "longer.yaml", "--out", "out.md")
    assert "Settings that differ in every pair: setting ┃ A ┃ B" in text
    assert "training.iterations │ 20 │ 30" in text
    assert "S4 │ lambda-0 │ none │" in text
    assert "S4 │ lambda-20 │ strong │" in text
    assert "loss.lambda_ada" not in text
    assert "1, 2" in text
    assert "Only in A: AVSS lambda-0, S4 lambda-5, AVSS lambda-5, S4 lambda-10, AVSS lambda-10, AVSS lambda-20" in text
    written = (tmp_path / "out.md").read_text()
    assert written.startswith("### A is combo/table7, B is longer.yaml\n")
    assert "| S4 | lambda-20 | strong |" in written


def test_trials_that_both_experiments_share_are_named_so(diff, storage, trials):
    storage.finish(trials["lambda-10", 0])
    text = diff("combo/table7", "combo/table1")
    assert "S4 lambda-10 M_J and M_F: the same trials" in text
    assert "Only in B: S4 avsbench-r50" in text


def test_points_of_a_search_are_compared_with_the_rows_that_they_are_nearest_to(command, storage):
    from experiments.load_search import load_search

    search = load_search("search/lambda_ada", "smoke")
    trial = search.on_data("4" * 16).trial({key: axis.extremes[0] for key, axis in search.space.items()})
    storage.finish(trial)
    for row in smoke_trials():
        if row.task == trial.task and row.seed == 0:
            storage.finish(row)
    said = command("report", "diff", "search/lambda_ada", "combo/table7", "--scale", "smoke", "--storage", storage.root)
    assert (said.code, said.err) == (0, "")
    assert trial.variant in one_line(said.out)


def test_tables_of_two_days_differ_in_what_finished_in_between(diff, storage, trials):
    for seed, made in ((0, {}), (1, NIGHT)):
        storage.finish(trials["lambda-0", seed], **made)
    storage.finish(trials["lambda-5", 0], **NIGHT)
    storage.finish(trials["lambda-10", 0])
    text = diff("2026-11-01", "2026-11-10", "seeds=[0,1]", "--of", "combo/table7")
    first, both = (
        percent(trials["lambda-0", 0]),
        (percent(trials["lambda-0", 0]) + percent(trials["lambda-0", 1])) / 2,
    )
    change = f"{both - first:+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")
    assert f"combo/table7 │ lambda-0 │ S4 M_J │ {first:.1f} │ {both:.1f} ± " in text
    assert f" │ {change} │ 1 result more" in text
    assert "lambda-5 │ S4 M_J │ not run │" in text
    assert "1 first result" in text
    assert "lambda-10" not in text
    assert "4 of 16 cells have changed." in text
    assert "None of 16 cells has changed." in diff("2026-11-09", "2026-11-10T23:29", "--of", "combo/table7")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("combo/table7", "combo/table7"), "compares combo/table7 with itself"),
        (("combo/table7", "2026-11-01"), "combo/table7 and 2026-11-01 are of different kinds"),
        (("combo/table7", "0" * 16), "are of different kinds (give two trial keys, two experiments or searches, or"),
        (("2026-11-02", "2026-11-01"), "names the later moment first"),
        (("2026-11-31", "2026-12-01"), "2026-11-31: is no date"),
        (("combo/tabel1", "combo/table7"), "combo/tabel1: no such experiment (did you mean 'combo/table1'?)"),
        (("0" * 16, "1" * 16), f"trial {'0' * 16}: is not in "),
        (("combo/table7", "combo/table1"), "combo/table7: has no result in "),
        (("combo/table7", "combo/table1", "--of", "combo/table2"), "--of: goes with two dates only"),
    ],
)
def test_words_that_name_no_two_things_are_refused_in_one_sentence(refused, words, sentence):
    assert sentence in refused(*words)


@pytest.mark.parametrize("dates", [(), ("2026-11-01", "2026-11-02", "--of", "combo/table7", "--of")])
def test_what_has_no_scores_of_ours_is_refused_before_results_are_looked_for(command, storage, dates):
    words = (*dates, "combo/I") if dates else ("combo/table7", "combo/I")
    said = command("report", "diff", *words, "--storage", storage.root)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "combo/I: is a table of settings, which has no scores (name an experiment, such as combo/table7)" in said.err


def test_a_search_has_no_table_to_compare_between_two_dates(refused):
    sentence = refused("2026-11-01", "2026-11-02", "--of", "search/lambda_ada")
    assert "search/lambda_ada: is a search, and only tables are compared between two dates" in sentence


def test_an_experiment_under_its_two_names_is_not_compared_with_itself(refused, storage, trials):
    storage.finish(trials["lambda-0", 0])
    assert "combo/7 and combo/table7 are the same (give two trial keys" in refused("combo/7", "combo/table7")


def test_a_trial_without_a_result_is_refused(refused, storage, trials):
    storage.finish(trials["lambda-0", 0])
    path = storage.finish(trials["lambda-5", 0])
    (path / "result.json").unlink()
    keys = trials["lambda-0", 0].key, trials["lambda-5", 0].key
    assert f"trial {keys[1]}: has no result to compare (run it to its end)" in refused(*keys)


def test_a_damaged_trial_is_refused_with_its_file(refused, storage, trials):
    storage.finish(trials["lambda-0", 0])
    path = storage.finish(trials["lambda-5", 0])
    (path / "result.json").write_text("{")
    keys = trials["lambda-0", 0].key, trials["lambda-5", 0].key
    assert f"trials/{keys[1]}/result.json" in refused(*keys)
