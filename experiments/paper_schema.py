"""What a `paper.yaml` may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from experiments.reported_schema import Citation
from experiments.schema import Measure, Name, Part, once_each


class PaperFile(Part):
    """A paper, of which the other files in its folder are parts."""

    name: Name
    """What commands and MLflow call it, such as `avs-bigen`; no two papers have the same name."""
    label: str
    """What tables and their notes call it, such as `AVS-BiGen`."""
    title: str
    cite: Citation
    """The paper itself; its key is that of an entry in `references.bib` beside this file."""
    own_methods: Annotated[list[str], Field(min_length=1), AfterValidator(once_each)] = Field(default=["Ours"])
    """What its tables call its own method, in the transcription of its numbers."""
    metrics: Annotated[list[Measure], Field(min_length=1), AfterValidator(once_each)] = Field(default=["m_j", "m_f"])
    """The columns of its tables, on each task, where an experiment does not say others."""
