"""One answer that follows an utterance until it has ended."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context

import structlog

from bot.discord_http import DISCORD_FAILED, is_refused
from bot.i18n import N_, _, ngettext, translated
from bot.voice.utterances import Progress, UtteranceEnd
from cogs.ui import Interaction, editable_until

log = structlog.get_logger(__name__)

EDIT_SECONDS = 2.0
"""Between two edits: Discord allows five in five seconds, for all answers in a channel."""

PAUSES_SECONDS = (3.0, 10.0, 30.0)
"""Before an edit is made again that failed; then the line waits for the next step."""

ENDS = {
    UtteranceEnd.PLAYED: N_("Said."),
    UtteranceEnd.SKIPPED: N_("Skipped."),
    UtteranceEnd.STOPPED: N_("Stopped."),
    UtteranceEnd.FAILED: N_("It could not be said."),
    UtteranceEnd.ENCRYPTION_FAILED: N_(
        "The call could not be encrypted, so nobody could hear it. Try again."
    ),
    UtteranceEnd.MUTED: N_(
        "I may no longer speak in the voice channel. Ask a moderator to let me."
    ),
    UtteranceEnd.DISCONNECTED: N_("I was disconnected from the voice channel."),
    UtteranceEnd.CONNECTION_LOST: N_("I lost the connection to the voice channel. Try again."),
    UtteranceEnd.LEFT: N_("I left the voice channel."),
    UtteranceEnd.ALONE: N_("Nobody was left to hear it."),
    UtteranceEnd.VOICE_DELETED: N_("The voice was deleted, so nothing more is said in it."),
    UtteranceEnd.VOICE_PAUSED: N_("The voice was paused, so nothing more is said in it."),
    UtteranceEnd.NOT_ALLOWED: N_(
        "The voice is not shared with you any more, so nothing more is said in it."
    ),
    UtteranceEnd.DROPPED: N_("It was left out."),
    UtteranceEnd.SHUTTING_DOWN: N_("I am shutting down."),
}


def progress_text(progress: Progress) -> str:
    """Return what there is to add to the first answer: a line, and the notes below it."""
    lines = [_line(progress), *(f"-# {translated(note)}" for note in progress.notes)]
    return "\n".join(line for line in lines if line)


def _line(progress: Progress) -> str:
    if progress.end in (UtteranceEnd.FAILED, UtteranceEnd.NOT_ALLOWED):
        return translated(progress.error or "") or _(ENDS[progress.end])
    if progress.end is not None:
        return _(ENDS[progress.end])
    if not progress.started or progress.sentences == 1:
        return ""
    return ngettext(
        "{played} of {count} sentence heard.",
        "{played} of {count} sentences heard.",
        progress.sentences,
    ).format(played=progress.played, count=progress.sentences)


class ProgressLine:
    """Edits the answer to `/say`, never faster than `EDIT_SECONDS` and never after it expired.

    One edit at a time, always the latest step; one that failed is made again after a pause.
    `report` may be called before the answer is out; `open` says that it is.
    """

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction
        # The player reports from tasks of its own, which know neither the member's language nor
        # how calls to Discord are made with care.
        self._context = copy_context()
        self._until = editable_until(interaction)
        self._answer: str | None = None
        self._wanted = ""
        self._shown: str | None = ""  # None: nobody knows, since the last edit failed
        self._failures = 0  # in a row
        self._not_before = 0.0  # event loop time
        self._timer: asyncio.TimerHandle | None = None
        self._edit: asyncio.Task[None] | None = None

    def open(self, answer: str) -> None:
        """Begin to edit: the member sees `answer` now."""
        self._answer = answer
        self._show()

    def report(self, progress: Progress) -> None:
        """Take in how far the utterance is. Returns at once."""
        self._context.copy().run(self._take_in, progress)

    async def flush(self) -> None:
        """Show the last step without waiting any longer; for the program's end."""
        if self._edit is not None:
            await self._edit
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._not_before = 0.0
        self._context.copy().run(self._show)
        if self._edit is not None:
            await self._edit

    def _take_in(self, progress: Progress) -> None:
        self._wanted = progress_text(progress)
        self._show()

    def _show(self) -> None:
        if self._answer is None or self._wanted == self._shown or self._edit or self._timer:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            self._timer = loop.call_at(self._not_before, self._show_later)
        elif time.monotonic() < self._until:
            self._not_before = loop.time() + EDIT_SECONDS
            self._edit = loop.create_task(self._do_edit(self._answer, self._wanted))

    def _show_later(self) -> None:
        self._timer = None
        self._show()

    async def _do_edit(self, answer: str, line: str) -> None:
        try:
            await self._interaction.edit_original_response(content=f"{answer}\n{line}")
        except DISCORD_FAILED as error:
            self._failed(line, error)
        else:
            self._shown, self._failures = line, 0
        finally:
            self._edit = None
        self._show()

    def _failed(self, line: str, error: Exception) -> None:
        """Plan another try; none where the member dismissed the answer, or all were in vain."""
        again = self._failures < len(PAUSES_SECONDS) and not is_refused(error)
        if again:
            pause = PAUSES_SECONDS[self._failures]
            self._not_before = asyncio.get_running_loop().time() + pause
        self._failures = self._failures + 1 if again else 0
        self._shown = None if again else line
        log.info("progress not shown", guild=self._interaction.guild_id, stage="voice",
                 error=repr(error), again=again)  # fmt: skip
