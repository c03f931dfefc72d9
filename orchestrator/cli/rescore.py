"""`combo rescore`: score finished trials under a newer or another protocol, from their stored weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, DeviceOption, StorageOption, TargetWords
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import ViewScaleOption, choose_view

if TYPE_CHECKING:
    from rich.console import Console

    from experiments.records import EvaluationRecord
    from experiments.trial import Trial
    from orchestrator.rescoring import WantedScores


def rescore(
    words: TargetWords,
    scale: ViewScaleOption = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="How to score, such as avsbench-binary-batch4.  [default: as tables are filled today]"),
    ] = None,
    device: DeviceOption = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score finished trials again, from the weights that they were tested with; nothing is trained.

    Tables show the new scores where the protocol is the one that they are filled by today, so cells that an older
    version left stale are filled. Results stay as they are. Trials that have such a score already are passed over.
    """
    from rich.console import Console

    from orchestrator.cli.chosen_targets import find_targets
    from orchestrator.store.store import Store

    console = Console(highlight=False, stderr=as_json)
    view = choose_view(words, scale, storage, data)
    view.say_remark(console)
    store = Store(view.settings.storage)
    targets = find_targets(words, view.scale, view.settings, store)
    plan = targets.plan(store)

    from orchestrator.cli.arguments import chosen_device
    from orchestrator.cli.evaluate import log_to_mlflow
    from orchestrator.rescoring import wanted_scores

    found_device = chosen_device(device)
    wanted = wanted_scores(plan, view.settings.data, store, protocol)
    scored = _score(wanted, found_device, console)
    for (_, record), one in zip(scored, wanted.to_score, strict=True):
        log_to_mlflow(view.settings, one.evaluation, record, console)
    if as_json:
        print_json([record.model_dump(mode="json") for _, record in scored])
    else:
        _show(scored, console)
    say(_conclusion(wanted), console)


def _score(wanted: WantedScores, device: str, console: Console) -> list[tuple[Trial, EvaluationRecord]]:
    from orchestrator.cli.progress_bar import progress_bars

    scored = []
    with progress_bars(console) as progress:
        bar = progress.add_task("Scoring clips", total=sum(len(one.evaluation.dataset) for one in wanted.to_score))
        for one in wanted.to_score:
            record = one.evaluation.run(device, on_clip=lambda: progress.advance(bar))
            scored.append((one.trial, record))
    return scored


def _show(scored: list[tuple[Trial, EvaluationRecord]], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    if not scored:
        return
    table = Table("trial key", "trial", "protocol", box=None)
    for heading in ("M_J", "M_F"):
        table.add_column(heading, justify="right")
    for trial, record in scored:
        label = Text(f"{trial.experiment} {trial.label}".strip())
        scores = (f"{100 * value:.2f}" for value in (record.score.m_j, record.score.m_f))
        table.add_row(trial.key, label, record.protocol.label, *scores)
    console.print(table)
    for trial, record in scored:
        if record.quarantined:
            say(f"{trial.key}: left out as unusable: {', '.join(record.quarantined)}", console, "yellow")


def _conclusion(wanted: WantedScores) -> str:
    count = len(wanted.to_score)
    told = [f"{count} trial{'' if count == 1 else 's'} scored again" if count else "nothing to score again"]
    if wanted.known:
        told.append(f"{wanted.known} had such a score already")
    if wanted.left_out:
        told.append(f"{wanted.left_out} without a result left out")
    return ", ".join(told)
