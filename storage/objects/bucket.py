"""One bucket of an S3-compatible service: bytes in, bytes out. The only user of obstore."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from storage.clips import TEMPORARY_SUFFIX
from storage.errors import StorageError
from storage.layout import CLIPS_NAME
from storage.objects.address import ObjectAddress
from storage.objects.failures import failure

if TYPE_CHECKING:
    from obstore.store import S3Store

REQUEST_SECONDS = 10.0
"""Of one try, from the connection to the last byte; the longest clip takes 12 MB."""

CONNECT_SECONDS = 3.0
RETRIES = 2
RETRY_SECONDS = 15.0
"""After which nothing is tried again."""

_PROBE = f"{CLIPS_NAME}/versions{TEMPORARY_SUFFIX}"
"""Swept where it is left."""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What tells one content of an object from another. size: in bytes."""

    size: int
    tag: str | None


class Bucket:
    """What lies below a prefix of a bucket, by keys such as clips/NAME.

    Every method blocks, without Python's lock, for at most about `RETRY_SECONDS` and
    `REQUEST_SECONDS`. They raise OSError: FileNotFoundError for what is not there, another for a
    service that is away, refuses or fails.
    """

    def __init__(
        self,
        address: ObjectAddress,
        request_seconds: float = REQUEST_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Connect to nothing yet.

        Raises StorageError where obstore is not installed, or cannot make anything of the address.
        """
        self.address = address
        try:
            import obstore  # here, because a small server has none
            from obstore.store import S3Store
        except ImportError as error:
            raise StorageError(
                "Clips in an S3-compatible store ([storage] clips) need a package that is not "
                'installed. Install it: pip install "mynah-bot[s3]"'
            ) from error
        self._obstore = obstore
        try:
            self._store: S3Store = S3Store(
                address.bucket, **_options(address, request_seconds, retry_seconds)
            )
        except Exception as error:
            raise StorageError(
                f"The object store {address} cannot be used: {failure(error).strerror}. Check "
                "clips, clips_endpoint and clips_region in [storage]."
            ) from error

    def put(self, key: str, content: bytes) -> ObjectFacts:
        """Put an object there, whole or not at all, in place of one of that key."""
        with _explained(key):
            result = self._obstore.put(self._store, key, content, use_multipart=False)
        return ObjectFacts(len(content), result["e_tag"])

    def get(self, key: str, most: int | None = None) -> tuple[bytes, ObjectFacts]:
        """Return an object; nothing of one that has more than `most` bytes."""
        with _explained(key):
            result = self._obstore.get(self._store, key)
            facts = ObjectFacts(result.meta["size"], result.meta["e_tag"])
            if most is not None and facts.size > most:
                return b"", facts
            content = bytes(result.bytes())
        if len(content) != facts.size:
            raise OSError(errno.EIO, "the answer was cut off", key)
        return content, facts

    def beginning(self, key: str, count: int) -> bytes:
        """Return the first bytes of an object, fewer where there are not so many."""
        options: Any = {"range": (0, count)}
        try:
            with _explained(key):
                return bytes(self._obstore.get(self._store, key, options=options).bytes())
        except OSError as error:
            if error.errno == errno.ERANGE:  # it is empty
                return b""
            raise

    def facts(self, key: str) -> ObjectFacts:
        """Return what an object is, without reading it."""
        with _explained(key):
            meta = self._obstore.head(self._store, key)
        return ObjectFacts(meta["size"], meta["e_tag"])

    def delete(self, key: str) -> None:
        """Remove an object; it is no error that there is none."""
        with _explained(key):
            self._obstore.delete(self._store, key)

    def copy(self, key: str, other: str) -> None:
        """Copy an object within the service."""
        with _explained(key):
            self._obstore.copy(self._store, key, other)

    def keeps_versions(self) -> bool:
        """Whether what is deleted there stays as an older version; an object is put to see it."""
        with _explained(_PROBE):
            result = self._obstore.put(self._store, _PROBE, b"", use_multipart=False)
        self.delete(_PROBE)
        return result["version"] not in (None, "null")  # the latter where it kept some once

    def list(self, folder: str) -> dict[str, ObjectFacts]:
        """Return what lies in a folder, by name, not what lies in folders within it."""
        found: dict[str, ObjectFacts] = {}
        with _explained(folder):
            for page in self._obstore.list(self._store, f"{folder}/"):
                for meta in page:
                    name = meta["path"].removeprefix(f"{folder}/")
                    if "/" not in name:
                        found[name] = ObjectFacts(meta["size"], meta["e_tag"])
        return found


def _options(
    address: ObjectAddress, request_seconds: float, retry_seconds: float
) -> dict[str, Any]:
    given = {
        "prefix": address.prefix or None,
        "endpoint": address.endpoint,
        "region": address.region,
        "access_key_id": address.access_key,
        "secret_access_key": address.secret_key,
    }
    return {
        **{name: value for name, value in given.items() if value is not None},
        "client_options": {
            "allow_http": (address.endpoint or "").startswith("http:"),
            "timeout": timedelta(seconds=request_seconds),
            "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, request_seconds)),
        },
        "retry_config": {
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=retry_seconds),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    }


@contextmanager
def _explained(key: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # obstore's have one base class besides those of Python
        raise failure(error, key) from error
