"""What members are told of a clip that is to be spoken with and cannot be read."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from bot.errors import EngineError
from bot.i18n import Translatable
from bot.speech.refusals import DATA_AWAY
from storage.errors import DamagedClipError, UnknownKeyError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def reading_clip() -> Iterator[None]:
    """Turn what storage raises into `EngineError`, for members; the log is told which file."""
    try:
        yield
    except UnknownKeyError as error:
        log.warning("a voice cannot be opened: %s", error)
        raise EngineError(
            Translatable(
                "This voice cannot speak now: its recording is sealed by a key that is "
                "missing. Whoever runs this bot must bring it back."
            )
        ) from error
    except DamagedClipError as error:  # or the disk fails; the text names a path
        log.warning("a recording cannot be read: %s", error)
        raise EngineError(DATA_AWAY) from error
