"""The table as Parquet: one row per cell, unrounded and typed."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from reports.render.cell_rows import cell_rows
from reports.tables.cells import Table

_TYPES = {
    **dict.fromkeys(("seeds_finished", "seeds_wanted"), pa.int64()),
    **dict.fromkeys(
        (
            *("measured", "sd", "interval_low", "interval_high", "confidence", "reported", "reported_gain", "imported"),
            *("delta", "gain", "baseline_difference", "p_value"),
        ),
        pa.float64(),
    ),
    **dict.fromkeys(("best", "best_reported", "significant"), pa.bool_()),
    **dict.fromkeys(("seeds", "protocol_versions", "best_steps", "workers", "attempts"), pa.list_(pa.int64())),
    "training_seconds": pa.list_(pa.float64()),
    **dict.fromkeys(
        (
            *("trial_keys", "mlflow_runs", "mlflow_urls", "protocols", "checkpoints", "data_fingerprints"),
            *("code_versions", "commits", "devices", "finished", "checkpoint_sha256"),
        ),
        pa.list_(pa.string()),
    ),
}
"""Types of the columns that are not plain text."""


def render(table: Table) -> bytes:
    """The columns of `reports.render.cell_rows`; the same table always gives the same bytes."""
    rows = cell_rows(table)
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in rows[0]])
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), out, compression="zstd")
    return out.getvalue()
