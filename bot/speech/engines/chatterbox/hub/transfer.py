"""One file from the hub into its cache: goes on where it stopped, and is checked when it is whole.

huggingface_hub downloads to a name that only the running process knows and removes it when it
fails, so 2 GB begin again after every broken connection and every restart. Here the part stays
under its checksum. hf_xet, its other way to download, cannot go on either, and can fail where plain
HTTP does not ("Unable to parse string as hex hash value"), so it is not used.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.speech.engines.chatterbox.hub.checksum import is_checksum, matches
from bot.speech.engines.chatterbox.hub.repository import CachedRepository, wish, wishes

log = logging.getLogger(__name__)

TRIES = 2
"""How often a file is downloaded whose checksum is wrong."""


class DamagedError(Exception):
    """What came is not what the hub says it is."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository at a commit, and what the hub says of its content.

    model: the one that it is for.
    """

    repository: CachedRepository
    commit: str
    name: str
    size: int
    checksum: str
    model: str

    @property
    def url(self) -> str:
        """Where it is."""
        from huggingface_hub import hf_hub_url

        repository = self.repository.source.repository
        return str(hf_hub_url(repository, self.name, revision=self.commit))

    @property
    def here(self) -> int:
        """How many of its bytes are in the cache, whole or in part."""
        if (self.repository.snapshot(self.commit) / self.name).is_file():
            return self.size
        if self.repository.blob(self.checksum).is_file():
            return self.size
        part = self.repository.part(self.checksum)
        return min(part.stat().st_size, self.size) if part.is_file() else 0


def fetch_file(file: RemoteFile, bar_class: Any, wait: Callable[[Path], Any]) -> Path:
    """Return the path of a file in the cache, downloaded unless it is there.

    bar_class: a tqdm class, which is told of bytes. wait: a lock on a path, so that one process
    downloads a file and the others wait for it.

    Raises `DamagedError`, and what huggingface_hub and the file system raise.
    """
    pointer = file.repository.snapshot(file.commit) / file.name
    if pointer.is_file():
        return pointer
    blob, part = file.repository.blob(file.checksum), file.repository.part(file.checksum)
    blob.parent.mkdir(parents=True, exist_ok=True)
    with wait(file.repository.lock(file.checksum)):
        if not blob.is_file():
            wish(part, wishes(part) | {file.model})
            try:
                _download(file, part, bar_class)
                part.rename(blob)
            finally:
                _forget_nothing(part)
    return file.repository.point(file.commit, file.name, blob)


def _forget_nothing(part: Path) -> None:
    """Remove a part of which nothing came, and the note on a part that is not there."""
    if part.is_file() and part.stat().st_size == 0:
        part.unlink()
    if not part.exists():
        wish(part, ())


def _download(file: RemoteFile, part: Path, bar_class: Any) -> None:
    for _ in range(TRIES):
        _transfer(file, part, bar_class)
        if not is_checksum(file.checksum) or matches(part, file.checksum):
            return
        # Whichever of its bytes are wrong: all of it is asked for once more.
        log.warning("%s was damaged on its way and is downloaded again", file.name)
        part.unlink()
    raise DamagedError(f"{file.name} came with a wrong checksum {TRIES} times")


def _transfer(file: RemoteFile, part: Path, bar_class: Any) -> None:
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    # Compressed, the bytes from a position on would not be those of the file.
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    with part.open("ab") as content:
        here = content.tell()
        if here > file.size:
            content.truncate(here := 0)
        http_get(
            file.url,
            content,
            resume_size=here,
            headers=headers,
            expected_size=file.size,
            displayed_filename=file.name,
            tqdm_class=bar_class,
        )
        content.flush()
        os.fsync(content.fileno())
