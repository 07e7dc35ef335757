"""What went wrong with a download, in words that say what to do."""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from bot.errors import EngineDeadError, OutputError
from bot.speech.engines.chatterbox.hub.transfer import DamagedError
from bot.speech.models import Model, Source

P = ParamSpec("P")
R = TypeVar("R")

_OF_THE_DISK = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EIO)

AGAIN = "what is there already is not downloaded again"


def explained(work: Callable[Concatenate[Model, P], R]) -> Callable[Concatenate[Model, P], R]:
    """Let work on a model's files raise `EngineDeadError` with what to do in place of OSError."""

    @functools.wraps(work)
    def call(model: Model, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(model, *args, **kwargs)
        except OSError as error:
            raise EngineDeadError(unusable(model.name, error)) from None

    return call


def unusable(model: str, error: OSError) -> str:
    """Return what to tell where the cache can be neither read nor changed."""
    from huggingface_hub.constants import HF_HUB_CACHE

    where = error.filename or HF_HUB_CACHE
    return (
        f"The files of the {model} model in {HF_HUB_CACHE} cannot be used ({where}: "
        f"{error.strerror or error}). Let this user read and write there, or set HF_HOME to "
        "another directory."
    )


def advise(model: str, source: Source, error: Exception) -> str:
    """Return what to tell whoever wants the model."""
    if isinstance(error, OutputError) and isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_room(model, None, None)
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return _unwritable(model, error)
    if isinstance(error, DamagedError):
        return (
            f"The {model} model could not be downloaded from {source.repository}: {error}. "
            "Something between this machine and the hub changes what it sends. Try again, by "
            "another network if it lasts."
        )
    return _of_the_hub(model, source, error) or (
        f"The {model} model could not be downloaded from the model hub ({_cause(error)}). Check "
        f"the network connection and try again: {AGAIN}. [engine] checkpoint names a directory of "
        "files to use instead."
    )


def no_room(model: str, wanted: int | None, free: int | None) -> str:
    """Return what to tell where the disk is too small. wanted, free: bytes, where known."""
    from huggingface_hub.constants import HF_HUB_CACHE

    numbers = ""
    if wanted is not None and free is not None:
        numbers = f": {wanted / 1e9:.1f} GB are still to come, {free / 1e9:.1f} GB are free"
    return (
        f"There is no room for the {model} model in {HF_HUB_CACHE}{numbers}. Make room (`mynah "
        "models` shows what is there), or set HF_HOME to a directory on another disk."
    )


def _unwritable(model: str, error: OSError) -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    return (
        f"The {model} model cannot be written to {HF_HUB_CACHE} ({error.strerror}). Let this user "
        "write there, or set HF_HOME to another directory."
    )


def other_commit(model: str, source: Source, wanted: str, got: str | None) -> str:
    """Return what to tell where the hub gives another commit than it was asked for."""
    return (
        f"The hub answered with the commit {got} of {source.repository} instead of {wanted}, which "
        f"the {model} model is known to work with. Ask the hub itself, not a mirror (HF_ENDPOINT)."
    )


def _of_the_hub(model: str, source: Source, error: Exception) -> str | None:
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RevisionNotFoundError,
    )

    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, OfflineModeIsEnabled):
        return (
            f"The {model} model is not complete on this machine, and HF_HUB_OFFLINE forbids to "
            "download it. Remove that variable, or set [engine] checkpoint to a directory with its "
            "files."
        )
    if isinstance(error, RevisionNotFoundError):
        return (
            f"The hub no longer has the revision of {source.repository} that the {model} model was "
            f"tried with. `mynah models fetch {model} --newest` takes the newest one instead."
        )
    if isinstance(error, GatedRepoError) or status in (401, 403):
        return (
            f"The model hub gives the {model} model only to accounts that accepted its terms, or "
            f"it refuses your token. Accept them on the page of {source.repository}, make a token "
            "there and set HF_TOKEN to it."
        )
    if status == 429:
        return (
            "The model hub has had too many questions from this address. Wait some minutes and try "
            f"again: {AGAIN}. With an account (HF_TOKEN) it answers more."
        )
    return None


def _cause(error: Exception) -> str:
    # huggingface_hub hides what went wrong behind a text about its cache.
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    return f"{type(root).__name__}: {next(iter(str(root).splitlines()), '')}"
