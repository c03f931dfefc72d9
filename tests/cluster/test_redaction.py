"""Secrets do not get into what is written down (fault case A5)."""

import pytest

from orchestrator.redaction import carries_credentials, redacted

WITH = [
    "https://me:pass-word@mlflow.example/api",
    "postgresql+psycopg2://me:pass-word@db:5432/mlflow",
    "https://a-token@mlflow.example",
    "s3://bucket/x?access_key=a&secret_key=pass-word",
    "https://example/file?X-Amz-Security-Token=pass-word",
]
WITHOUT = [
    "http://mlflow:5000/a/b",
    "s3://bucket/prefix",
    "postgresql://me@db/mlflow",
    "data.maskige=me@home",
    "/a path/with:colon@sign",
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


def test_values_of_secret_variables_are_hidden_wherever_they_stand(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "abcdefgh12345678")
    monkeypatch.setenv("MY_SERVICE_TOKEN", "abcdefgh")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/etc/ray/auth_token")

    assert redacted("signed with abcdefgh12345678, sent abcdefgh") == "signed with ***, sent ***"
    assert redacted("read /etc/ray/auth_token") == "read /etc/ray/auth_token"
