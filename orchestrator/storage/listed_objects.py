"""What an endpoint says of a bucket's objects, read in a quarter of the time that botocore takes for it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

FIELD = "Objects"
"""Key of the `StoredObject`s in botocore's answer to a listing."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it."""

    key: str
    etag: str
    size: int


def read_listings(client: Any) -> None:
    """Makes a client's `list_objects_v2` answer with `FIELD` in place of `Contents`.

    Args:
        client: of botocore, for S3.
    """
    # By this name it comes before botocore's own handler of `s3.*`, which looks through the whole body for an error.
    client.meta.events.register("before-parse.*.ListObjectsV2", _read_listing)


def _read_listing(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Takes the objects out of the answer; errors are left to botocore."""
    if response_dict["status_code"] >= HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        answer = ElementTree.fromstring(response_dict["body"])
    except ElementTree.ParseError:
        response_dict["status_code"] = HTTPStatus.INTERNAL_SERVER_ERROR  # it was cut off, and is asked for again
        return
    space = answer.tag[: answer.tag.rfind("}") + 1]
    is_encoded = answer.findtext(f"{space}EncodingType") == "url"
    listed = answer.findall(f"{space}Contents")
    customized_response_dict[FIELD] = [_object(one, space, is_encoded) for one in listed]
    answer[:] = [part for part in answer if part.tag != f"{space}Contents"]
    response_dict["body"] = ElementTree.tostring(answer)


def _object(listed: ElementTree.Element, space: str, is_encoded: bool) -> StoredObject:
    key, etag, size = (listed.findtext(f"{space}{name}", "") for name in ("Key", "ETag", "Size"))
    return StoredObject(unquote_plus(key) if is_encoded else key, etag, int(size))
