"""Answers of an endpoint that waiting cannot change."""

from botocore.exceptions import ClientError

from orchestrator.storage.s3_errors import may_pass, refusal


def answer(status, code):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")


def test_a_server_without_conditional_writes_is_refused_at_once_and_by_name():
    missing = answer(501, "NotImplemented")

    assert not may_pass(missing)
    assert may_pass(answer(503, "ServiceUnavailable"))
    assert str(refusal(missing, "s3://b", "http://h:1")) == (
        "storage 's3://b': http://h:1 does not know how to do PutObject as it is asked to "
        "(COMBO Lab needs a server with conditional writes, If-None-Match)"
    )
