"""What a reader must know beside the numbers of a table, as plain sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from experiments.papers import Paper
from experiments.reported import contradictions, scoring
from experiments.reported_schema import Check, Citation
from experiments.schema import Experiment
from model.config import Task
from reports.tables.cells import Cell, Row, Run, imported_evaluations
from reports.tables.makings import mixed_makings
from reports.tables.paired_test import smallest_p
from reports.tables.scoring_rules import rules_in_words

FAR = 5.0
"""Percentage points between what imported weights score and what is reported of them, at which a table warns."""


def footnotes(paper: Paper, experiment: Experiment, rows: Sequence[Row]) -> tuple[str, ...]:
    """Source of the reported numbers, meaning of the signs, protocols, mixtures, the paper's own contradictions."""
    cells = [cell for row in rows for cell in row.cells]
    return (
        *_sources(paper, experiment, rows),
        *_others(paper, rows),
        *_imported(cells),
        *_far_from_reported(cells),
        *_signs(experiment, cells),
        *_of_the_network(experiment, cells),
        *_by_task(cells),
        *_reported_scoring(paper, experiment),
        *_quarantined(cells),
        *mixed_makings(rows),
        *paper_remarks(paper, experiment.table.number),
    )


def paper_remarks(paper: Paper, table: str) -> Iterator[str]:
    """Where a paper contradicts itself in a table, or leaves something unsaid."""
    for check in contradictions(paper, table):
        yield _sentence(check)


def _sources(paper: Paper, experiment: Experiment, rows: Sequence[Row]) -> Iterator[str]:
    if any(cell.is_ours and cell.reported is not None for row in rows for cell in row.cells):
        origin = f"Table {experiment.table.number} of {paper.label} {_citation(paper.said.cite)}"
        cited = {row.label: _citation(row.cite) for row in rows if row.is_of_others and row.cite is not None}
        named = "".join(f"; of {label} it cites {citation}" for label, citation in cited.items())
        yield f"Reported: {origin}{named}. Δ is measured minus reported, of scores in percentage points."


def _others(paper: Paper, rows: Sequence[Row]) -> Iterator[str]:
    cited = {row.label: _citation(row.cite) for row in rows if row.is_published and row.cite is not None}
    if cited:
        named = ", ".join(f"{label} {citation}" for label, citation in cited.items())
        yield f"Rows in italics were not measured here, their numbers stand as {paper.label} reports them: {named}."


def _imported(cells: Sequence[Cell]) -> Iterator[str]:
    for record in imported_evaluations(cells):
        weights, task = record.weights, record.weights.config.data.task.upper()
        file = f"{weights.file} (SHA-256 {weights.file_sha256[:12]})"
        if weights.is_official:
            whose = f"the authors' released weights {file}, from {weights.source} as stated on import"
        else:
            whose = f"weights imported from {file}, without a statement that the authors released them"
        word = "Official" if weights.is_official else "Imported"
        yield f"{word} {task}: {whose}; they were scored here under {record.protocol.label}."


def _far_from_reported(cells: Sequence[Cell]) -> Iterator[str]:
    for cell in cells:
        if cell.imported is None or cell.reported is None:
            continue
        distance = abs(cell.imported.percent - cell.reported.value)
        if distance > FAR:
            yield (
                f"Warning: in row '{cell.row}' weights imported from {cell.imported.record.weights.file} score "
                f"{cell.imported.percent:.1f} on {str(cell.column.task).upper()} {cell.column.metric.upper()}, "
                f"{distance:.1f} points from what the paper reports: they are hardly those behind its number, or the "
                "data are other ones."
            )


def _citation(cite: Citation) -> str:
    return f"[{cite.key}]" + (f", {cite.venue}" if cite.venue else "")


def _signs(experiment: Experiment, cells: Sequence[Cell]) -> Iterator[str]:
    if any(cell.best for cell in cells):
        yield "Bold is the best measured value of a task and metric, and the best reported one."
    seeds = {cell.summary.n for cell in cells if cell.summary is not None}
    if any(n > 1 for n in seeds):
        yield "± is the standard deviation over seeds (n − 1 in the denominator); n counts seeds."
    if 1 in seeds:
        yield "A measured value without n comes from one seed (n = 1), so nothing is known of its spread."
    if seeds:
        yield "The weights that are tested are those with the best validation M_J; test scores never choose anything."
    yield from _intervals(experiment, cells)
    yield from _daggers(experiment, cells)
    if any(cell.gain is not None or cell.reported_gain is not None for cell in cells):
        side = (experiment.table.side_header or "second column").lower()
        yield f"In brackets: by how much a number beats the best of the other methods with the same {side}, in points."


def _intervals(experiment: Experiment, cells: Sequence[Cell]) -> Iterator[str]:
    asked = experiment.statistics
    if any(cell.summary is not None and cell.summary.interval is not None for cell in cells):
        how = (
            "Student's t over seeds" if asked.interval == "student_t" else "bootstrap over the clips of the test split"
        )
        yield f"Intervals (CI) hold the mean with {100 * asked.confidence:g} % confidence: {how}."


def _daggers(experiment: Experiment, cells: Sequence[Cell]) -> Iterator[str]:
    """What a dagger means, and where there are too few clips for any."""
    asked = experiment.statistics
    compared = {(str(cell.column.task).upper(), cell.difference.clips) for cell in cells if cell.difference is not None}
    hopeless = {(task, clips) for task, clips in compared if smallest_p(clips, asked.resamples) >= asked.significance}
    if compared - hopeless:
        (label,) = {variant.label for variant in experiment.variants if variant.name == asked.baseline}
        yield (
            f"† differs from “{label}” by more than the choice of test clips explains (paired permutation test over "
            f"clips, p < {asked.significance:g}, not corrected for the number of rows). It does not cover "
            "differences between seeds."
        )
    for task, clips in sorted(hopeless):
        least = smallest_p(clips, asked.resamples)
        yield (
            f"No row gets a † on {task}: {clips} test clips cannot give a p below {least:g}, and p < "
            f"{asked.significance:g} is asked for."
        )


def _of_the_network(experiment: Experiment, cells: Sequence[Cell]) -> Iterator[str]:
    metrics = {cell.column.metric for cell in cells}
    if "parameters" in metrics:
        task = experiment.tasks[-1].upper()
        yield f"Parameters are those of the {task} network in millions, the frozen audio encoder included."
    if "trainable_parameters" in metrics:
        yield "Trained parameters are those of the network in millions, the frozen audio encoder left out."
    if "seconds_per_clip" in metrics:
        yield (
            "Time is the median over the test clips, one at a time and after a first one to warm up, from frames to "
            "class scores, without the frozen audio encoder, on the device of the run."
        )


def _by_task(cells: Sequence[Cell]) -> Iterator[str]:
    for task in dict.fromkeys(cell.column.task for cell in cells if cell.column.task is not None):
        of_task = [cell for cell in cells if cell.column.task == task]
        runs = {run.key: run for cell in of_task for run in cell.counted}.values()
        states = {cell.state for cell in of_task}
        if "mixed_protocol" in states:
            yield _mixture(task, "protocols", ((_label(run), run.key) for run in runs))
        elif "mixed_data" in states:
            yield _mixture(task, "data sets", ((_fingerprint(run), run.key) for run in runs))
        elif runs:
            (protocol,) = {run.stored.result.protocol for run in runs if run.stored.result is not None}
            yield f"{task.upper()} is scored under {protocol.label}: {rules_in_words(protocol)}."
            again = [run.stored.rescored for run in runs if run.stored.rescored is not None]
            if again:
                told = f"{len(again)} of {len(runs)} trials were" if len(again) < len(runs) else "All trials were"
                yield f"{told} scored so again on {task.upper()}, from the weights that they had been tested with."


def _reported_scoring(paper: Paper, experiment: Experiment) -> Iterator[str]:
    """Where a table reports numbers of different protocols: which ones, as far as known."""
    known, further = scoring(paper, experiment.table.number)
    if len({one.protocol for one in known.values()}) > 1:
        named = "; ".join(
            f"{paper.label if method in paper.said.own_methods else method} {one.basis}, as {one.protocol} does"
            for method, one in known.items()
        )
        rest = "; of the other methods it is not known here" if further else ""
        yield f"How the reported F-scores on S4 and MS3 group clips, by the released code: {named}{rest}."


def _quarantined(cells: Sequence[Cell]) -> Iterator[str]:
    """Clips that some result was trained, selected or scored without, by task and split."""
    missing: dict[tuple[Task, str], set[str]] = defaultdict(set)
    for cell in cells:
        if cell.column.task is None:
            continue
        for run in cell.counted:
            assert run.stored.result is not None
            for split, names in run.stored.result.quarantined.items():
                missing[cell.column.task, split].update(names)
        if cell.imported is not None:
            record = cell.imported.record
            missing[cell.column.task, record.protocol.split].update(record.quarantined)
    for (task, split), clips in sorted(missing.items()):
        if clips:
            yield f"{task.upper()} {split} clips that could not be read and were left out: {', '.join(sorted(clips))}."


def _mixture(task: Task, what: str, pairs: Iterable[tuple[str, str]]) -> str:
    keys: dict[str, list[str]] = defaultdict(list)
    for name, key in pairs:
        keys[name].append(key)
    parts = "; ".join(f"{name}: {', '.join(sorted(keys[name]))}" for name in sorted(keys))
    return f"{task.upper()} has results under different {what}, which are neither averaged nor compared. {parts}."


def _label(run: Run) -> str:
    assert run.stored.result is not None
    return run.stored.result.protocol.label


def _fingerprint(run: Run) -> str:
    assert run.stored.result is not None
    return run.stored.result.provenance.data_fingerprint


def _sentence(check: Check) -> str:
    if check.verdict == "fails":
        return f"The paper contradicts itself ({check.where}): “{check.claim}”; {check.detail}."
    if check.verdict == "unresolved":
        return f"Unresolved in the paper ({check.where}): “{check.claim}”; {check.detail}."
    return f"The paper's text ({check.where}) says “{check.claim}”, which its numbers give; but {check.caveat}."
