"""Answers to the question what a bucket holds, from servers that word them differently."""

import boto3
import pytest
from botocore import handlers
from botocore.exceptions import ClientError

from orchestrator.storage.listed_objects import FIELD, StoredObject, read_listings
from orchestrator.storage.s3_errors import may_pass

LISTED = (
    "<{root}{space}><IsTruncated>true</IsTruncated>{encoding}<Contents><Key>a%20b%2Bc+d</Key><ETag>&quot;1&quot;</ETag>"
    "<Size>3</Size></Contents></{root}>"
)
SPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
ENCODED = "<EncodingType>url</EncodingType>"


@pytest.fixture
def listing():
    """What the client makes of a body that an endpoint sends when it is asked for a list."""

    def listed(body, status=200):
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url="http://127.0.0.1:9", **keys)
        read_listings(client)
        client.meta.events.register("before-send.s3.ListObjectsV2", lambda **_: Answer(status, body.encode()))
        return client.list_objects_v2(Bucket="b")

    return listed


class Answer:
    """An answer as botocore's connection gives it."""

    def __init__(self, status_code, content):
        self.status_code, self.content, self.headers = status_code, content, {}


@pytest.mark.parametrize(
    ("root", "space", "encoding", "key"),
    [
        ("ListBucketResult", SPACE, ENCODED, "a b+c d"),
        ("ListBucketResult", SPACE, "", "a%20b%2Bc+d"),
        ("ListBucketResult", "", ENCODED, "a b+c d"),
        ("ListBucketV2Result", SPACE, ENCODED, "a b+c d"),
    ],
)
def test_a_list_says_the_same_in_every_dialect(listing, root, space, encoding, key):
    answer = listing(LISTED.format(root=root, space=space, encoding=encoding))

    assert answer[FIELD] == [StoredObject(key, '"1"', 3)]
    assert answer["IsTruncated"]


def test_an_empty_bucket_has_an_empty_list(listing):
    assert listing(f"<ListBucketResult{SPACE}/>")[FIELD] == []


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, ""), (200, "<ListBucketResult><Contents>"), (200, "<Error><Code>InternalError</Code></Error>"), (503, "")],
)
def test_what_is_no_list_may_pass(listing, status, body):
    with pytest.raises(ClientError) as refused:
        listing(body, status)

    assert may_pass(refused.value)


def test_botocore_looks_through_no_list(listing, monkeypatch):
    seen = []
    monkeypatch.setattr(handlers, "_looks_like_special_case_error", lambda _status, body: seen.append(body))
    assert listing(LISTED.format(root="ListBucketResult", space=SPACE, encoding=ENCODED))[FIELD]
    (body,) = seen
    assert b"Contents" not in body
