"""Secrets: the configuration names them, the environment holds them, and nobody is told.

A text such as ``${oc.env:SALES_DB}`` stands for a secret wherever settings, parameters, logs and
messages are written; only the job that connects reveals it. Where ``SALES_DB`` is not set, it is
what the file holds that ``SALES_DB_FILE`` names.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from store_clusters.run.errors import InputError

VARIABLE = re.compile(r"\$\{oc\.env:\s*(\w+)\s*(?:,([^{}]*))?\}")
# Passwords that are written out in a URL: before the host, or among its options.
PASSWORD = re.compile(
    r"(?<=://)(?P<user>[^/@\s:]*:)(?!\$\{)(?P<password>[^\s/]+)(?=@)"
    r"|(?P<option>[?&][\w.-]*(?:pass|secret|token)[\w.-]*=)(?!\$\{)(?P<value>[^&\s]+)",
    re.IGNORECASE,
)
HIDDEN = "***"


def variables(text: str) -> list[str]:
    """Return the variables that a text needs and that are set, those that name files too."""
    names = (name for match in VARIABLE.finditer(text) for name in (match[1], f"{match[1]}_FILE"))
    return [name for name in dict.fromkeys(names) if os.environ.get(name)]


def reveal(text: str, key: str) -> str:
    """Return a text with its variables replaced by what they hold.

    Raises:
        InputError: A variable is not set, or its file cannot be read; ``key`` of the configuration
            needs it.
    """
    return VARIABLE.sub(lambda match: _value(match[1], match[2], key), text)


def _value(name: str, default: str | None, key: str) -> str:
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not text in utf-8"
            raise InputError(
                f"Configuration: {key}: the file {path!r}, which {name}_FILE names, cannot be "
                f"read: {reason}."
            ) from None
    if default is not None:
        return default.strip()
    raise InputError(
        f"Configuration: {key}: Environment variable '{name}' not found. Set it, or {name}_FILE to "
        f"a file that holds it, or give a default as in ${{oc.env:{name},default}}."
    )


def passwords(url: str) -> list[str]:
    """Return the passwords that are written out in a URL."""
    return [match["password"] or match["value"] for match in PASSWORD.finditer(url)]


def with_passwords(url: str, instead: str) -> str:
    """Return a URL with ``instead`` where passwords are written out."""
    return PASSWORD.sub(lambda match: (match["user"] or match["option"]) + instead, url)


def shown(text: str) -> str:
    """Return a URL, or a text with URLs, as it may be shown: with no password written out."""
    return with_passwords(text, HIDDEN)


def hidden(message: str, url: str, reference: str) -> str:
    """Return a message without the secrets of a URL, which it may repeat.

    The whole URL becomes what the configuration calls it, ``reference``.
    """
    message = message.replace(url, shown(reference))
    secrets = set(passwords(url)) | {unquote(password) for password in passwords(url)}
    secrets |= {_value(match[1], match[2], "") for match in VARIABLE.finditer(reference)}
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        message = message.replace(secret, HIDDEN)
    return shown(message)


@contextmanager
def told(what: str, url: str, reference: str) -> Iterator[None]:
    """Turn whatever goes wrong with ``what`` at a URL into one message that holds no secret."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        said = hidden(" ".join(str(error).split()), url, reference)[:400]
        raise InputError(f"{what}: {said or type(error).__name__}") from None
