"""Finds secrets in text, and removes them from what is stored or shown."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, unquote

SECRET_NAME = re.compile(
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIAL|SIGNATURE|(?:^|[_-])(?:PASS|PAT|KEY|SIG)$|[_-]PWD$|ACCESS_?KEY",
    re.IGNORECASE,
)
"""Variables, and parameters of addresses, so named hold secrets. (`PWD` alone is a folder.)"""
NO_SECRET = re.compile(r"_(?:PATH|FILE|MODE)$|PARALLELISM")
"""But not those that say where a secret lies, or use the word otherwise."""
USER_INFO = re.compile(
    r"(?<=://)[^/?#@\s'\"]*:[^/?#\s'\"]*@|(?<=http://)[^/?#@\s'\"]+@|(?<=https://)[^/?#@\s'\"]+@"
    # The same in an address that is a parameter of another one.
    r"|(?<=%3A%2F%2F)(?:(?!%2F|%40)[^&\s'\"])*%3A(?:(?!%2F|%40)[^&\s'\"])*%40",
    re.IGNORECASE,
)
PARAMETER = re.compile(r"(?<=[?&;#])([^=?&;#\s'\"]+)=([^&;#\s'\"]+)")
"""Name and value in a query or a fragment."""
ASSIGNED = re.compile(
    r"(?P<name>[\w-]+)(?P<sign>['\"]?\s*[=:]\s*)(?P<value>[rbf]?'[^'\n]*'|[rbf]?\"[^\"\n]*\"|(?<==)[^\s'\"()\[\],;]+$)",
    re.MULTILINE,
)
"""In code and in files of settings: a name and its literal value, or all that follows an equals sign in its line."""
SHORTEST = 8
"""Characters of a value that is looked for in text; shorter ones are part of ordinary words."""
HIDDEN = "***"


class RedactedError(Exception):
    """Replaces an exception whose text held secrets and whose class cannot be made with another text."""


def carries_credentials(text: str) -> bool:
    """Whether a URL, or a word with a URL in it, names a password, a token or a key."""
    return bool(USER_INFO.search(text)) or any(map(_is_secret, PARAMETER.finditer(text)))


def redacted(text: str) -> str:
    """The text without credentials in URLs, and without the values of this process's variables that hold secrets."""
    text = USER_INFO.sub(f"{HIDDEN}@", text)
    text = PARAMETER.sub(lambda found: f"{found[1]}={HIDDEN}" if _is_secret(found) else found[0], text)
    for value in _secrets():
        for form in dict.fromkeys((value, quote(value), quote(value, safe=""))):
            text = text.replace(form, HIDDEN)
    return text


def redacted_code(text: str) -> str:
    """As `redacted`, and without the literal values that code or files of settings give to names of secrets."""
    return ASSIGNED.sub(_hidden_value, redacted(text))


@contextmanager
def hiding_secrets() -> Iterator[None]:
    """Removes secrets and traceback from an exception raised inside, if its text holds secrets.

    For exceptions that leave our code for a library that writes tracebacks to files and screens.
    """
    try:
        yield
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        if redacted(told) == told:
            raise
        raise _without_secrets(error) from None


def _is_secret(parameter: re.Match[str]) -> bool:
    return bool(SECRET_NAME.search(unquote(parameter[1])))


def _hidden_value(assigned: re.Match[str]) -> str:
    if not SECRET_NAME.search(assigned["name"]) or NO_SECRET.search(assigned["name"]):
        return assigned[0]
    return f'{assigned["name"]}{assigned["sign"]}"{HIDDEN}"'


def _without_secrets(error: Exception) -> Exception:
    """An exception of the same class without secrets, or a `RedactedError`."""
    text = redacted(str(error))
    with suppress(Exception):
        if str(alike := type(error)(text)) == text:
            return alike
    return RedactedError(f"{type(error).__name__}: {text}")


def _secrets() -> list[str]:
    """Values of secret variables, longest first, so that a value is removed before its parts."""
    named = (value for name, value in os.environ.items() if SECRET_NAME.search(name) and not NO_SECRET.search(name))
    return sorted({value for value in named if len(value) >= SHORTEST}, key=len, reverse=True)
