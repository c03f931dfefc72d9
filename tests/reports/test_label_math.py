import pytest

from experiments.reported_schema import Citation
from reports.drawing.style import label as figure_label
from reports.render.html_text import label as html_label
from reports.render.latex_text import citation
from reports.render.latex_text import escape as latex_escape
from reports.render.latex_text import label as latex_label
from reports.render.markdown import escape as markdown_escape
from reports.render.math_label import in_unicode, split_label
from reports.render.plain_text import one_line


def test_math_reads_in_unicode_and_html():
    assert in_unicode(r"$\lambda_{ada}$ = 5") == "λ_ada = 5"
    assert html_label(r"$\mathcal{L}^2_{ada}$ < 5") == (
        r'<span class="math" data-tex="\mathcal{L}^2_{ada}">L<sup>2</sup><sub>ada</sub></span> &lt; 5'
    )


@pytest.mark.parametrize(
    "label", [r"$\input{/etc/passwd}$", r"$\lambda_a_b$", r"$x$y}$", "5$ or $6", r"$\write18{id}$", "$$", r"$a_{b$"]
)
def test_anything_else_between_dollars_is_text(label):
    shown = split_label(label)
    assert "".join(f"${part.text}$" if part.is_math else part.text for part in shown) == label
    assert all(part.text == "x" for part in shown if part.is_math)


def test_figure_labels_keep_dollars_and_underscores():
    assert figure_label("_a$b") == r" _a\$b"
    assert figure_label(r"$\lambda_{ada}$") == r"$\lambda_{ada}$"


def test_control_characters_vanish():
    assert one_line("a\x1b[31mred\x1b[0m\r\nb\u202ec\x00\u2028d") == "a[31mred[0m bc d"


def test_latex_escapes_everything_that_means_something():
    assert latex_escape(r"\input{x} 5% & $a_b^c$ ~#") == (
        r"\textbackslash{}input\{x\} 5\% \& \$a\_b\textasciicircum{}c\$ \textasciitilde{}\#"
    )
    assert latex_escape("a--b,,c") == "a-{}-b,{}, c".replace(", c", ",c")
    assert latex_escape("日 λ") == r"[U+65E5] $\lambda$"


def test_latex_keeps_the_space_before_math():
    assert latex_label(r"Queries $N_q$ & more") == r"Queries $N_q$ \& more"


def test_only_what_a_bibliography_can_hold_is_cited():
    assert citation(Citation(key="yang2024combo")) == r"\cite{yang2024combo}"
    assert citation(Citation(key="}x,y")) == r"{[}\}x,y]"


def test_markdown_escapes_everything_that_means_something():
    assert markdown_escape("a|b *c* [d](e) <f> `g`") == r"a\|b \*c\* \[d\](e) \<f\> \`g\`"
    assert markdown_escape("- x https://y") == r"\- x https\://y"
