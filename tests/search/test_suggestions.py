"""What a search suggests next follows from its seed and from what storage knows, and from nothing else."""

import json

import pytest
from search_files import load, score_of, search_content

from experiments.trial import Trial
from orchestrator.search.study import SearchStudy

SAMPLERS = ("tpe", "gp", "nsga2", "random")


def run_on(study, workshop, points=None) -> list[Trial]:
    """Trains one point after the other, as many as asked for, or all."""
    ran = []
    while (points is None or len(ran) < points) and (trial := study.ask()) is not None:
        workshop.finish(trial)
        study.settle(trial.key)
        ran.append(trial)
    return ran


def keys(trials):
    return [trial.key for trial in trials]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_suggests_as_many_different_valid_points_as_asked_for(sampler, workshop, tmp_path):
    search = load(tmp_path, search_content(sampler={"name": sampler}, trials=16))
    study = SearchStudy(search, workshop.storage)
    ran = run_on(study, workshop)

    assert len({*keys(ran)}) == 16
    assert study.complete
    for trial in ran:
        assert search.point_of(trial.config) is not None
        assert trial.config.data.fingerprint == search.base.data.fingerprint
        assert 1 <= trial.config.loss.lambda_ada <= 100
        assert trial.config.model.query_decoder.queries in range(2, 17, 2)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_interrupted_search_suggests_what_it_would_have_suggested_anyway(sampler, workshop, tmp_path):
    search = load(tmp_path, search_content(sampler={"name": sampler}, trials=14))
    whole = run_on(SearchStudy(search, workshop.storage), workshop)

    elsewhere = type(workshop)(tmp_path / "elsewhere")
    first = run_on(SearchStudy(search, elsewhere.storage), elsewhere, points=7)
    rest = run_on(SearchStudy(search, elsewhere.storage), elsewhere)

    assert len(whole) == 14
    assert keys(first + rest) == keys(whole)


def test_another_seed_suggests_other_points(workshop, tmp_path):
    first = [
        SearchStudy(load(tmp_path, search_content(sampler={"seed": seed})), workshop.storage).ask().key
        for seed in (0, 0, 1)
    ]
    assert first[0] == first[1] != first[2]


@pytest.mark.parametrize("sampler", ["tpe", "gp", "nsga2"])
def test_a_sampler_that_learns_finds_better_points_than_chance(sampler, workshop, tmp_path):
    def mean_of_last_eight(name):
        search = load(tmp_path, search_content(sampler={"name": name, "seed": 3}, trials=28))
        place = type(workshop)(tmp_path / name)
        return sum(map(score_of, run_on(SearchStudy(search, place.storage), place)[-8:])) / 8

    assert mean_of_last_eight(sampler) > mean_of_last_eight("random") + 0.04


def test_numbers_have_four_digits_so_that_their_keys_can_be_typed(search, workshop):
    for trial in run_on(SearchStudy(search, workshop.storage), workshop):
        weight = trial.config.loss.lambda_ada
        assert weight == float(f"{weight:.4g}")
        assert trial.label.startswith(f"lambda_ada={weight} queries=")


def test_points_that_run_at_once_differ(search, workshop):
    study = SearchStudy(search, workshop.storage)
    asked = [study.ask() for _ in range(12)]

    assert len({*keys(asked)}) == 12
    assert study.ask() is None
    assert study.complete


def test_a_small_space_is_searched_to_its_last_point(workshop, tmp_path):
    space = {
        "model.fusion.mode": {"choice": ["bilateral", "visual", "none"]},
        "model.query_decoder.queries": {"integer": [2, 6], "step": 2},
    }
    ran = run_on(SearchStudy(load(tmp_path, search_content(space=space, trials=9)), workshop.storage), workshop)

    assert len({*keys(ran)}) == 9


def test_points_whose_values_do_not_go_together_are_passed_over(workshop, tmp_path):
    """16 heads do not divide a width of 72, so of six points five can be trained."""
    space = {"model.width": {"choice": [64, 72]}, "model.fusion.heads": {"choice": [4, 8, 16]}}
    study = SearchStudy(load(tmp_path, search_content(space=space, trials=6)), workshop.storage)
    ran = run_on(study, workshop)

    assert {(trial.config.model.width, trial.config.model.fusion.heads) for trial in ran} == {
        (64, 4), (64, 8), (64, 16), (72, 4), (72, 8)
    }  # fmt: skip
    assert study.complete


def damage(path):
    """A validation of no clips, which no result can state."""
    result = json.loads(path.read_text())
    result["validation"]["count"] = 0
    path.write_text(json.dumps(result))


def test_a_result_that_cannot_be_told_is_a_failed_point_with_its_reason(workshop, tmp_path):
    search = load(tmp_path, search_content(objectives=["m_j", "seconds_per_clip"]))
    study = SearchStudy(search, workshop.storage)
    slow, unmeasured, broken = study.ask(), study.ask(), study.ask()
    workshop.finish(slow, 0.5, seconds_per_clip=0.02)
    workshop.finish(unmeasured, 0.5)
    workshop.finish(broken, 0.5, seconds_per_clip=0.01)
    damage(workshop.storage.root / "trials" / broken.key / "result.json")
    for trial in (slow, unmeasured, broken):
        study.settle(trial.key)

    told = [(tried.outcome.state, tried.outcome.reason) for tried in study.points]
    assert told[:2] == [("finished", ""), ("failed", "its result holds no seconds_per_clip")]
    assert told[2][0] == "failed"
    assert "result.json: is damaged: validation.count" in told[2][1]
    assert study.points[0].outcome.values == pytest.approx((0.5, 0.02))
    assert study.ask() is not None


def test_validation_scores_that_are_no_numbers_are_never_told(stopping_search, workshop):
    study = SearchStudy(stopping_search, workshop.storage)
    trial = study.ask()
    workshop.prune(trial, {100: float("nan"), 50: 0.25, 150: float("inf")})
    study.settle(trial.key)

    assert study.points[0].outcome.intermediate == {50: 0.25}
    assert study.ask() is not None


def test_the_best_point_is_best_on_the_validation_split(search, workshop):
    study = SearchStudy(search, workshop.storage)
    ran = run_on(study, workshop)

    (best,) = study.best()
    assert best.trial.key == max(ran, key=score_of).key


def test_the_pareto_front_holds_what_nothing_beats_in_everything(workshop, tmp_path):
    search = load(tmp_path, search_content(objectives=["m_j", "parameters"], sampler={"name": "nsga2"}))
    study = SearchStudy(search, workshop.storage)
    known = {
        "best": (0.9, 300),
        "worse and larger": (0.8, 400),
        "small": (0.5, 100),
        "middle": (0.7, 200),
        "as middle": (0.6, 200),
    }
    names = {}
    for name, (m_j, parameters) in known.items():
        trial = study.ask()
        names[trial.key] = name
        workshop.finish(trial, m_j, parameters=parameters)
        study.settle(trial.key)

    assert [names[tried.trial.key] for tried in study.best()] == ["best", "middle", "small"]


def test_nothing_is_best_before_anything_is_finished(stopping_search, workshop):
    study = SearchStudy(stopping_search, workshop.storage)
    failed, pruned = study.ask(), study.ask()
    workshop.fail(failed, "diverged")
    workshop.prune(pruned, {50: 0.9})
    for trial in (failed, pruned):
        study.settle(trial.key)

    assert study.best() == []
