"""The checksums that the hub gives, which are also what its cache calls contents.

Large files have a SHA-256 (Git LFS), the others the SHA-1 that Git gives a blob.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

CHUNK_BYTES = 1024 * 1024

_HEXADECIMAL = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def is_checksum(name: str) -> bool:
    """Whether this is a checksum; a mirror may give something else."""
    return _HEXADECIMAL.fullmatch(name) is not None


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has this checksum; raises OSError if it cannot be read."""
    if len(checksum) == len(hashlib.sha256().hexdigest()):
        digest: Any = hashlib.sha256()
    else:
        # As Git calls contents; it is no protection against whoever means harm.
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return bool(digest.hexdigest() == checksum)
