"""Secrets do not get into what is written down (fault case A5)."""

import pytest

from orchestrator.redaction import RedactedError, carries_credentials, hiding_secrets, redacted

WITH = [
    "https://me:pass-word@mlflow.example/api",
    "postgresql+psycopg2://me:pass-word@db:5432/mlflow",
    "https://a-token@mlflow.example",
    "s3://bucket/x?access_key=a&secret_key=pass-word",
    "https://example/file?X-Amz-Security-Token=pass-word",
    "https://example/file?a=1&X-Amz-Signature=pass-word",
    "https://account.blob.example/file?sv=2024&sig=pass-word",
    "https://example/#access_token=pass-word&state=1",
    "https://example/?api%5Fkey=pass-word",
    "https://example/?key=pass-word",
    "https://example/login?next=https%3A%2F%2Fme%3Apass-word%40db.example%2Fx",
]
WITHOUT = [
    "http://mlflow:5000/a/b",
    "s3://bucket/prefix",
    "postgresql://me@db/mlflow",
    "data.maskige=me@home",
    "/a path/with:colon@sign",
    "https://example/runs?key_metric=m_j&sort=signal",
    "https://example/login?next=https%3A%2F%2Fdb.example%3A80%2Fx",
    "the keyword=value of a trial",
    "",
]


@pytest.mark.parametrize("text", WITH)
def test_credentials_in_an_address_are_seen_and_hidden(text):
    assert carries_credentials(text)
    assert "pass-word" not in redacted(f"cannot reach {text}: refused")
    assert "a-token" not in redacted(text)
    assert redacted(f"cannot reach {text}: refused").startswith("cannot reach ")


@pytest.mark.parametrize("text", WITHOUT)
def test_other_text_stays_as_it_is(text):
    assert not carries_credentials(text)
    assert redacted(text) == text


def test_a5_values_of_secret_variables_are_hidden_wherever_they_stand(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "abcdefgh12345678")
    monkeypatch.setenv("MY_SERVICE_TOKEN", "abcdefgh")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/etc/ray/auth_token")

    assert redacted("signed with abcdefgh12345678, sent abcdefgh") == "signed with ***, sent ***"
    assert redacted("read /etc/ray/auth_token") == "read /etc/ray/auth_token"


@pytest.mark.parametrize("name", ["DB_PASS", "GITHUB_PAT", "STRIPE_KEY", "MYSQL_PWD", "SSH_PASSPHRASE"])
def test_a5_variables_by_the_names_that_services_give_them(monkeypatch, name):
    monkeypatch.setenv(name, "p@ss/word-9")

    assert redacted("login p@ss/word-9 refused") == "login *** refused"
    assert redacted("db://me:x@h/?p=p%40ss%2Fword-9 or p%40ss/word-9") == "db://***@h/?p=*** or ***"


def test_the_working_folder_is_no_secret(monkeypatch):
    monkeypatch.setenv("PWD", "/scratch/ada/experiments")

    assert redacted("in /scratch/ada/experiments") == "in /scratch/ada/experiments"


@pytest.mark.parametrize("kind", [ImportError, ValueError])
def test_a5_an_exception_leaves_with_its_class_and_without_the_secrets(kind):
    with pytest.raises(kind) as raised, hiding_secrets():
        raise kind("no answer from https://me:pass-word@db")

    assert str(raised.value) == "no answer from https://***@db"


def test_a5_where_its_class_takes_no_text_another_one_stands_for_it():
    with (
        pytest.raises(RedactedError, match=r"UnicodeDecodeError: .* can't decode byte .*https://\*\*\*@db"),
        hiding_secrets(),
    ):
        raise UnicodeDecodeError("utf-8", b"x", 0, 1, "https://me:pass-word@db")


def test_an_exception_without_secrets_leaves_as_it_is():
    error = OSError(28, "No space left on device", "/a/file")
    with pytest.raises(OSError, match="No space") as raised, hiding_secrets():
        raise error

    assert raised.value is error
