"""Documents that another version stored, in a schema that this one does not read."""

from __future__ import annotations

from pydantic import ValidationError

from experiments.errors import InputError, Problem

SCHEMA_FIELD = "schema_version"
REMEDY = "use the version of combo that stored it, or another --storage"


class OtherSchemaError(InputError):
    """A document is of another schema. It is not damaged, and its trial is not a new one."""


def refuse_other_schema(error: ValidationError, where: str) -> None:
    """Tells whether the schema is why a document was refused.

    Args:
        error: of its validation.
        where: the document is, for messages.

    Raises:
        OtherSchemaError: it is.
    """
    for entry in error.errors():
        if entry["loc"][-1:] == (SCHEMA_FIELD,) and isinstance(entry["input"], int):
            raise OtherSchemaError(Problem(where, stored_by(entry["input"], entry["ctx"]["expected"]), REMEDY))


def stored_by(schema: object, read: object) -> str:
    """What is to be said of a document.

    Args:
        schema: that it was stored by.
        read: by this version.
    """
    return f"was stored by schema {schema}, this version reads schema {read}"
