"""A manuscript beside the tables of `golden_tables`, in which λ = 5 scores 64.0 ± 1.0 and λ = 10 scores 66.5."""

import pytest
from golden_tables import golden_tables
from report_checks import assert_compiles

from experiments.errors import InputError
from reports.manuscript.check import check_manuscript
from reports.manuscript.latex_source import read_source
from reports.render.formats import table_files

FRAME = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx}
\input{numbers}
\begin{document}
%s
\end{document}
"""
FIRST = FRAME[: FRAME.index("%s")].count("\n") + 1
"""Line at which the text begins."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return golden_tables(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def latex(tables):
    """What a report writes as LaTeX, by file."""
    return {name: content for name, content in table_files(tables).items() if name.endswith(".tex")}


@pytest.fixture
def folder(latex, tmp_path):
    """What a report writes beside the manuscript."""
    for name, content in latex.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def check(tables, folder):
    def run(text, **options):
        (folder / "paper.tex").write_text(FRAME.replace("%s", text), encoding="utf-8")
        return check_manuscript(read_source(folder / "paper.tex"), list(tables.values()), **options)

    return run


def told(found):
    return [(finding.line - FIRST, finding.typed, finding.stored) for finding in found.findings]


def test_a_typed_number_that_is_not_stored_is_listed_with_its_line_and_what_is_stored(check):
    found = check("We train.\n\nOn S4, $\\lambda_{ada} = 10$ reaches\n66.9\\,\\% $M_J$, and $\\lambda_{ada}=5$ more.\n")
    assert told(found) == [(3, "66.9", "66.5")]
    assert found.findings[0].why == "the nearest is combo/table7/lambda-10/s4/m_j"


@pytest.mark.parametrize(
    "text",
    [
        r"With $\lambda_{ada} = 5$ the mIoU on S4 is 64.0 $\pm$ 1.0.",
        r"With $\lambda_{ada} = 5$ the F-score on S4 is 0.720.",
        r"On S4 the mIoU of Table~7 grows by 3.0 points.",
        r"The paper reports a mIoU of 81.2 on S4 in Table~7.",
        r"Table~\ref{tab:combo-table7}: 61.0 mIoU. % 99.9 mIoU",
        r"In Table 7 the mIoU is 99.9. % combo: ignore",
        r"\includegraphics[width=0.48\linewidth]{miou-99.9} shows the mIoU on S4, cf.~\cite{a99.9}\vspace{0.5em}.",
        r"The mIoU needs $\beta = 0.7$ and a learning rate. It is 0.0001.",
        r"On S4 and MS3 we train in 12.5 hours with a weight decay of 0.05, a dropout rate of 0.3 and PyTorch~2.1.",
        r"The mIoU on S4 comes 2.3$\times$ as fast.",
        "\\begin{verbatim}\nmIoU 99.9\n\\end{verbatim}",
    ],
)
def test_what_is_stored_and_what_is_no_score_is_not_listed(check, text):
    assert told(check(text)) == []


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (r"With $\lambda_{ada} = 5$ the mIoU on S4 is 64.0 $\pm$ 1.3.", "1.3"),
        (r"With $\lambda_{ada} = 5$ the F-score on S4 is 64.0.", "64.0"),
        (r"On S4 the mIoU of Table~7 grows by 3.7 points.", "3.7"),
        (r"Ours has a mIoU of 81.2 on S4 in Table~7.", "81.2"),
        (r"We reach 99\% mIoU on S4.", "99"),
        (r"On S4, $\lambda_{ada} = 5$ has $M_J$/$M_F$ of 64.0/99.0.", "99.0"),
    ],
)
def test_a_number_that_is_stored_of_something_else_is_listed(check, text, typed):
    assert [finding.typed for finding in check(text).findings] == [typed]


def test_lines_of_a_table_are_about_their_row(check):
    text = (
        "\\begin{table}\\label{tab:combo-table7}\n\\begin{tabular}{lcc}\n$\\lambda_{ada}$ & $M_J$ & $M_F$ \\\\\n"
        "0 & 61.0 & 70.5 \\\\\n5 & 61.0 & 72.0 \\\\\n\\end{tabular}\n\\end{table}"
    )
    assert told(check(text)) == [(4, "61.0", "64.0")]
    text = text.replace("combo-table7", "combo-table1").replace(
        "5 & 61.0 & 72.0", r"\\rowcolor{red!9} COMBO & PVT-v2 & 83.1 & 90.2"
    )
    assert told(check(text))[-2:] == [(4, "83.1", "83.0"), (4, "90.2", "90.5")]


def test_definitions_of_the_preamble_are_text(check, folder, tables):
    check("")
    paper = folder / "paper.tex"
    paper.write_text(paper.read_text().replace("\\begin{doc", "\\newcommand{\\ours}{12.5}\n\\begin{doc"))
    found = check_manuscript(read_source(paper), list(tables.values()), everything=True)
    assert [finding.typed for finding in found.findings] == ["12.5"]


def test_numbers_of_which_nothing_says_that_they_are_scores_are_counted(check):
    assert (check("It took 12.5 days.").passed_over, told(check("It took 12.5 days."))) == (1, [])
    assert [finding.typed for finding in check("It took 12.5 days.", everything=True).findings] == ["12.5"]


def test_bound_numbers_are_looked_up(check, folder):
    text = "\\combo{table7/lambda-5/s4/m_j} \\combo{table7/lambda-6/s4/m_j}\n\\combo{combo/table7/lambda-20/s4/m_j}\n"
    found = check(text)
    assert (found.bound, [(finding.line - FIRST, finding.why) for finding in found.findings]) == (
        3,
        [(0, "no number of these tables is called so"), (1, "is no number: seed 0 is unfinished")],
    )
    numbers = folder / "numbers.tex"
    numbers.write_text(numbers.read_text().replace("{64.0}", "{64.4}"))
    (old, *_) = check("\\combo{table7/lambda-5/s4/m_j}").findings
    assert (old.stored, old.why) == ("64.0", "numbers.tex holds 64.4; input that of a new report")


@pytest.mark.parametrize("style", ["", "_cvpr", "_audit"])
def test_a_table_of_an_older_report_is_listed(check, folder, style):
    assert told(check(f"\\input{{combo-table7{style}}}")) == []
    table = folder / f"combo-table7{style}.tex"
    table.write_text(table.read_text().replace("64.0", "64.4"))
    assert [finding.typed for finding in check(f"\\input{{combo-table7{style}}}").findings] == [table.name]


def test_what_is_no_manuscript_is_refused(tmp_path):
    with pytest.raises(InputError, match="is missing"):
        read_source(tmp_path / "paper.tex")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF\xff\xfe")
    with pytest.raises(InputError, match="no text in UTF-8"):
        read_source(tmp_path / "paper.pdf")


def test_bound_numbers_print_in_text_in_math_and_in_captions(check, folder):
    check(
        "\\section{\\combo{table7/lambda-0/s4/m_j/delta} points}\n"
        "$\\combo{table7/lambda-5/s4/m_j/pm}$ and \\combo{table7/lambda-20/s4/m_j}\n"
        "\\begin{table}\\caption{\\combo{table1/CATR/ResNet-50/s4/m_j}}\\end{table}\n"
    )
    assert_compiles(folder, "paper.tex")
