"""Checks of the addresses of an S3-compatible store, as they stand in the configuration."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from storage.objects.address import split_address


def check_clips(clips: str | None) -> str | None:
    """Raise ValueError for what is no address of a bucket."""
    if clips is not None:
        split_address(clips)
    return clips


def check_endpoint(endpoint: str | None) -> str | None:
    """Raise ValueError for what is no address of a service."""
    if endpoint is not None and not _is_address(endpoint):
        raise ValueError(
            "should be the address of the service alone, such as https://s3.example.org or "
            "http://127.0.0.1:9000; keys have places of their own"
        )
    return endpoint


def check_region(region: str | None) -> str | None:
    """Raise ValueError for what is no name of a region."""
    if region is not None and not re.fullmatch(r"[A-Za-z0-9._-]+", region):
        raise ValueError("should be the name of a region, such as eu-central-1")
    return region


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and port != 0
