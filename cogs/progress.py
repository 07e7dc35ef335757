"""One answer that follows an utterance until it has ended."""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.discord_http import DISCORD_FAILED
from bot.i18n import N_, _, in_locale, locale, ngettext, translated
from bot.voice.utterances import Progress, UtteranceEnd
from cogs.ui import Interaction, editable_until

log = structlog.get_logger(__name__)

EDIT_SECONDS = 2.0
"""Between two edits: Discord allows five in five seconds, for all answers in a channel."""

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

    `report` may be called before the answer is out; `open` says that it is.
    """

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction
        self._locale = locale.get()  # the player reports from tasks of its own
        self._until = editable_until(interaction)
        self._answer: str | None = None
        self._wanted = self._shown = ""
        self._not_before = 0.0  # event loop time
        self._timer: asyncio.TimerHandle | None = None
        self._edit: asyncio.Task[None] | None = None

    def open(self, answer: str) -> None:
        """Begin to edit: the member sees `answer` now."""
        self._answer = answer
        self._show()

    def report(self, progress: Progress) -> None:
        """Take in how far the utterance is. Returns at once."""
        with in_locale(self._locale):
            self._wanted = progress_text(progress)
        self._show()

    async def flush(self) -> None:
        """Show the last step without waiting any longer; for the program's end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._not_before = 0.0
        self._show()
        if self._edit is not None:
            await self._edit

    def _show(self) -> None:
        if self._answer is None or self._wanted == self._shown or self._edit or self._timer:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            self._timer = loop.call_at(self._not_before, self._show_later)
        elif time.monotonic() < self._until:
            self._not_before = loop.time() + EDIT_SECONDS
            self._edit = asyncio.create_task(self._do_edit(self._answer, self._wanted))

    def _show_later(self) -> None:
        self._timer = None
        self._show()

    async def _do_edit(self, answer: str, line: str) -> None:
        self._shown = line
        try:
            await self._interaction.edit_original_response(content=f"{answer}\n{line}")
        except DISCORD_FAILED as error:
            # The member dismissed the answer, or Discord has a hiccup: the speech goes on.
            log.info(
                "progress not shown",
                guild=self._interaction.guild_id,
                stage="voice",
                error=repr(error),
            )
        self._edit = None
        self._show()
