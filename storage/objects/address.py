"""Which bucket of which service holds the clips, and who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_PART = re.compile(r"[A-Za-z0-9!_.*'()=+@ -]+")


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """A prefix of a bucket.

    prefix: without slashes at its ends; "" is the whole bucket. endpoint: of the service, as an
    http or https URL; None is Amazon's. Keys that are None are looked for where Amazon's own
    programs look: `AWS_ACCESS_KEY_ID` and its like, then the machine's role.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".removesuffix("/")


def split_address(text: str) -> tuple[str, str]:
    """Return bucket and prefix of `s3://bucket/prefix`. Raises ValueError, which says why not."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("should be like s3://bucket/prefix, with a bucket's name in small letters")
    prefix = (match[2] or "").strip("/")
    parts = prefix.split("/") if prefix else []
    if not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise ValueError("has a prefix with an empty part or with unusual characters")
    return match[1], prefix
