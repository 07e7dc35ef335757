"""A call: everyone in one voice channel on one voice server, and their DAVE group.

The call is the MLS delivery service (https://daveprotocol.com): it proposes additions and
removals, takes the commit of one member and announces it to the others, one epoch at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from dataclasses import dataclass
from typing import Literal, Protocol

from .dave_member import DaveError, DaveMember
from .errors import Violation
from .listener import Listener
from .mls import ExternalSender, Group, commit_epoch, read_key_package, split_commit
from .model import Payload
from .rtp import RtpPacket

SPEAKING, CLIENTS_CONNECT, CLIENT_DISCONNECT = 5, 11, 13
EXECUTE_TRANSITION = 22
EXTERNAL_SENDER, PROPOSALS, ANNOUNCE_COMMIT, WELCOME = 25, 27, 29, 30
_APPEND = b"\0"
_STEP_SECONDS = 15.0
"""How long the bot may take over a commit or a transition."""


@dataclass(slots=True)
class VoiceSettings:
    """What tests may change while the server runs.

    dave_version: 1, or 0 for transport encryption only (new calls).
    mls_delay: seconds that every change of a group waits.
    first_committer: who founds a group when the bot and a person are the first in it.
    count_only: keep arrival times and headers of packets only, for hundreds of channels.
    """

    dave_version: int = 1
    mls_delay: float = 0.0
    first_committer: Literal["bot", "listener"] = "bot"
    count_only: bool = False


class BotEnd(Protocol):
    """The bot's websocket, as far as a call needs it."""

    def send(self, op: int, data: Payload) -> None:
        """Send a JSON message."""

    def send_binary(self, op: int, body: bytes) -> None:
        """Send a binary message."""


@dataclass(frozen=True, slots=True)
class _Change:
    removed: list[int]
    added: list[int]


class _BotLeftError(Exception):
    """The bot went away while the call waited for it."""


class Call:
    """One channel's call. Must be closed with `aclose`."""

    def __init__(
        self, channel_id: int, bot_id: int, settings: VoiceSettings, violations: list[Violation]
    ) -> None:
        self.channel_id = channel_id
        self.dave_version = settings.dave_version
        self.listeners: dict[int, Listener] = {}
        self.transitions = 0
        self._ssrcs: dict[int, int] = {}  # of those who have spoken
        self._bot_id = bot_id
        self._settings = settings
        self._violations = violations
        self._bot: BotEnd | None = None
        self._bot_package: bytes | None = None
        self._bot_expelled = False
        self._sender = ExternalSender()
        self._group = Group(channel_id, self._sender)
        self._changed = asyncio.Event()
        self._waiting: asyncio.Future[tuple[bytes, bytes]] | None = None
        self._ready: asyncio.Future[int] | None = None
        self._task = asyncio.create_task(self._work(), name="loopback call")

    @property
    def epoch(self) -> int:
        """The group's epoch; 0 before its first commit."""
        return self._group.epoch

    @property
    def settled(self) -> bool:
        """Whether everyone here is in the group and uses its keys (always without DAVE).

        Someone alone has no group and needs none.
        """
        if self.dave_version == 0:
            return True
        bot = [] if self._bot is None else [self._bot_id]
        here, members = {*self.listeners, *bot}, set(self._group.members)
        complete = members == here if len(here) > 1 else members <= here
        return complete and not self._bot_expelled and self._ready is None

    def cancel(self) -> None:
        """Begin to end the call."""
        self._task.cancel()

    async def aclose(self) -> None:
        """End the call."""
        self.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # People ----------------------------------------------------------------------------

    def join(self, listener: Listener) -> None:
        """Let a person in."""
        user_id = listener.user.id
        dave = None
        if self.dave_version:
            dave = DaveMember(user_id, self.channel_id, self._sender.package)
        late = bool(self.dave_version) and self._bot_id in self._group.members
        listener.enter(self.channel_id, dave, late=late)
        # Replaced, not changed: the UDP thread may be walking over the old one.
        self.listeners = {**self.listeners, user_id: listener}
        if self._bot is not None:
            self._bot.send(CLIENTS_CONNECT, {"user_ids": [str(user_id)]})
        self._changed.set()

    def leave(self, user_id: int) -> None:
        """Let a person go."""
        self.listeners[user_id].leave()
        self.listeners = {i: other for i, other in self.listeners.items() if i != user_id}
        self._ssrcs.pop(user_id, None)
        if self._bot is not None:
            self._bot.send(CLIENT_DISCONNECT, {"user_id": str(user_id)})
        self._changed.set()

    def speaks(self, user_id: int, ssrc: int) -> None:
        """Tell the bot whose packets have this SSRC, once."""
        if self._ssrcs.get(user_id) != ssrc:
            self._ssrcs[user_id] = ssrc
            self._announce(user_id)

    def _announce(self, user_id: int) -> None:
        if self._bot is not None:
            data = {"user_id": str(user_id), "ssrc": self._ssrcs[user_id], "speaking": 1}
            self._bot.send(SPEAKING, {**data, "delay": 0})

    def hear(self, packet: RtpPacket) -> None:
        """Pass a packet of the bot to everyone here (on the UDP thread)."""
        for listener in self.listeners.values():
            listener.hear(self._bot_id, packet)

    # The bot ---------------------------------------------------------------------------

    def bot_joined(self, bot: BotEnd) -> None:
        """Take the bot in, anew if it was here before."""
        self.bot_left()
        self._bot = bot
        if self.listeners:
            bot.send(CLIENTS_CONNECT, {"user_ids": [str(user_id) for user_id in self.listeners]})
        for user_id in self._ssrcs:
            self._announce(user_id)
        if self.dave_version:
            bot.send_binary(EXTERNAL_SENDER, self._sender.package)

    def bot_left(self) -> None:
        """Remove the bot from the group."""
        self._bot = self._bot_package = None
        self._bot_expelled = self._bot_id in self._group.members
        for future in (self._waiting, self._ready):
            if future is not None and not future.done():
                future.set_exception(_BotLeftError())
        self._changed.set()

    def bot_sent_key_package(self, message: bytes) -> None:
        """Op 26. A bot that was in the group begins anew (its commit was invalid)."""
        package, user_id = read_key_package(message)
        assert user_id == self._bot_id
        self._bot_expelled = self._bot_id in self._group.members
        self._bot_package = package
        self._changed.set()

    def bot_sent_commit(self, message: bytes) -> None:
        """Op 28. Counts if this call waits for it; otherwise someone else was first."""
        commit, welcome = split_commit(message)
        waiting = self._waiting
        if waiting and not waiting.done() and commit_epoch(commit) == self._group.epoch:
            waiting.set_result((commit, welcome))

    def bot_is_ready(self, transition: int) -> None:
        """Op 23. From here on the bot sends with the new key."""
        if self._ready and not self._ready.done() and transition == self.transitions:
            self._ready.set_result(time.time_ns())

    def bot_refused(self, transition: int) -> None:
        """Op 31. The bot could not use a commit or welcome and will send a new key package."""
        self._violations.append(Violation("bot refused a DAVE commit", f"transition {transition}"))
        self.bot_is_ready(transition)

    # The group -------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(self._settings.mls_delay)
            try:
                while self.dave_version and (change := self._next_change()):
                    # Not `wait_for`, which before Python 3.12 can swallow the end of the call.
                    async with asyncio.timeout(_STEP_SECONDS):
                        await self._carry_out(change)
            except _BotLeftError:
                self._changed.set()
            except DaveError as error:
                self._violations.append(Violation("libdave refused", str(error)))
            except TimeoutError:
                self._violations.append(Violation("bot ignored DAVE", f"epoch {self.epoch}"))

    def _next_change(self) -> _Change | None:
        bot = [] if self._bot_package is None else [self._bot_id]
        present, members = [*self.listeners, *bot], self._group.members
        expelled = {self._bot_id} if self._bot_expelled else set()
        removed = [m for m in members if m not in present or m in expelled]
        if removed:
            return self._removal(removed)
        added = [user_id for user_id in present if user_id not in members]
        if members:
            return _Change([], added) if added else None
        return self._founding(added) if len(added) > 1 else None

    def _removal(self, removed: list[int]) -> _Change | None:
        self._bot_expelled = False
        if set(removed) == set(self._group.members):
            self._group.dissolve()
            return self._next_change()
        return _Change(removed, [])

    def _founding(self, present: list[int]) -> _Change:
        by_bot = self._settings.first_committer == "bot" and self._bot_id in present
        founder = self._bot_id if by_bot else present[0]
        self._group.found(founder)
        return _Change([], [user_id for user_id in present if user_id != founder])

    async def _carry_out(self, change: _Change) -> None:
        stay = [member for member in self._group.members if member not in change.removed]
        packages = [self._key_package(user_id) for user_id in change.added]
        proposals = self._group.proposals(change.removed, packages)
        commit, welcome = await self._propose(stay, proposals)
        self.transitions += 1
        self._ready = asyncio.get_running_loop().create_future()
        try:
            self._announce_to_people(stay, change.added, commit, welcome)
            self._group.commit(change.removed, change.added)
            await self._announce_to_bot(stay, change.added, commit, welcome)
            for user_id in [*stay, *change.added]:
                if user_id in self.listeners:
                    self.listeners[user_id].dave.switch()
        finally:
            self._ready = None

    def _key_package(self, user_id: int) -> bytes:
        if user_id != self._bot_id:
            return self.listeners[user_id].dave.key_package()
        assert self._bot_package is not None
        return self._bot_package

    async def _propose(self, stay: list[int], proposals: bytes) -> tuple[bytes, bytes]:
        """Put proposals to those who stay; the first person's commit wins, else the bot's."""
        self._waiting = asyncio.get_running_loop().create_future()
        if self._bot_id in stay and self._bot is not None:
            self._bot.send_binary(PROPOSALS, _APPEND + proposals)
        known = {*self.listeners, self._bot_id, *self._group.members}
        people = [self.listeners[user_id] for user_id in stay if user_id in self.listeners]
        commits = [person.dave.propose(proposals, known) for person in people]
        try:
            return commits[0] if commits else await self._waiting
        finally:
            self._waiting = None

    def _announce_to_people(
        self, stay: list[int], added: list[int], commit: bytes, welcome: bytes
    ) -> None:
        known = {*self.listeners, self._bot_id, *self._group.members}
        for user_id, listener in self.listeners.items():
            if user_id in added:
                listener.dave.welcome(welcome, known)
            elif user_id in stay:
                listener.dave.commit(commit, known)

    async def _announce_to_bot(
        self, stay: list[int], added: list[int], commit: bytes, welcome: bytes
    ) -> None:
        if self._bot is None or self._bot_id not in (*stay, *added):
            return
        assert self._ready is not None
        number = struct.pack(">H", self.transitions)
        if self._bot_id in added:
            self._bot.send_binary(WELCOME, number + welcome)
        else:
            self._bot.send_binary(ANNOUNCE_COMMIT, number + commit)
        since = await self._ready
        bot = self._bot_now()
        if bot is None:
            return  # it was gone before it could switch
        bot.send(EXECUTE_TRANSITION, {"transition_id": self.transitions})
        for user_id in added:
            if user_id in self.listeners:
                self.listeners[user_id].notice(since)

    def _bot_now(self) -> BotEnd | None:
        return self._bot  # another one than before an await
