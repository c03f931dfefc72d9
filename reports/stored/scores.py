"""Per-clip scores, and the data set's score that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.errors import InputError
from experiments.records import CLASS_FIELDS, SCORE_COLUMNS, SCORES_FILE, ProtocolRecord
from experiments.schema import ScoreMetric
from model.config import CLASSES
from model.regular_files import LARGEST_TABLE, open_regular
from reports.stored.documents import refusal, unreadable

Floats: TypeAlias = NDArray[np.float64]

OVER_CLIPS = {"avsbench-binary": ("m_j", "m_f"), "avsbench-binary-dataset": ("m_j",)}
"""Protocols under which a score is the mean over clips, and the scores for which that holds."""
OVER_CLASSES = "avsbench-semantic"
"""Protocol under which a score is a mean over classes, and each class's score a mean over the frames with it."""
EVERY_CLASS = CLASSES["avss"]
CLASS_COLUMN = SCORE_COLUMNS[-1]
OF_CLASSES = pa.list_(pa.struct(zip(CLASS_FIELDS, (pa.int64(), pa.float64(), pa.float64(), pa.int64()), strict=True)))


@dataclass(frozen=True)
class ScoreTerms:
    """What the clips add to one score of a data set: the mean over parts of (sum of values / sum of counts)."""

    values: Floats
    """(clips, parts). S4 and MS3 have one part, AVSS one for each class."""
    counts: Floats
    """Same shape as `values`."""
    parts: int
    """Number of parts that the mean runs over; a part that never occurs counts as 0."""

    @property
    def score(self) -> float:
        """The data set's score in [0, 1], to the last bit as evaluations store it: both round every sum correctly."""
        sums, counts = ([fsum(column) for column in terms.T.tolist()] for terms in (self.values, self.counts))
        means = [value / count if count else 0.0 for value, count in zip(sums, counts, strict=True)]
        return fsum(means) / self.parts


@dataclass(frozen=True)
class ClipScores:
    """Scores of the clips of one split, in the order of their names; fractions."""

    path: Path
    names: tuple[tuple[str, str], ...]
    """Category and clip id, which together no two clips share."""
    m_j: Floats
    m_f: Floats
    classes: pa.Table | None
    """Columns `clip` (position) and CLASS_FIELDS, a row for each clip and class that occurs in it; None where the file
    holds nothing of classes."""

    def terms(self, metric: ScoreMetric, protocol: ProtocolRecord) -> ScoreTerms:
        """What the clips add to a score.

        Raises:
            InputError: the score does not follow from what is stored of the clips.
        """
        if metric in OVER_CLIPS.get(protocol.name, ()):
            values = (self.m_j if metric == "m_j" else self.m_f)[:, None]
            return ScoreTerms(values, np.ones_like(values), 1)
        if protocol.name != OVER_CLASSES:
            raise refusal(self.path, f"{metric.upper()} under {protocol.label} does not follow from single clips")
        if self.classes is None:
            raise refusal(self.path, "was stored before per-class scores were kept")
        return ScoreTerms(
            self._by_class("j_sum" if metric == "m_j" else "f_sum"), self._by_class("frames"), EVERY_CLASS
        )

    def dataset_score(self, protocol: ProtocolRecord) -> tuple[float, float]:
        """M_J and M_F of the data set.

        Raises:
            InputError: as for `terms`.
        """
        return self.terms("m_j", protocol).score, self.terms("m_f", protocol).score

    def _by_class(self, field: str) -> Floats:
        """One field of the classes, (clips, classes)."""
        assert self.classes is not None
        clips, classes = (self.classes.column(name).to_numpy() for name in ("clip", "id"))
        table = np.zeros((len(self.names), EVERY_CLASS))
        table[clips, classes] = self.classes.column(field).to_numpy()
        return table


def read_clip_scores(folder: Path) -> ClipScores:
    """The per-clip scores of a trial or of an evaluation.

    Args:
        folder: its directory.

    Raises:
        InputError: the file is missing or damaged, or holds what no evaluation writes.
    """
    path = folder / SCORES_FILE
    table = _read(path)
    try:
        scores = _scores(table, path)
    except UnicodeDecodeError:
        raise refusal(path, "is damaged: it holds names that are no UTF-8") from None
    except pa.ArrowException as error:
        raise refusal(path, f"holds other things than scores: {_first_line(error)}") from None
    _check(scores)
    return scores


def _read(path: Path) -> Any:
    try:
        with open_regular(path, LARGEST_TABLE) as file:
            return pq.read_table(file)
    except FileNotFoundError:
        raise refusal(path, "is missing") from None
    except pa.ArrowException as error:
        raise refusal(path, f"is damaged: {_first_line(error)}") from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _scores(table: Any, path: Path) -> ClipScores:
    plain = [name for name in SCORE_COLUMNS if name != CLASS_COLUMN]
    if missing := set(plain) - set(table.column_names):
        raise refusal(path, f"has no column '{min(missing)}'")
    if table.num_rows == 0:
        raise refusal(path, "holds no clips")
    if any(table.column(name).null_count for name in plain):
        raise refusal(path, "lacks values")
    order = table.select(plain[:2]).append_column("place", pa.array(range(table.num_rows)))
    table = table.take(order.sort_by([("category", "ascending"), ("clip", "ascending")]).column("place"))
    texts = (table.column(name).cast(pa.string()).to_pylist() for name in ("category", "clip"))
    m_j, m_f = (table.column(name).cast(pa.float64()).to_numpy() for name in ("m_j", "m_f"))
    return ClipScores(path, tuple(zip(*texts, strict=True)), m_j, m_f, _classes(table))


def _classes(table: Any) -> Any:
    """One row for each clip and class; None where the file holds nothing of classes."""
    if CLASS_COLUMN not in table.column_names:
        return None
    column = table.column(CLASS_COLUMN).combine_chunks()
    if column.null_count:
        return None
    inside = column.cast(OF_CLASSES).flatten()
    of_clip = np.repeat(np.arange(len(column)), column.value_lengths().to_numpy())
    fields = dict(zip(CLASS_FIELDS, inside.flatten(), strict=True))
    if any(field.null_count for field in fields.values()):
        raise pa.ArrowInvalid("values of a class are missing")
    return pa.table({"clip": of_clip, **fields})


def _check(scores: ClipScores) -> None:
    """Refuses what no evaluation can have given."""
    if len(set(scores.names)) < len(scores.names):
        raise refusal(scores.path, "holds a clip twice")
    if not all(((values >= 0) & (values <= 1)).all() for values in (scores.m_j, scores.m_f)):
        raise refusal(scores.path, "holds scores outside [0, 1]")
    if scores.classes is not None:
        _check_classes(scores, scores.classes)


def _check_classes(scores: ClipScores, table: Any) -> None:
    clips, classes, j_sums, f_sums, frames = (table.column(name).to_numpy() for name in ("clip", *CLASS_FIELDS))
    if not ((classes >= 0) & (classes < EVERY_CLASS)).all():
        raise refusal(scores.path, f"holds classes outside 0 to {EVERY_CLASS - 1}")
    if len(np.unique(clips * EVERY_CLASS + classes)) < len(clips):
        raise refusal(scores.path, "holds a class of a clip twice")
    if not all(((sums >= 0) & (sums <= frames) & (frames >= 1)).all() for sums in (j_sums, f_sums)):
        raise refusal(scores.path, "holds sums of a class that its frames cannot give")


def _unreadable(path: Path, error: OSError) -> InputError:
    """Arrow raises OSError for damaged files as well, without the system's error text."""
    if error.strerror is None:
        return refusal(path, f"is damaged: {_first_line(error)}")
    return unreadable(path, error)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(". ")
