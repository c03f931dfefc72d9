"""Numbers that were made by different code, PyTorch or devices stand in one table, and the table says so."""

import pytest

from reports.stored.results import read_results
from reports.tables.table import build_table

MIXTURES = {
    "commits of the code": ({"commit": "0ddba11+dirty"}, "0ddba11+dirty", "c0ffee1"),
    "versions of PyTorch": ({"packages": {"torch": "2.15.0"}}, "2.15.0", "2.13.0"),
    "devices": ({"device": "NVIDIA H100"}, "NVIDIA H100", "cpu"),
}


def footnotes(scaled, trials, storage):
    return [
        note for note in build_table(scaled, trials, read_results(storage.root, None)).footnotes if "different" in note
    ]


@pytest.mark.parametrize("what", MIXTURES)
def test_a_mixture_is_a_footnote_with_the_rows_behind_each_part(storage, scaled, trials, what):
    changes, other, usual = MIXTURES[what]
    labels = {variant.name: variant.label for variant in scaled.experiment.variants}
    storage.finish(trials[0], 0.6, 0.7, **changes)
    for trial in trials[1:3]:
        storage.finish(trial, 0.6, 0.7)
    parts = {other: labels[trials[0].variant], usual: ", ".join(labels[trial.variant] for trial in trials[1:3])}

    told = "; ".join(f"{value}: {parts[value]}" for value in sorted(parts))
    assert footnotes(scaled, trials, storage) == [f"The measured numbers come from different {what}. {told}."]


def test_two_uncommitted_states_of_one_commit_are_a_mixture(storage, scaled, trials):
    for trial, state in zip(trials, ("1a2b3c4d", "5e6f7a8b"), strict=False):
        storage.finish(trial, 0.6, 0.7, commit=f"c0ffee1+dirty.{state}")

    (told,) = footnotes(scaled, trials, storage)
    assert "c0ffee1+dirty.1a2b3c4d: " in told
    assert "c0ffee1+dirty.5e6f7a8b: " in told


def test_numbers_that_were_made_alike_need_no_footnote(storage, scaled, trials):
    for trial in trials:
        storage.finish(trial, 0.6, 0.7)

    assert footnotes(scaled, trials, storage) == []
