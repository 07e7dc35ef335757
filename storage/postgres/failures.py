"""What PostgreSQL's errors mean to whoever runs the bot, and what to do about them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import asyncpg

from storage.errors import ConstraintError, DiskFullError, StorageError
from storage.texts import excerpt

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""The connection is gone, or there is none; another one may work."""

FAILURES = (asyncpg.PostgresError, *LOST)

_ADVICE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError),
        "Check user and password in [storage] url, and the server's pg_hba.conf.",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "Create it first: CREATE DATABASE name OWNER user ENCODING 'UTF8' TEMPLATE template0.",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "The user of [storage] url must own the database, or may create tables in it.",
    ),
    (
        asyncpg.OutOfMemoryError,
        "Give the server more memory. If it says shared memory: raise max_locks_per_transaction, "
        "of which a process takes one for each of its shards.",
    ),
    (asyncpg.TooManyConnectionsError, "Raise max_connections, or close other programs."),
    (asyncpg.LockNotAvailableError, "Another program is writing to it. Try again in a moment."),
    (asyncpg.QueryCanceledError, "It did not answer in time. Try again; look at its load."),
    (
        (asyncpg.ReadOnlySQLTransactionError, asyncpg.TargetServerAttributeNotMatched),
        "It can only be read. Name the primary in [storage] url.",
    ),
    (LOST, "Check that it runs and can be reached. I try again by myself."),
)


@contextlib.contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn PostgreSQL's errors into StorageError with advice. place: as it may be shown."""
    try:
        yield
    except FAILURES as error:
        raise failure(place, error) from error


def failure(place: str, error: BaseException) -> StorageError:
    """Return what an error of PostgreSQL's means. Its own words hold no address and no password."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return refused(error)
    said = _said(error)
    kind = DiskFullError if isinstance(error, asyncpg.DiskFullError) else StorageError
    advice = "The server's disk is full. Make room." if kind is DiskFullError else _advice(error)
    return kind(f"The database {place} cannot be used ({said}). {advice}")


def refused(error: asyncpg.IntegrityConstraintViolationError) -> ConstraintError:
    """Return what it is that a row breaks a rule of the schema."""
    return ConstraintError(_said(error), unique=isinstance(error, asyncpg.UniqueViolationError))


def _said(error: BaseException) -> str:
    """Return an error's own words, without its details, which quote the row."""
    words = error.message if isinstance(error, asyncpg.PostgresError) else str(error)
    return excerpt(words or type(error).__name__)


def _advice(error: BaseException) -> str:
    return next(
        (advice for kinds, advice in _ADVICE if isinstance(error, kinds)), "Please report it."
    )
