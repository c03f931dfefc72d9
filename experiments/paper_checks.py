"""What must hold between the files of a paper: its experiments, the numbers that it reports, and what it cites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from experiments.errors import InputError, Problem, did_you_mean
from experiments.papers import REFERENCES, SETTINGS, Paper, shown
from experiments.references import references
from experiments.reported import row_name, transcription, transcription_file
from experiments.reported_schema import Citation, PrintedNumber
from experiments.schema import Experiment
from experiments.yaml_files import read_yaml

ADD_ENTRY = f"add its entry to {REFERENCES}"


def reported_problems(experiment: Experiment, file: str, paper: Paper) -> Iterator[Problem]:
    """Rows of an experiment's table that the paper's reported numbers lack, and the other way round.

    Args:
        experiment: each part of which is valid.
        file: that it stands in, for messages.
        paper: whose it is.

    Raises:
        InputError: mistakes in the file of the reported numbers.
    """
    numbers = transcription_file(paper)
    printed = [
        (place, record)
        for place, record in enumerate(transcription(paper).records)
        if record.table == experiment.table.number and record.kind != "setting"
    ]
    found = {(_method(record, paper), row_name(record)) for _, record in printed}
    trained = {(variant.method, variant.reported) for variant in experiment.variants}
    listed = {method for group in experiment.table.published for method in group.methods}
    for place, variant in enumerate(experiment.variants):
        if variant.reported is not None and (variant.method, variant.reported) not in found:
            where = f"{file}: variants.{place}.reported"
            rows = [row for method, row in found if method == variant.method]
            named = shown(numbers) if numbers else f"{paper.name}, which has no reported.yaml"
            yield Problem(where, f"'{variant.reported}' is no row of {named}", _nearest(variant.reported, rows))
    for place, record in printed:
        row = (_method(record, paper), row_name(record))
        if numbers is not None and row not in trained and row[0] not in listed:
            where = f"{shown(numbers)}: records.{place}.row"
            remedy = "name it under reported of a variant" if row[0] is None else "add the method to table.published"
            told = " ".join(filter(None, (record.row.method, row[1])))
            yield Problem(where, f"'{told}' is no row of {file}, table {record.table}", remedy)


def paper_problems(paper: Paper) -> Iterator[Problem]:
    """What a paper's reported numbers and citations lack.

    Raises:
        InputError: mistakes in the file of the reported numbers.
    """
    known = references(paper)
    yield from _unknown_key(paper.said.cite, known, f"{paper.file}: cite.key")
    numbers = transcription_file(paper)
    if numbers is None:
        return
    tables = {*_table_numbers(paper)}
    for place, record in enumerate(transcription(paper).records):
        where = f"{shown(numbers)}: records.{place}"
        if record.table not in tables:
            what = f"'{record.table}' is the table of no experiment of {paper.name}"
            yield Problem(f"{where}.table", what, _nearest(record.table, tables))
        if record.cite is not None:
            yield from _unknown_key(record.cite, known, f"{where}.cite.key")
        elif _method(record, paper) is not None:
            yield Problem(f"{where}.cite", f"a number of {record.row.method} needs its source", "add cite: {key: …}")


def _unknown_key(cite: Citation, known: Iterable[str], where: str) -> Iterator[Problem]:
    if cite.key not in known:
        near = did_you_mean(cite.key, list(known))
        yield Problem(where, f"'{cite.key}' is not in {REFERENCES}", near if near.startswith("did") else ADD_ENTRY)


def _method(record: PrintedNumber, paper: Paper) -> str | None:
    """The method of others that a number is of; None for the paper's own."""
    return None if record.row.method in paper.said.own_methods else record.row.method


def _table_numbers(paper: Paper) -> Iterator[str]:
    """The tables of a paper's experiments and settings; what else is wrong in their files is told by who loads them."""
    for path in (*paper.experiments(), paper.folder / SETTINGS):
        try:
            said = read_yaml(path)
            table = said.get("table", said)
            yield str(table.get("number", path.stem))
        except (InputError, AttributeError):
            continue


def _nearest(word: str, known: Iterable[str]) -> str:
    return did_you_mean(word, sorted({*known})) if known else ""
