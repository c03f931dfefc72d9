"""Trial directories are the truth of a search: what they hold is known, whoever trained it, and nothing runs twice."""

from dataclasses import replace

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from search_files import load, search_content

from orchestrator.search.journal import journal_name, write_journal
from orchestrator.search.points import RUNNING
from orchestrator.search.study import SearchStudy


def states(study):
    return [tried.outcome.state for tried in study.points]


def test_each_ending_is_told_as_what_it_is(stopping_search, workshop):
    study = SearchStudy(stopping_search, workshop.storage)
    finished, pruned, diverged, preempted, killed = (study.ask() for _ in range(5))
    workshop.finish(finished, 0.5)
    workshop.prune(pruned, {50: 0.1, 100: 0.2})
    workshop.fail(diverged, "diverged")
    workshop.begin(preempted, "preempted")
    workshop.fail(killed, "worker-died")

    again = SearchStudy(stopping_search, workshop.storage)
    assert states(again) == ["finished", "pruned", "failed", "running", "running"]
    assert again.points[0].outcome.values == (0.5,)
    assert again.points[1].outcome.intermediate == {50: 0.1, 100: 0.2}
    assert again.points[2].outcome.reason == "SomeError: so"
    assert again.points[3].outcome == RUNNING
    assert [trial.key for trial in again.pending] == [preempted.key, killed.key]


def test_what_a_resumed_attempt_repeats_replaces_what_was_measured_before(stopping_search, workshop):
    trial = SearchStudy(stopping_search, workshop.storage).ask()
    workshop.end(trial, "preempted", {50: 0.1, 100: 0.2, 150: 0.9})
    workshop.prune(trial, {100: 0.3})

    (point,) = SearchStudy(stopping_search, workshop.storage).points
    assert point.outcome.intermediate == {50: 0.1, 100: 0.3}


def test_points_come_in_the_order_in_which_they_were_begun(search, workshop):
    asked = [SearchStudy(search, workshop.storage).search.trial(point) for point in _points()]
    for trial in asked:
        workshop.finish(trial)
    workshop.begin(asked[0], "finished")

    keys = [tried.trial.key for tried in SearchStudy(search, workshop.storage).points]
    assert keys == [trial.key for trial in asked]
    assert keys != sorted(keys)


def _points():
    return [
        {"loss.lambda_ada": 10.0 + number, "model.query_decoder.queries": 4, "model.fusion.mode": "none"}
        for number in range(5)
    ]


def test_f13_no_point_runs_twice_when_optunas_storage_is_lost(search, workshop):
    study = SearchStudy(search, workshop.storage)
    first = [study.ask() for _ in range(6)]
    for trial in first:
        workshop.finish(trial)
        study.settle(trial.key)
    write_journal(study, workshop.storage)
    workshop.storage.delete(journal_name(study))

    again = SearchStudy(search, workshop.storage)
    second = [trial for _ in range(12) if (trial := again.ask()) is not None]

    assert len(second) == search.trials - len(first)
    assert not {trial.key for trial in first} & {trial.key for trial in second}


def test_a_point_that_somebody_trained_meanwhile_is_told_and_not_run_again(search, workshop):
    ahead, behind = SearchStudy(search, workshop.storage), SearchStudy(search, workshop.storage)
    theirs = ahead.ask()
    workshop.finish(theirs, 0.75)
    ours = behind.ask()

    assert ours.key != theirs.key
    assert [tried.trial.key for tried in behind.points] == [theirs.key, ours.key]
    assert behind.points[0].outcome.values == (0.75,)


def test_trials_of_other_data_settings_or_seeds_are_no_points(search, workshop):
    trial = SearchStudy(search, workshop.storage).ask()
    workshop.finish(trial.on_data("e" * 16))
    config = trial.config
    for changes in (
        {"seed": 1},
        {"optim": config.optim.model_copy(update={"lr": 1e-3})},
        {"loss": config.loss.model_copy(update={"lambda_ada": 0.5})},
        {"initial_trial": "a" * 16},
    ):
        workshop.finish(_with(trial, **changes))

    assert SearchStudy(search, workshop.storage).points == []


def _with(trial, **changes):
    return replace(trial, config=trial.config.model_copy(update=changes))


def test_a_search_without_early_stopping_trains_to_the_end_what_another_one_gave_up(search, stopping_search, workshop):
    trial = SearchStudy(stopping_search, workshop.storage).ask()
    workshop.prune(trial, {50: 0.1})

    assert states(SearchStudy(stopping_search, workshop.storage)) == ["pruned"]
    assert [pending.key for pending in SearchStudy(search, workshop.storage).pending] == [trial.key]


def test_a_damaged_identity_elsewhere_does_not_stop_a_search(search, workshop):
    workshop.finish(SearchStudy(search, workshop.storage).ask())
    workshop.storage.write("trials/0123456789abcdef/trial.json", b"{")

    assert states(SearchStudy(search, workshop.storage)) == ["finished"]


@pytest.mark.parametrize("file", ["result.json", "failure.json"])
def test_a_damaged_record_of_a_point_costs_the_search_this_point_only(search, workshop, file):
    trial = SearchStudy(search, workshop.storage).ask()
    workshop.begin(trial)
    workshop.storage.write(f"trials/{trial.key}/{file}", b"{")

    study = SearchStudy(search, workshop.storage)
    assert states(study) == ["failed"]
    assert study.points[0].outcome.reason.startswith("damaged: ")
    assert f"{trial.key}/{file}: is damaged" in study.points[0].outcome.reason
    assert study.ask().key != trial.key


def test_more_trials_continue_a_search_that_was_complete(workshop, tmp_path):
    short = SearchStudy(load(tmp_path, search_content(trials=3)), workshop.storage)
    while trial := short.ask():
        workshop.finish(trial)
    assert short.complete

    longer = SearchStudy(load(tmp_path, search_content(trials=5)), workshop.storage)
    assert not longer.complete
    more = [trial for _ in range(9) if (trial := longer.ask()) is not None]
    assert len(more) == 2


def test_optunas_own_tools_open_the_journal_and_find_no_trial_running(stopping_search, workshop):
    study = SearchStudy(stopping_search, workshop.storage)
    finished, pruned, failed, _running = (study.ask() for _ in range(4))
    workshop.finish(finished, 0.5)
    workshop.prune(pruned, {50: 0.1})
    workshop.fail(failed, "diverged")
    for trial in (finished, pruned, failed):
        study.settle(trial.key)
    write_journal(study, workshop.storage)
    write_journal(study, workshop.storage)

    (path,) = (workshop.root / "searches").glob("own-*/optuna.journal")
    journal = JournalStorage(JournalFileBackend(str(path)))
    (name,) = optuna.get_all_study_names(journal)
    opened = optuna.load_study(study_name=name, storage=journal)
    assert [trial.state.name for trial in opened.trials] == ["COMPLETE", "PRUNED", "FAIL"]
    assert opened.best_trial.user_attrs["trial key"] == finished.key
    assert opened.best_params == study.points[0].point
    assert opened.trials[2].user_attrs["reason"] == "SomeError: so"
    assert opened.user_attrs == {"objectives": ["m_j"]}
