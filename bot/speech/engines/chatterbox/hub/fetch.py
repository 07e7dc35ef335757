"""Downloading a model from the hub: into the hub's usual cache, with progress that can be told.

Stock's `from_pretrained` draws bars, asks the hub at every start, takes whatever is newest and
fetches what is never read (`conds.pt`, a second S3Gen).
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.advice import advise, explained, no_room, other_commit
from bot.speech.engines.chatterbox.hub.progress import Counter
from bot.speech.engines.chatterbox.hub.repository import (
    NEWEST,
    PART_SUFFIX,
    CachedRepository,
    cached,
    former,
    lacking,
)
from bot.speech.engines.chatterbox.hub.transfer import DamagedError, RemoteFile, fetch_file
from bot.speech.load_progress import OnProgress
from bot.speech.models import Model, Source, UnclearError

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""How long the hub may take to answer what it has. huggingface_hub bounds the rest by itself."""

SPARE_BYTES = 64 * 1024**2
"""Left free on the disk, for whatever else is written meanwhile."""

ABANDONED_SECONDS = 3600.0
"""Age of a file that nobody writes to any more."""

WAIT_SECONDS = 3600.0
"""How long another process that downloads the same file is waited for."""

_OF_ONE_PROCESS = re.compile(rf".*\.[0-9a-f]{{8}}{re.escape(PART_SUFFIX)}")
"""A part that huggingface_hub named after its process, which nobody can continue."""

_COMMIT = re.compile("[0-9a-f]{40}")


def fetch_model(
    model: Model, tell: OnProgress, *, newest: bool = False, whole: bool = False
) -> list[Path]:
    """Return the directories of a model's sources, in order, downloaded unless they are cached.

    What is complete is used as it is, without asking the hub. A repository whose revision the table
    does not know is fetched at its newest, which is noted and used from then on.

    tell: called often while files are downloaded. newest: move on to the newest revisions. whole:
    also ask for what not all of the model needs, such as what only Chinese does; without it the
    model is complete, so that failing at it is only logged.

    Raises `EngineDeadError` with what to do.
    """
    # Its own lines ("Trying to resume download ...") come between ours; the last error is raised.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    directories = None if newest else explained(cached)(model)
    if directories is not None and not (whole and lacking(model)):
        return directories
    try:
        return _Download(model, tell, newest=newest).run()
    except EngineDeadError as error:
        others = None if newest else explained(former)(model)
        if others is None:
            raise
        if directories is not None:
            names = ", ".join(lacking(model))
            log.warning("%s of the %s model could not be fetched: %s", names, model.name, error)
            return directories
        log.warning("the %s model is used as another program fetched it: %s", model.name, error)
        return others


class _Download:
    """One model on its way."""

    def __init__(self, model: Model, tell: OnProgress, *, newest: bool) -> None:
        self._model, self._tell, self._newest = model, tell, newest
        self._source = model.sources[0]

    def run(self) -> list[Path]:
        try:
            return self._fetch()
        except EngineDeadError:
            raise
        except Exception as error:
            log.debug("downloading failed", exc_info=True)
            raise EngineDeadError(advise(self._model.name, self._source, error)) from None

    def _fetch(self) -> list[Path]:
        files = [file for source in self._model.sources for file in self._list(source)]
        self._require_room(files)
        sizes, done = {f.name: f.size for f in files}, {f.name: f.here for f in files}
        counter = Counter(self._model.name, sizes, done, self._tell)
        for file in files:  # small ones first, so that a wrong account or network shows at once
            self._source = file.repository.source
            fetch_file(file, counter.bar_class(file.name), _lock)
            counter.finish(file.name)
        return self._note(files)

    def _list(self, source: Source) -> list[RemoteFile]:
        """Return the files that the model takes from a repository."""
        from huggingface_hub import HfApi

        self._source = source
        repository = CachedRepository(source)
        revision = NEWEST if self._newest else repository.revision
        _sweep(repository)
        listing = HfApi().model_info(
            source.repository, revision=revision, files_metadata=True, timeout=ANSWER_SECONDS
        )
        commit = listing.sha
        if commit is None or (_COMMIT.fullmatch(revision) and commit != revision):
            raise EngineDeadError(other_commit(self._model.name, source, revision, commit))
        siblings = {file.rfilename: file for file in listing.siblings or ()}
        return [
            _remote(repository, commit, siblings[name], self._model.name)
            for name in self._choose(source, siblings)
        ]

    def _choose(self, source: Source, names: Any) -> list[str]:
        try:
            missing = self._model.missing(names, source)
        except UnclearError as error:
            raise EngineDeadError(
                f"It is not clear which files of {source.repository} are the {self._model.name} "
                f"model: {error}. Look for a newer version of Mynah, or put the right files into a "
                "directory and set [engine] checkpoint to it."
            ) from None
        if missing:
            raise EngineDeadError(
                f"The model hub has no {', '.join(missing)} in {source.repository}. Look for a "
                f"newer version of Mynah, or get the files of the {self._model.name} model "
                "elsewhere and set [engine] checkpoint to their directory."
            )
        return self._model.choose(names, source)

    def _require_room(self, files: Sequence[RemoteFile]) -> None:
        wanted = sum(file.size - file.here for file in files)
        folder = files[0].repository.folder
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        if wanted and wanted + SPARE_BYTES > free:
            raise EngineDeadError(no_room(self._model.name, wanted, free))

    def _note(self, files: Sequence[RemoteFile]) -> list[Path]:
        """Keep to these revisions; return their directories."""
        commits = {file.repository: file.commit for file in files}
        for repository, commit in commits.items():
            if commit != repository.revision or repository.source.revision == NEWEST:
                repository.note(commit)
        return [repository.snapshot(commit) for repository, commit in commits.items()]


def _remote(repository: CachedRepository, commit: str, sibling: Any, model: str) -> RemoteFile:
    """Return a file with its size and checksum: SHA-256 of a large one, else Git's SHA-1."""
    name = str(sibling.rfilename)
    checksum = sibling.lfs.sha256 if sibling.lfs is not None else sibling.blob_id
    if checksum is not None and sibling.size is not None:
        return RemoteFile(repository, commit, name, sibling.size, checksum, model)
    return _asked(repository, commit, name, model)


def _asked(repository: CachedRepository, commit: str, name: str, model: str) -> RemoteFile:
    """Ask for what a mirror's list lacks."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(repository.source.repository, name, revision=commit)
    metadata = get_hf_file_metadata(url, timeout=ANSWER_SECONDS)
    if metadata.etag is None or metadata.size is None:
        raise DamagedError(f"the hub gives no size or checksum of {name}")
    checksum = Path(metadata.etag).name
    return RemoteFile(repository, commit, name, metadata.size, checksum, model)


def _lock(path: Path) -> Any:
    from huggingface_hub.utils import WeakFileLock

    return WeakFileLock(path, timeout=WAIT_SECONDS)


def _sweep(repository: CachedRepository) -> None:
    """Remove what huggingface_hub's own downloads left: nobody continues it."""
    for path in (repository.folder / "blobs").glob(f"*{PART_SUFFIX}"):
        if not _OF_ONE_PROCESS.fullmatch(path.name):
            continue
        # Another process may be writing to it; that one may also end now.
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
