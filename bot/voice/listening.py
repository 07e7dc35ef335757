"""Who is heard in a guild: nobody, or one member while they record."""

from __future__ import annotations

import asyncio

import discord
import structlog

from bot.consent.recording import REASONS, LiveRecording, RecordingEnd, RecordingLimits
from bot.errors import UserError
from bot.i18n import N_, _
from bot.voice.link import VocalChannel, VoiceLink

_ATTEMPTS = 5  # to become deaf again, beyond which only an event brings another

_MUTED = N_("You are muted. Unmute yourself, then start again; if a moderator muted you, ask them.")
_DEAFENED = N_(
    "A moderator deafened me, so I hear nobody. Ask a moderator to undeafen me, then start again."
)

log = structlog.get_logger(__name__)


class Listening:
    """Takes the bot's deafness away for one recording at a time, and gives it back always."""

    def __init__(self, guild_id: int, link: VoiceLink) -> None:
        self._guild_id = guild_id
        self._link = link
        self._recording: LiveRecording | None = None
        self._channel_id: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._deafening: asyncio.Task[None] | None = None
        self._gateway_up = True
        self._closed = False

    @property
    def recording(self) -> LiveRecording | None:
        """The recording that is going on, also while the bot becomes deaf after it."""
        return self._recording

    async def record(self, member_id: int, limits: RecordingLimits | None) -> LiveRecording:
        """Begin to hear one member; see `GuildPlayer.record`."""
        channel = self._check(member_id)
        recording = self._recording = LiveRecording(member_id, limits)
        self._channel_id = channel.id
        begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._listen(recording, begun), name="voice-listening")
        try:
            await asyncio.shield(begun)
        except asyncio.CancelledError:
            recording.cancel()
            raise
        if recording.over.done():
            raise UserError(_(REASONS[recording.over.result()]))
        return recording

    def end(self, end: RecordingEnd) -> None:
        """End the recording, if there is one."""
        if self._recording is not None:
            self._recording.end(end)

    async def close(self) -> None:
        """End the recording and wait, bounded, until all is put away."""
        self._closed = True
        self.end(RecordingEnd.SHUTTING_DOWN)
        tasks = [task for task in (self._task, self._deafening) if task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self._link.limits.leave_seconds)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # What Discord tells.

    def voice_changed(self, member: discord.Member, after: discord.VoiceState) -> None:
        """Hear that somebody joined, left, moved, or was muted or deafened."""
        if member == member.guild.me:
            self._bot_changed(after)
        elif self._recording is not None and member.id == self._recording.member_id:
            self._member_changed(after)

    def gateway_lost(self) -> None:
        """Hear that nothing can be asked of Discord."""
        self._gateway_up = False
        self.end(RecordingEnd.CONNECTION_LOST)

    def gateway_back(self) -> None:
        """Hear that Discord can be asked again."""
        self._gateway_up = True
        self.stay_deaf()

    def stay_deaf(self) -> None:
        """Ask to be deaf again, in the background, if Discord shows the bot as hearing.

        Or to be in no channel, if a wish to hear has crossed a disconnect and brought it back.
        """
        busy = self._recording is not None or (self._deafening and not self._deafening.done())
        hears = self._link.sound and not self._link.deaf
        if not busy and not self._closed and self._gateway_up and (hears or self._link.stray):
            self._deafening = asyncio.create_task(self._deafen(), name="voice-deafening")

    # -------------------------------------------------------------------------------------

    @property
    def _may_ask(self) -> bool:
        return self._gateway_up and self._link.sound

    def _check(self, member_id: int) -> VocalChannel:
        """Return the channel of both. Raises `UserError` if the member cannot be recorded now."""
        self._check_free(member_id)
        channel = self._link.channel
        if channel is None or not self._may_ask:
            raise UserError(
                _("I am in no voice channel. Join one, call me there, then start again.")
            )
        state = channel.voice_states.get(member_id)
        if state is None:
            raise UserError(
                _("Join me in {channel}, then start again.").format(channel=channel.mention)
            )
        if _silenced(state):
            raise UserError(_(_MUTED))
        mine = channel.guild.me.voice
        if mine is not None and mine.deaf:
            raise UserError(_(_DEAFENED))
        return channel

    def _check_free(self, member_id: int) -> None:
        if self._recording is None:
            return
        if self._recording.member_id == member_id:
            raise UserError(_("You are recording already. Stop or cancel that recording first."))
        raise UserError(
            _("I am recording {member} now. Start again when that is done.").format(
                member=f"<@{self._recording.member_id}>"
            )
        )

    async def _listen(self, recording: LiveRecording, begun: asyncio.Future[None]) -> None:
        self._link.listening = True
        try:
            await self._hear(recording, begun)
        except Exception:
            log.exception("recording failed", guild=self._guild_id, stage="voice")
            recording.end(RecordingEnd.FAILED)
        finally:
            await self._put_away(recording, begun)

    async def _put_away(self, recording: LiveRecording, begun: asyncio.Future[None]) -> None:
        try:
            await self._be_deaf()
        finally:
            self._link.listening = False
            self._recording = None
            recording.settle()
            if not begun.done():
                begun.set_result(None)
            log.info("recording ended", guild=self._guild_id, stage="voice",
                     end=recording.over.result().name, seconds=round(recording.seconds, 2),
                     unreadable=recording.unreadable)  # fmt: skip
            self.stay_deaf()

    async def _hear(self, recording: LiveRecording, begun: asyncio.Future[None]) -> None:
        self._link.speaking(False)  # what is being said pauses
        confirmed = await self._link.set_deaf(False)
        receiver = self._link.receiver(recording)
        if not confirmed or receiver is None:
            recording.end(RecordingEnd.CONNECTION_LOST)
        elif not recording.over.done():
            receiver.open()
            try:
                recording.begin()
                begun.set_result(None)
                await recording.over
            finally:
                receiver.close()

    async def _be_deaf(self) -> bool:
        """Ask once; whether Discord confirmed it. A lost connection comes back deaf by itself."""
        return self._may_ask and await self._link.set_deaf(True)

    async def _deafen(self) -> None:
        await self._link.leave_stray()
        for _attempt in range(_ATTEMPTS):
            if self._recording is not None or not self._may_ask or self._link.deaf:
                return
            await self._be_deaf()
        log.error("Discord shows the bot as hearing", guild=self._guild_id, stage="voice")

    def _bot_changed(self, after: discord.VoiceState) -> None:
        if after.channel is None:
            self.end(RecordingEnd.BOT_LEFT)
        elif after.channel.id != self._channel_id:
            self.end(RecordingEnd.BOT_MOVED)
        elif after.deaf:
            self.end(RecordingEnd.BOT_DEAFENED)
        self.stay_deaf()

    def _member_changed(self, after: discord.VoiceState) -> None:
        if after.channel is None:
            self.end(RecordingEnd.MEMBER_LEFT)
        elif after.channel.id != self._channel_id:
            self.end(RecordingEnd.MEMBER_MOVED)
        elif _silenced(after):
            self.end(RecordingEnd.MEMBER_MUTED)


def _silenced(state: discord.VoiceState) -> bool:
    return state.mute or state.self_mute or state.self_deaf or state.suppress
