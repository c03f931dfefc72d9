"""What a check finds, and what mends it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from model.config import Task
from model.data.expectation import Expectation


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    kind: str
    """Such as `frame: missing`."""
    remedy: str
    """A command, or where to get the file."""
    place: str
    """Path below the subset root, or what else it is about."""
    problem: str
    """To follow the place."""
    is_note: bool = False
    """Whether the loader does without: worth knowing, no fault."""


@dataclass(frozen=True)
class FindingGroup:
    """All findings of one kind with one remedy."""

    kind: str
    remedy: str
    findings: list[Finding]


def grouped(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Findings by kind and remedy, each group in the order of the places."""
    ordered = sorted(findings, key=lambda finding: (finding.kind, finding.remedy, finding.place))
    return [
        FindingGroup(kind, remedy, list(members))
        for (kind, remedy), members in groupby(ordered, key=lambda finding: (finding.kind, finding.remedy))
    ]


@dataclass(frozen=True)
class Remedies:
    """The commands that mend a subset."""

    root: Path
    task: Task
    proposer: str
    expected: Expectation

    @property
    def prepare(self) -> str:
        """For what is made from the release."""
        return self._command("prepare")

    @property
    def propose(self) -> str:
        """For Maskiges."""
        if self.expected.synthesis:
            return self.restore("Maskiges")
        masks = " --masks DIR" if self.proposer == "semantic-sam" else ""
        return f"{self._command('maskige')} --proposer {self.proposer}{masks}"

    def restore(self, what: str) -> str:
        """For what was released, or synthesised."""
        if self.expected.synthesis:
            return f"write the data again: {self.expected.synthesis}"
        source = "where the data come from" if self.expected.is_declared else "the release"
        return f"restore from {source}: {what}"

    @property
    def recount(self) -> str:
        """For splits of another size than expected."""
        if self.expected.synthesis:
            return self.restore("the index")
        return f"{self.restore('the index')}; or, if the data are your own, say so: {self._command('describe')}"

    def _command(self, verb: str) -> str:
        return f"combo data {verb} {shlex.quote(str(self.root))} --subset {self.task}"
