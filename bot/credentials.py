"""What nobody may read, token and keys: checked, and kept out of every error text."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import SecretStr

from storage.errors import KeyFileError
from storage.key_file import parse_keys
from storage.postgres.address import HOW_TO_WRITE, is_address

_AROUND = re.compile(r"\A[\s\"']+|[\s\"']+\Z")
_PRINTABLE = re.compile(r"[!-~]+")
_TOKEN = re.compile(r"[\w-]{20,}\.[\w-]{4,}\.[\w-]{20,}")
_QUOTED = re.compile(r"(['\"])(?:(?!\1).){2,}.*['\"]", re.DOTALL)
_HOST = re.compile(r"[^\s\\<>^`{|}\"@:/?#\[\]]+|[0-9a-fA-F:.]+")

_NOT_SHOWN = "[not shown]"

SECRET_SECTIONS = frozenset({"discord", "storage"})
"""Sections of the configuration that hold secrets."""


def none_if_blank(secret: object) -> object:
    """Return a text without the spaces and quotes around it, None if nothing is left."""
    if isinstance(secret, SecretStr):
        secret = secret.get_secret_value()
    if not isinstance(secret, str):
        return secret
    return _AROUND.sub("", secret) or None


def check_token(token: SecretStr | None) -> SecretStr | None:
    """Raise ValueError for what could be no token."""
    if token is not None and not _PRINTABLE.fullmatch(token.get_secret_value()):
        raise ValueError("should be the token alone, without spaces or other words")
    return token


def check_keys(keys: SecretStr | None) -> SecretStr | None:
    """Raise ValueError for what could be no keys."""
    if keys is not None:
        try:
            parse_keys(keys.get_secret_value(), "it")
        except KeyFileError:
            raise ValueError("should be a key as `mynah key new -` prints it") from None
    return keys


def check_store_key(key: SecretStr | None) -> SecretStr | None:
    """Raise ValueError for what could be no key of an object store."""
    if key is not None and not _PRINTABLE.fullmatch(key.get_secret_value()):
        raise ValueError("should be the key alone, without spaces or other words")
    return key


def check_database(url: SecretStr | None) -> SecretStr | None:
    """Raise ValueError for what is no address of a PostgreSQL database."""
    if url is not None and not is_address(url.get_secret_value()):
        raise ValueError(HOW_TO_WRITE)
    return url


def check_proxy(proxy: SecretStr | None) -> SecretStr | None:
    """Raise ValueError for an address that no proxy can have."""
    if proxy is not None and not _is_proxy(proxy.get_secret_value()):
        raise ValueError(
            "should be the address of an HTTP proxy, such as http://host:8080 or "
            "http://user:password@host:8080; write other signs than letters and digits in the user "
            "and the password as %XX, such as %40 for @"
        )
    return proxy


def masked(text: str) -> str:
    """Return a text without what looks like a token."""
    return _TOKEN.sub(_NOT_SHOWN, text)


def masked_quotations(text: str) -> str:
    """Return a message without what it quotes, but for single characters."""
    return _QUOTED.sub(_NOT_SHOWN, text)


def shown_name(name: str, secret_place: bool = False) -> str:
    """Return a key that is not known as it can be shown: a secret may be written in its place.

    secret_place: whether it stands where secrets do.
    """
    harmless = re.fullmatch(r"[A-Za-z]+(_+[A-Za-z]+)*", name) is not None
    one_case = name.lower() == name or name.upper() == name
    return name if harmless and one_case and len(name) <= 40 and not secret_place else _NOT_SHOWN


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return False
    whole = not re.search(r"\s", address) and parts.path in ("", "/")
    bare = not (parts.query or parts.fragment or "?" in address or "#" in address)
    named = _HOST.fullmatch(host) is not None and port != 0
    return parts.scheme in ("http", "https") and whole and bare and named
