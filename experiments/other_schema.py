"""Parsing of stored documents, which another version may have stored in a schema that this one does not read."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from experiments.errors import InputError, Problem

Document = TypeVar("Document", bound=BaseModel)

SCHEMA_FIELD = "schema_version"
REMEDY = "use the version of combo that stored it, or another --storage"


class OtherSchemaError(InputError):
    """A document is of another schema. It is not damaged, and its trial is not a new one."""


def parse_stored(model: type[Document], content: bytes, where: str) -> Document:
    """A stored document from what its file holds.

    Args:
        model: what it should be.
        content: of the file.
        where: the document is, for messages.

    Raises:
        OtherSchemaError: it is of another schema.
        ValidationError: it is damaged.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        for entry in error.errors():
            if entry["loc"][-1:] == (SCHEMA_FIELD,) and isinstance(entry["input"], int):
                told = stored_by(entry["input"], entry["ctx"]["expected"])
                raise OtherSchemaError(Problem(where, told, REMEDY)) from None
        raise


def stored_by(schema: object, read: object) -> str:
    """What is to be said of a document.

    Args:
        schema: that it was stored by.
        read: by this version.
    """
    return f"was stored by schema {schema}, this version reads schema {read}"
