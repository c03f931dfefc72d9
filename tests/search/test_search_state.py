"""What people and scripts are told of a search."""

import json
import re

from rich.console import Console
from search_files import load, search_content

from orchestrator.search.search_state import as_document, best_table, headline
from orchestrator.search.study import SearchStudy


def test_a_front_is_shown_with_its_points_and_all_objectives(workshop, tmp_path):
    search = load(tmp_path, search_content(objectives=["m_j", "parameters", "seconds_per_clip"]))
    study = SearchStudy(search, workshop.storage)
    large, small, lost, _running = (study.ask() for _ in range(4))
    workshop.finish(large, 0.75, parameters=2_500_000, seconds_per_clip=0.0125)
    workshop.finish(small, 0.5, parameters=1_000_000, seconds_per_clip=0.0125)
    workshop.fail(lost, "diverged")
    for trial in (large, small, lost):
        study.settle(trial.key)

    console = Console(width=200)
    with console.capture() as shown:
        console.print(headline(study))
        console.print(best_table(study))
    said, title, head, first, second = (line.split() for line in shown.get().splitlines())
    assert re.sub(r"^own-\w{8}", "own", " ".join(said)) == "own: 4 of 12 points, 1 running, 2 finished, 1 failed"
    assert " ".join(title) == "Pareto front"
    assert " ".join(head).endswith("lambda_ada queries mode validation M_J parameters ms per clip")
    assert (first[0], first[-4:]) == (large.key, ["75.0", "2.50", "M", "12.5"])
    assert (second[0], second[-4:]) == (small.key, ["50.0", "1.00", "M", "12.5"])


def test_scripts_get_every_point_with_its_state_values_and_reason(search, workshop):
    study = SearchStudy(search, workshop.storage)
    finished, failed, running = study.ask(), study.ask(), study.ask()
    workshop.finish(finished, 0.75)
    workshop.fail(failed, "diverged")
    for trial in (finished, failed):
        study.settle(trial.key)

    document = json.loads(json.dumps(as_document(study)))
    assert document["best"] == [finished.key]
    assert not document["complete"]
    assert [(entry["key"], entry["state"], entry["values"], entry["reason"]) for entry in document["points"]] == [
        (finished.key, "finished", {"m_j": 0.75}, ""),
        (failed.key, "failed", None, "SomeError: so"),
        (running.key, "running", None, ""),
    ]
    assert document["points"][0]["point"] == dict(study.points[0].point)
