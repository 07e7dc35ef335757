"""The owner of a guild's voice connection: messages in, outcomes out, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import discord
import structlog

from bot.errors import BusyError
from bot.i18n import _
from bot.voice.client import Loss
from bot.voice.limits import VoiceLimits
from bot.voice.link import JoinOutcome, VocalChannel, VoiceLink

_MAX_WAITING = 16
_FIRST_DELAY, _MAX_DELAY = 0.25, 5.0  # seconds between attempts to reconnect

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Join:
    """Connect to a channel. privileged: also away from those who are being spoken to."""

    channel: VocalChannel
    reply: asyncio.Future[JoinOutcome]
    privileged: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the channel. removed: Discord has seen to that already."""

    reply: asyncio.Future[None]
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Recover:
    """Get a connection back. force: also if it looks sound."""

    force: bool = False


Message = Join | Leave | Recover


class ConnectionListener(Protocol):
    """The guild's player."""

    @property
    def busy(self) -> bool:
        """Whether something is being said or waits to be said."""

    def connected(self) -> None:
        """Hear that there is a connection, a first one or another one."""

    def interrupted(self, removed: bool) -> None:
        """Hear that a connection broke, or that Discord put another in its place.

        removed: Discord says that the bot is in no channel any more.
        """

    def disconnected(self, lost: bool) -> None:
        """Hear that there is none any more. lost: by a fault, not by somebody's wish."""


class ConnectionKeeper:
    """Runs one message after the other in one task, so connects and disconnects never race.

    The task lives only while there is something to do.
    """

    def __init__(
        self,
        bot: discord.Client,
        guild_id: int,
        limits: VoiceLimits,
        listener: ConnectionListener,
    ) -> None:
        self._guild_id = guild_id
        self.link = VoiceLink(bot, guild_id, limits, self._lost, self._followed)
        self._gateway_up = True
        self._leaving = 0  # wishes to leave that are not fulfilled yet
        self._limits = limits
        self._listener = listener
        self._inbox: deque[Message] = deque()
        self._posted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._attempt: asyncio.Task[JoinOutcome] | None = None
        self._attempts = 0  # to get the present connection back
        self._until: float | None = None  # event loop time; when to give those up

    @property
    def channel(self) -> VocalChannel | None:
        """The link's channel, unless the bot is about to leave it."""
        return None if self._leaving else self.link.channel

    async def join(self, channel: VocalChannel, *, privileged: bool) -> JoinOutcome:
        """Connect to `channel`. Raises `BusyError` if too much is going on already."""
        self._check_room()
        reply: asyncio.Future[JoinOutcome] = asyncio.get_running_loop().create_future()
        self._post(Join(channel, reply, privileged))
        return await reply

    def leave(self) -> asyncio.Future[None]:
        """Leave the channel as `leave_soon` does.

        Raises `BusyError` if too much is going on already.
        """
        self._check_room()
        return self.leave_soon()

    def leave_soon(self, *, removed: bool = False) -> asyncio.Future[None]:
        """Leave the channel in the background; the result resolves when that is done."""
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leaving += 1
        self._post(Leave(reply, removed))
        return reply

    def recover(self, *, force: bool = False) -> None:
        """Get the connection back, in the background; the listener hears how it went."""
        # One at most: two would wake each other from their pauses without end.
        waiting = [message for message in self._inbox if isinstance(message, Recover)]
        for message in waiting:
            self._inbox.remove(message)
        self._post(Recover(force or Recover(force=True) in waiting))

    def gateway_lost(self) -> None:
        """Hear that the gateway is away; voice lives on, but nothing can be asked for."""
        self._gateway_up = False

    def gateway_resumed(self) -> None:
        """Hear that the gateway is back as it was."""
        self._gateway_up = True
        if self.link.wanted and not self.link.connected:
            self.recover()

    def gateway_renewed(self) -> None:
        """Hear that the gateway is back with a new session, without the old one's voice."""
        self._gateway_up = True
        self.link.session_renewed()
        if self._attempt is not None:
            self._attempt.cancel()  # what it asked for is forgotten
        if self.link.wanted:
            self.recover()

    async def close(self) -> None:
        """Leave the channel, whatever is going on."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        while self._inbox:
            self._refuse(self._inbox.popleft())
        await self.link.leave()

    def _check_room(self) -> None:
        if len(self._inbox) >= _MAX_WAITING:
            raise BusyError(_("I am still busy with the voice channel. Try again in a moment."))

    def _post(self, message: Message) -> None:
        self._inbox.append(message)
        self._posted.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="voice-connection")

    async def _run(self) -> None:
        while self._inbox:
            message = self._inbox.popleft()
            try:
                await self._obey(message)
            except Exception:
                log.exception("voice connection", guild=self._guild_id, stage="voice")
            finally:
                self._refuse(message)

    async def _obey(self, message: Message) -> None:
        match message:
            case Join():
                await self._join(message)
            case Leave(_, removed):
                self._settle()
                await self.link.leave(removed=removed)
                self._listener.disconnected(lost=False)
            case Recover():
                await self._recover(message)

    def _refuse(self, message: Message) -> None:
        """Be done with a message; answer whoever waits for it and was not answered."""
        if isinstance(message, Join) and not message.reply.done():
            message.reply.set_result(JoinOutcome.UNREACHABLE)
        if isinstance(message, Leave):
            self._leaving -= 1
            if not message.reply.done():
                message.reply.set_result(None)

    async def _join(self, message: Join) -> None:
        outcome = await self._connect(message)
        if not message.reply.done():
            message.reply.set_result(outcome)
            # Whoever joined to say something says it now, before another wish moves the bot.
            await asyncio.sleep(0)

    async def _connect(self, message: Join) -> JoinOutcome:
        elsewhere = self._listener.busy and self.link.channel != message.channel
        if elsewhere and not message.privileged:
            return JoinOutcome.BUSY_ELSEWHERE
        was_wanted = self.link.wanted
        outcome = await self._try(self.link.join(message.channel))
        if outcome.joined:
            self._settle()
            self._listener.connected()
        elif was_wanted and not self.link.wanted:
            await self._give_up()
        return outcome

    async def _recover(self, message: Recover) -> None:
        fine = self.link.sound and not message.force
        if fine or not self.link.wanted:
            return
        now = asyncio.get_running_loop().time()
        self._until = self._until or now + self._limits.recovery_seconds
        outcome, force = JoinOutcome.UNREACHABLE, message.force
        if self._gateway_up:
            outcome, force = await self._try(self.link.rejoin()), False
        if outcome.joined:
            self._settle()
            self._listener.connected()
        elif outcome.lasting or now > self._until:
            await self._give_up()
        else:
            await self._pause(min(_FIRST_DELAY * 2 ** min(self._attempts, 8), _MAX_DELAY))
            self._attempts += 1
            self.recover(force=force)  # behind what came meanwhile: a wish is not held up

    def _settle(self) -> None:
        self._attempts, self._until = 0, None

    async def _try(self, attempt: Coroutine[Any, Any, JoinOutcome]) -> JoinOutcome:
        self._attempt = asyncio.create_task(attempt, name="voice-attempt")
        try:
            await asyncio.wait([self._attempt])
            return JoinOutcome.TIMED_OUT if self._attempt.cancelled() else self._attempt.result()
        except Exception:
            log.exception("connecting failed", guild=self._guild_id, stage="voice")
            return JoinOutcome.UNREACHABLE
        finally:
            self._attempt.cancel()
            await asyncio.wait([self._attempt])
            self._attempt = None

    async def _give_up(self) -> None:
        self._settle()
        await self.link.leave()
        log.warning("voice connection given up", guild=self._guild_id, stage="voice")
        self._listener.disconnected(lost=True)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when there is something else to do."""
        if self._inbox:
            return
        self._posted.clear()
        with contextlib.suppress(TimeoutError):
            # Not `wait_for`, which before Python 3.12 can swallow the cancellation by `close`.
            async with asyncio.timeout(seconds):
                await self._posted.wait()

    def _followed(self) -> None:
        self._listener.interrupted(removed=False)

    def _lost(self, loss: Loss) -> None:
        log.info("voice connection lost", guild=self._guild_id, stage="voice", loss=loss.name)
        self._listener.interrupted(removed=loss is Loss.REMOVED)
        if loss is Loss.LOST or (loss is Loss.CLOSED and not self._gateway_up):
            self.recover()
            return
        # Discord says not to come back after these (4014, 4022, a moderator's disconnect).
        self.leave_soon(removed=loss is Loss.REMOVED)
        self._listener.disconnected(lost=False)
