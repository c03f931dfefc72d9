"""Files of figure definitions: what they may say, and how mistakes are told."""

import pytest

from experiments.errors import InputError
from experiments.figures import load_figures, read_figures
from experiments.reported import figure_numbers
from experiments.target_files import experiment_names

HEAT = """
paper: combo
figures:
  - number: "4"
    kind: heat_maps
    title: Heat
    caption: Maps.
    trained: {experiment: combo/table7, task: s4}
    rows: [{variant: lambda-0, label: without}]
"""


@pytest.fixture
def read(tmp_path):
    def written(text):
        path = tmp_path / "figures.yaml"
        path.write_text(text)
        return read_figures(path)

    return written


def told(read, text):
    with pytest.raises(InputError) as refused:
        read(text)
    return str(refused.value)


def test_figures_are_no_experiments():
    assert not [name for name in experiment_names() if name.startswith("figures")]


def test_a_figure_shows_the_first_clip_unless_it_says_otherwise(read):
    (figure,) = read(HEAT).figures
    assert (figure.trained.clips.count, figure.trained.clips.after, figure.trained.clips.ids) == (1, 0, ())


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("variant: lambda-0", "variant: lambda-1", "combo/table7 has no variant 'lambda-1' (did you mean 'lambda-"),
        ("task: s4", "task: ms3", "combo/table7 has no task 'ms3' (known: avss, s4)"),
        ("combo/table7", "combo/table77", "no such experiment (did you mean 'combo/table7'?)"),
        ("title: Heat", "titel: Heat", "unknown key"),
        ("kind: heat_maps", "kind: heat", "heat_maps"),
        ("label: without}]", "label: without}]\n    count: 3", "unknown key"),
    ],
)
def test_mistakes_are_told_with_their_place(read, right, wrong, said):
    assert said in told(read, HEAT.replace(right, wrong))


def test_a_number_stands_for_one_figure(read):
    assert "twice" in told(read, HEAT + HEAT.partition("figures:\n")[2])


def test_what_the_papers_print_in_figures_belongs_to_figures_that_are_defined():
    numbers = {figure.number for figure in load_figures("combo").figures}
    printed = figure_numbers("combo", "4")
    assert [row.values for row in printed] == [(0.968, 0.936, 0.919, 0.975), (0.986, 0.985, 0.98, 0.991)]
    assert {row.figure for row in printed} <= numbers
