"""The address of a PostgreSQL database: what may be shown of it, and what may not."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from storage.errors import StorageError

SCHEMES = ("postgresql", "postgres")
_SECRET_OPTIONS = ("password", "sslpassword")
_FILE_OPTIONS = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_HOSTS = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])?(?::\d{1,5})?")

HOW_TO_WRITE = (
    "should be the address of a PostgreSQL database, such as "
    "postgresql://user:password@host:5432/mynah; write other signs than letters and digits in the "
    "user and the password as %XX, such as %40 for @"
)


def is_address(url: str) -> bool:
    """Whether a text can be such an address, and is cut where it was meant to be."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    whole = not re.search(r"\s", url) and "@" not in parts.netloc.rpartition("@")[0]
    named = all(_HOSTS.fullmatch(host) for host in hosts)
    clean = not parts.fragment and "#" not in url and "@" not in parts.path
    return parts.scheme in SCHEMES and whole and named and clean and len(parts.path) > 1


def shown(url: str) -> str:
    """Return an address without user, password and options."""
    if not is_address(url):
        return "the PostgreSQL database"
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or _options(url).get("host", "")
    return f"postgresql://{host}{parts.path}"


def secrets(url: str) -> list[str]:
    """Return what of an address must never be shown: the address, and the password in it."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    given = [user.partition(":")[2]]
    given += [value for name, value in parse_qsl(parts.query) if name in _SECRET_OPTIONS]
    return [url, *{each for word in given for each in (word, unquote(word)) if each}]


def require_address(url: str) -> None:
    """Raise StorageError for what is none, and for one that names files that are not there."""
    if not is_address(url):
        raise StorageError(f"[storage] url {HOW_TO_WRITE}.")
    options = _options(url)
    for name in _FILE_OPTIONS:
        if name in options and not Path(options[name]).is_file():
            raise StorageError(
                f"{name} in [storage] url names {options[name]}, which is no file. Name the "
                "certificate's file; on Debian the system's are in "
                "/etc/ssl/certs/ca-certificates.crt."
            )


def wanted_server(url: str) -> str | None:
    """Return which of several servers is wanted, in asyncpg's words; None where any is.

    It looks at the session, and ours are read-only until they write: "read-write" would find none.
    """
    wanted = _options(url).get("target_session_attrs")
    return "primary" if wanted == "read-write" else wanted


def _options(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
