"""Interactions: what a person started, how the bot answered, and the rules for answering."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from enum import IntEnum

from .cdn import Upload
from .errors import ApiError, Violation, invalid_form, unknown
from .ids import Clock, snowflake, wait_until
from .limits import check_choices, check_message, check_modal
from .messages import EPHEMERAL, Message
from .model import Channel, Payload, User
from .state import World

NEVER_ACKNOWLEDGED = "interaction never acknowledged"
ACKNOWLEDGE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0
_LOADING = 1 << 7


class Kind(IntEnum):
    """Types of interaction."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Reply(IntEnum):
    """Types of first response."""

    MESSAGE = 4
    DEFER = 5
    DEFER_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


_ALLOWED = {
    Kind.COMMAND: {Reply.MESSAGE, Reply.DEFER, Reply.MODAL},
    Kind.COMPONENT: set(Reply) - {Reply.CHOICES},
    Kind.AUTOCOMPLETE: {Reply.CHOICES},
    Kind.MODAL: set(Reply) - {Reply.CHOICES, Reply.MODAL},
}


class Interaction:
    """One action of a person and every answer to it, as that person sees them."""

    def __init__(
        self, kind: Kind, user: User, channel: Channel, started: float, source: Message | None
    ) -> None:
        self.id = snowflake()
        self.token = secrets.token_hex(16)
        self.kind = kind
        self.user = user
        self.channel = channel
        self.source = source
        self.started = started
        self.started_at = time.monotonic()
        self.reply: Reply | None = None
        self.acknowledged_after: float | None = None
        self.settled = False  # its failure is on record already
        self.original: Message | None = None
        self.followups: list[Message] = []
        self.modal: Payload | None = None
        self.choices: list[Payload] | None = None

    @property
    def message(self) -> Message | None:
        """The answer to the action, or None while the bot "is thinking" or shows none."""
        loading = self.original is not None and self.original.flags & _LOADING
        return None if loading else self.original

    @property
    def messages(self) -> list[Message]:
        """Every message of the answer that is still there."""
        answers = [] if self.message is None else [self.message]
        return [m for m in [*answers, *self.followups] if not m.deleted]

    async def acknowledged(self, within: float = ACKNOWLEDGE_SECONDS + 0.5) -> Interaction:
        """Wait for the first response."""
        await self.until(lambda i: i.reply is not None, within, "acknowledgement")
        return self

    async def answered(self, within: float = 10.0) -> Message:
        """Wait for the answer proper (not the "thinking") and return it."""
        await self.until(lambda i: i.message is not None, within, "answer")
        assert self.message is not None
        return self.message

    async def followed_up(self, count: int = 1, within: float = 10.0) -> list[Message]:
        """Wait for `count` follow-up messages and return all of them."""
        await self.until(lambda i: len(i.followups) >= count, within, "follow-up")
        return self.followups

    async def until(
        self,
        condition: Callable[[Interaction], object],
        within: float = 10.0,
        what: str = "answer",
    ) -> None:
        """Wait until `condition(self)` holds."""
        await wait_until(lambda: condition(self), within, f"the bot's {what}")

    def metadata(self) -> Payload:
        """Return what a message says about the interaction that caused it."""
        owners = {"0": str(self.channel.guild_id)}
        return {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.user.payload(),
            "authorizing_integration_owners": owners,
        }


class Interactions:
    """Every interaction of the run, and the rules by which they are answered."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self.all: list[Interaction] = []

    def start(
        self, kind: Kind, user: User, channel: Channel, source: Message | None = None
    ) -> Interaction:
        """Register an interaction; its token is valid from now on."""
        interaction = Interaction(kind, user, channel, self._clock.now(), source)
        self.all.append(interaction)
        return interaction

    def unanswered(self) -> list[Violation]:
        """Return a violation for each interaction that never got a first response."""
        silent = [i for i in self.all if i.reply is None and not i.settled]
        return [Violation(NEVER_ACKNOWLEDGED, i.kind.name) for i in silent]

    def forgive_unanswered(self) -> None:
        """Take it as expected that those so far were never acknowledged."""
        for interaction in self.all:
            interaction.settled = True

    def respond(self, token: str, body: Payload, uploads: Sequence[Upload]) -> Interaction:
        """Take the first response. Raises Discord's refusal when it is late or the second."""
        interaction = self._find(token)
        if interaction is None:
            raise unknown("interaction", 10062)
        age = self._clock.now() - interaction.started
        if age > ACKNOWLEDGE_SECONDS:
            interaction.settled = True
            self._blame("interaction acknowledged late", f"after {age:.2f} s")
            raise unknown("interaction", 10062)
        if interaction.reply is not None:
            self._blame("interaction acknowledged twice", interaction.reply.name)
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        reply = Reply(body["type"])
        if reply not in _ALLOWED[interaction.kind]:
            raise invalid_form("type", f"{reply.name} cannot answer {interaction.kind.name}")
        self._take(interaction, reply, body.get("data") or {}, uploads)
        interaction.acknowledged_after = age
        interaction.reply = reply
        return interaction

    def by_token(self, token: str) -> Interaction:
        """Return the interaction for later answers. Raises when the token is of no use."""
        interaction = self._find(token)
        if interaction is None or interaction.reply is None:
            raise unknown("Webhook", 10015)
        if self._clock.now() - interaction.started > TOKEN_SECONDS:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return interaction

    def follow_up(
        self, interaction: Interaction, body: Payload, uploads: Sequence[Upload]
    ) -> Message:
        """Add a message; the first one after a deferral takes the place of the "thinking"."""
        check_message(body, uploads, new=True)
        original = interaction.original
        if original is not None and original.flags & _LOADING:
            self.edit(original, body, uploads)
            return original
        message = self._post(interaction, body, uploads)
        interaction.followups.append(message)
        return message

    def edit(self, message: Message, body: Payload, uploads: Sequence[Upload]) -> None:
        """Edit an answer; the "thinking" ends with it."""
        check_message(body, uploads, new=False)
        message.flags &= ~_LOADING
        self._world.edit(message, body, uploads)

    def delete(self, message: Message) -> None:
        """Delete an answer."""
        self._world.delete(message)

    def _take(
        self, interaction: Interaction, reply: Reply, data: Payload, uploads: Sequence[Upload]
    ) -> None:
        if reply is Reply.CHOICES:
            check_choices(data["choices"])
            interaction.choices = data["choices"]
        elif reply is Reply.MODAL:
            check_modal(data)
            interaction.modal = data
        elif reply in (Reply.UPDATE, Reply.DEFER_UPDATE):
            self._take_update(interaction, reply, data, uploads)
        else:
            self._take_message(interaction, reply, data, uploads)

    def _take_update(
        self, interaction: Interaction, reply: Reply, data: Payload, uploads: Sequence[Upload]
    ) -> None:
        if interaction.source is None:
            raise invalid_form("type", "there is no message to update")
        interaction.original = interaction.source
        if reply is Reply.UPDATE:
            self.edit(interaction.source, data, uploads)

    def _take_message(
        self, interaction: Interaction, reply: Reply, data: Payload, uploads: Sequence[Upload]
    ) -> None:
        if reply is Reply.DEFER:
            data = {"flags": int(data.get("flags") or 0) & EPHEMERAL | _LOADING}
        else:
            check_message(data, uploads, new=True)
        interaction.original = self._post(interaction, data, uploads)

    def _post(self, interaction: Interaction, body: Payload, uploads: Sequence[Upload]) -> Message:
        return self._world.post(
            self._world.bot,
            interaction.channel,
            body,
            uploads,
            interaction=interaction.metadata(),
            seen_by=interaction.user.id,
        )

    def _find(self, token: str) -> Interaction | None:
        return next((i for i in reversed(self.all) if i.token == token), None)

    def _blame(self, kind: str, detail: str) -> None:
        self._world.violations.append(Violation(kind, detail))
