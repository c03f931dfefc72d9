"""What errors of an S3 endpoint mean: whether waiting can help, and if not, one sentence without secrets."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from s3transfer.exceptions import RetriesExceededError

from experiments.errors import Problem
from orchestrator.storage.errors import StorageError

S3_ERRORS = (BotoCoreError, ClientError, RetriesExceededError)
"""All that boto3 raises of its own."""

ABSENT = {"NoSuchKey", "404", "NotFound"}
REFUSED = {
    "401",
    "403",
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}
EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
BUSY = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"}
OVERTAKEN = {409, 412}
"""Somebody else writes the same object at this moment."""
NOT_IMPLEMENTED = 501
"""The endpoint will never know what it is asked for."""


def code_of(error: Exception) -> str:
    """The endpoint's own word for what is wrong; empty where it gave no answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def may_pass(error: Exception) -> bool:
    """Whether the same call can succeed later: the endpoint is away or busy, or the connection broke."""
    if isinstance(error, ClientError):
        status = _status_of(error)
        if status == NOT_IMPLEMENTED:
            return False
        return status >= 500 or status == 429 or status in OVERTAKEN or code_of(error) in BUSY
    if isinstance(error, SSLError):
        return False
    return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError | RetriesExceededError)


def refusal(error: Exception, storage: str, endpoint: str) -> StorageError:
    """The sentence for an error that stays.

    Args:
        error: as boto3 raised it; its own text is not repeated, as it may hold more than names.
        storage: its address.
        endpoint: host and port.
    """
    return StorageError(str(Problem(f"storage '{storage}'", *_what_and_remedy(error, endpoint))))


def _what_and_remedy(error: Exception, endpoint: str) -> tuple[str, str]:
    code = code_of(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError | ProfileNotFound):
        return "no credentials were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if code in EXPIRED or isinstance(error, SSOError | TokenRetrievalError):
        remedy = "log in anew, as with aws sso login, or set the new AWS_… variables; then the same command continues"
        return f"the credentials for {endpoint} have expired", remedy
    if code in REFUSED:
        return f"{endpoint} refuses the credentials ({code})", "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, rights"
    if code in ("NoSuchBucket", "InvalidBucketName"):
        return f"{endpoint} has no such bucket", "make it, or name another with --storage"
    if isinstance(error, SSLError):
        return f"the certificate of {endpoint} is not trusted", "name the authority's file in AWS_CA_BUNDLE"
    if isinstance(error, ClientError) and _status_of(error) == NOT_IMPLEMENTED:
        remedy = "COMBO Lab needs a server with conditional writes, If-None-Match"
        return f"{endpoint} does not know how to do {error.operation_name} as it is asked to", remedy
    if isinstance(error, ClientError):
        return f"{endpoint} answers {code or 'with an error'} to {error.operation_name}", ""
    if may_pass(error):
        return f"{endpoint} cannot be reached ({type(error).__name__})", "check the network and AWS_ENDPOINT_URL"
    return f"{endpoint} cannot be used ({type(error).__name__})", ""


def _status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
