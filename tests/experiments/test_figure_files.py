"""Files of figure definitions: what they may say, and how mistakes are told."""

import pytest

from experiments.errors import InputError
from experiments.figures import load_figures
from experiments.reported import figure_numbers
from experiments.target_files import experiment_names
from tests.own_papers import shipped, write_paper

HEAT = """
figures:
  - number: "4"
    kind: heat_maps
    title: Heat
    caption: Maps.
    trained: {experiment: table7, task: s4}
    rows: [{variant: lambda-0, label: without}]
"""


TABLE_7 = shipped("combo").path("table7").read_text()


@pytest.fixture
def read(tmp_path):
    """Reads figures of a paper whose only experiment is a copy of COMBO's Table 7."""

    def written(text):
        own = TABLE_7.replace("paper: combo\n", "").replace("reported: ", "side: ")
        return load_figures(write_paper(tmp_path / "mine", {"table7.yaml": own, "figures.yaml": text}))

    return written


def told(read, text):
    with pytest.raises(InputError) as refused:
        read(text)
    return str(refused.value)


def test_figures_are_no_experiments():
    assert not [name for name in experiment_names() if name.startswith("figures")]


def test_a_figure_shows_the_first_clip_unless_it_says_otherwise(read):
    (figure,) = read(HEAT)
    assert (figure.trained.clips.count, figure.trained.clips.after, figure.trained.clips.ids) == (1, 0, ())


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("variant: lambda-0", "variant: lambda-1", "table7 has no variant 'lambda-1' (did you mean 'lambda-"),
        ("task: s4", "task: ms3", "table7 has no task 'ms3' (known: avss, s4)"),
        (
            "experiment: table7",
            "experiment: table77",
            "names no experiment of mine: 'table77' (did you mean 'table7'?)",
        ),
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
    numbers = {figure.number for figure in load_figures(shipped("combo"))}
    printed = figure_numbers(shipped("combo"), "4")
    assert [row.values for row in printed] == [(0.968, 0.936, 0.919, 0.975), (0.986, 0.985, 0.98, 0.991)]
    assert {row.figure for row in printed} <= numbers
