"""Columns that can be computed again, kept in a Parquet file for the next time.

A cache that is lost, damaged, written by another version of the code or not to be written costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pydantic

from experiments.atomic_write import write_atomic
from model.regular_files import open_regular

MADE_BY = b"combo.made_by"
"""Key of the schema's metadata that says which code computed the columns."""


class ColumnCache:
    """One table in one file, with a row per `key`.

    Args:
        path: of the file; None keeps nothing.
        columns: their names and types, apart from the key's.
        makers: modules that decide what the columns hold. Other ones may judge otherwise, so their cache is another.
    """

    def __init__(self, path: Path | None, columns: Mapping[str, pa.DataType], makers: Iterable[ModuleType]) -> None:
        self._path = path
        fields = [("key", pa.string()), *columns.items()]
        self._schema = pa.schema(fields, metadata={MADE_BY: _digest(makers)})

    def read(self) -> pa.Table:
        """What was kept; no rows if there is nothing that can be trusted."""
        if self._path is not None:
            with suppress(OSError, ValueError, pa.ArrowException):
                # Unlike pq.read_table, this does not import pandas, which takes longer than reading.
                with open_regular(self._path) as kept, pq.ParquetFile(kept, page_checksum_verification=True) as file:
                    table = file.read()
                table.validate(full=True)
                if table.schema == self._schema and table.schema.metadata == self._schema.metadata:
                    return table.combine_chunks()
        return self._schema.empty_table()

    def write(self, table: pa.Table) -> None:
        """Keeps a table, over what was kept; nothing happens where that is not possible."""
        if self._path is not None:
            buffer = pa.BufferOutputStream()
            pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
            with suppress(OSError):
                write_atomic(self._path, buffer.getvalue().to_pybytes())


def replace_rows(table: pa.Table, keep: Container[str], fresh: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows to keep and fresh ones, in the order of their keys.

    Args:
        table: with a column `key`.
        keep: keys of the rows that stay.
        fresh: rows by column.
    """
    stays = pa.array([key in keep for key in table.column("key").to_pylist()], pa.bool_())
    rows = pa.Table.from_pylist(fresh, schema=table.schema)
    return pa.concat_tables([table.filter(stays), rows]).sort_by("key").combine_chunks()


def _digest(makers: Iterable[ModuleType]) -> bytes:
    sources = "".join(inspect.getsource(module) for module in makers)
    return hashlib.sha256(f"{pydantic.VERSION} {sources}".encode()).hexdigest().encode()
