"""How a media worker begins: with all it needs at hand, because walls go up around it then."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


def start_media_worker(log_alike: Callable[[], None], *, decodes: bool) -> None:
    """Prepare a worker before it is given what strangers sent.

    log_alike: sets its log up. decodes: whether it will read recordings, for which it imports and
    compiles libraries; behind the walls it could not keep what it compiled.

    What fails here fails again in the call that needs it, and is told there.
    """
    log_alike()
    if not decodes:
        return
    try:
        from bot.enrolment.pipeline import warm  # librosa, SciPy and FFmpeg, in the worker only

        warm()
    except Exception:
        log.exception("media libraries cannot be loaded", stage="start")
