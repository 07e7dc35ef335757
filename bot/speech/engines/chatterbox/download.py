"""Downloading a model from the hub: into the hub's usual cache, with progress that can be told.

Stock's `from_pretrained` draws bars, asks the hub at every start and fetches what is never read
(`conds.pt`, a second S3Gen), so only the name of the repository is taken from it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from pathlib import Path
from typing import Any

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.files import ModelFiles
from bot.speech.load_progress import LoadProgress, OnProgress

log = logging.getLogger(__name__)

REVISION = "main"
ANSWER_SECONDS = 10.0
"""How long the hub may take to list its files. huggingface_hub bounds the rest by itself."""

ABANDONED_SECONDS = 3600.0
"""Age of a file that nobody writes to any more."""


def fetch_model(model: str, repository: str, files: ModelFiles, tell: OnProgress) -> Path:
    """Return the directory of a model's files, which are downloaded unless they are cached.

    What is complete is used as it is, without asking the hub.
    tell: called often while files are downloaded.

    Raises `EngineDeadError` with what to do.
    """
    # Its own lines ("Trying to resume download ...") come between ours; the last error is raised.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        return _cached(repository, files) or _download(model, repository, files, tell)
    except EngineDeadError:
        raise
    except Exception as error:
        log.debug("downloading failed", exc_info=True)
        raise EngineDeadError(_advice(model, repository, error)) from None


def _cached(repository: str, files: ModelFiles) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(repository, files.files[0], revision=REVISION)
    if not isinstance(path, str):
        return None
    directory = Path(path).parent
    return None if files.missing([path.name for path in directory.iterdir()]) else directory


def _download(model: str, repository: str, files: ModelFiles, tell: OnProgress) -> Path:
    from huggingface_hub import HfApi, hf_hub_download

    listing = HfApi().model_info(
        repository, revision=REVISION, files_metadata=True, timeout=ANSWER_SECONDS
    )
    sizes = {file.rfilename: file.size or 0 for file in listing.siblings or ()}
    missing = files.missing(sizes)
    if missing:
        raise EngineDeadError(
            f"The model hub has no {', '.join(missing)} in {repository} any more. Look for a newer "
            f"version of Mynah, or get the files of the {model} model elsewhere and set [engine] "
            "checkpoint to their directory."
        )
    _sweep(repository)
    wanted = files.choose(sizes)
    counter = _Counter(model, {name: sizes[name] for name in wanted}, tell)
    for name in wanted:
        # One commit for all of them, even if the repository changes meanwhile.
        path = hf_hub_download(
            repository, name, revision=listing.sha, tqdm_class=counter.bar_class(name)
        )
        counter.finish(name)
    directory = Path(path).parent
    _note_revision(directory)
    return directory


def _sweep(repository: str) -> None:
    """Remove what downloads left that were killed: they are not continued, and take gigabytes."""
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")
    for path in (folder / "blobs").glob("*.incomplete"):
        # Another process may be writing to it; that one may also end now.
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def _note_revision(snapshot: Path) -> None:
    """Let the cache know which commit `REVISION` is, now that all of it is there."""
    reference = snapshot.parents[1] / "refs" / REVISION
    reference.parent.mkdir(exist_ok=True)
    reference.write_text(snapshot.name)


class _Counter:
    """Adds up what the files' bars are told."""

    def __init__(self, model: str, sizes: dict[str, int], tell: OnProgress) -> None:
        self._model, self._sizes, self._tell = model, sizes, tell
        self._done: dict[str, int] = {}
        self._finished = 0
        self._tell_state()

    def finish(self, name: str) -> None:
        """Count a file as there, whether it came from the hub or from the cache."""
        self._done[name] = self._sizes[name]
        self._finished += 1
        self._tell_state()

    def advance(self, name: str, size: int) -> None:
        """Count bytes of a file; fewer where a download begins again."""
        done = self._done.get(name, 0) + size
        self._done[name] = max(0, min(done, self._sizes[name]))
        self._tell_state()

    def bar_class(self, name: str) -> Any:
        """Return what huggingface_hub takes for a tqdm class: it draws nothing and counts."""
        counter = self

        class Bar(_NoBar):
            def update(self, n: float | None = 1) -> None:
                counter.advance(name, int(n or 0))

        return Bar

    def _tell_state(self) -> None:
        self._tell(
            LoadProgress(
                self._model,
                sum(self._done.values()),
                sum(self._sizes.values()),
                self._finished,
                len(self._sizes),
            )
        )


class _NoBar:
    """As much of tqdm as huggingface_hub uses."""

    def __init__(self, *_args: Any, total: float | None = None, **_kwargs: Any) -> None:
        self.total, self.n = total, 0

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def update_transfer(self, n: float | None = 1) -> None:
        """Ignore the bytes on the wire: `update` counts those on the disk."""

    def set_postfix_str(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def set_transfer_postfix_str(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def refresh(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def close(self) -> None:
        pass


def _advice(model: str, repository: str, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    refused = isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403)
    if isinstance(error, GatedRepoError) or refused:
        return (
            f"The model hub gives the {model} model only to accounts that accepted its terms, or "
            f"it refuses your token. Accept them on the page of {repository}, make a token there "
            "and set HF_TOKEN to it."
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        from huggingface_hub.constants import HF_HUB_CACHE

        return (
            f"There is no room for the {model} model in {HF_HUB_CACHE}. Make room, or set HF_HOME "
            "to a directory on another disk."
        )
    return (
        f"The {model} model could not be downloaded from the model hub ({_cause(error)}). Check "
        "the network connection and try again: files that are complete are not downloaded again. "
        "[engine] checkpoint names a directory of files to use instead."
    )


def _cause(error: Exception) -> str:
    # huggingface_hub hides what went wrong behind a text about its cache.
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    return f"{type(root).__name__}: {next(iter(str(root).splitlines()), '')}"
