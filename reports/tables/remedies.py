"""How cells that hold no number get one: the commands to type, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from experiments.printed_commands import ON_PATH, Caller
from experiments.scaled_experiment import ScaledExperiment
from experiments.scales import FULL
from reports.tables.cells import Cell, Remedy


@dataclass(frozen=True)
class Filling:
    """What it takes to fill an experiment's missing cells, beside the command."""

    cost: str = ""
    """What the unfinished trials of the report's scale take, as `2 trials, about 3 min of worker time`; or empty."""
    full_cost: str = ""
    """What the tasks that the scale leaves out take at full scale."""
    full_lacks: str = ""
    """Why it cannot run at full scale here; empty if it can."""


def remedies_of(
    scaled: ScaledExperiment,
    cells: Sequence[Cell],
    filling: Filling,
    caller: Caller = ON_PATH,
    *,
    protocol: str = "",
) -> Iterator[Remedy]:
    """What fills the cells that are not measured; nothing when all are.

    Args:
        scaled: the experiment at the report's scale.
        cells: of its table.
        filling: what that takes.
        caller: how its user calls `combo`.
        protocol: that is asked for instead of today's; empty for none.
    """
    if any(cell.is_to_rescore for cell in cells):
        asked = ("--protocol", protocol) if protocol else ()
        again = replace(caller, options=(*asked, *caller.options))
        told = f"To score from the stored weights {f'under {protocol}' if protocol else 'as tables are filled today'}"
        yield Remedy(told, scaled.command("rescore", again))
    own = [cell for cell in cells if cell.is_ours and cell.is_to_run]
    if any(cell.wanted for cell in own):
        verb = "retry" if any(cell.state == "failed" for cell in own) else "run"
        yield Remedy(_with_cost("To fill what is missing", filling.cost), scaled.command(verb, caller))
    if any(cell.wanted == 0 for cell in own):
        told = _with_cost(f"To fill what scale {scaled.scale} leaves out", filling.full_cost)
        if filling.full_lacks:
            yield Remedy(f"{told}, scale {FULL} cannot run here: {filling.full_lacks}")
        else:
            yield Remedy(told, replace(scaled, scale=FULL).command("run", caller))


def _with_cost(told: str, cost: str) -> str:
    return f"{told} ({cost})" if cost else told
