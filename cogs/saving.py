"""What Save on a sample's card does: a new voice, or another recording for one that is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import discord
from discord.utils import utcnow

from bot.consent.minimum import shortfall
from bot.consent.proof import Proof
from bot.enrolment.types import EnrolmentSample
from bot.errors import UserError
from bot.i18n import _
from bot.moderation import Enrolled
from bot.services import Services
from bot.settings.permissions import Action
from cogs import cards
from cogs.moderation import tell
from cogs.permissions import require
from cogs.ui import Interaction, command_names, guild_of, services_of
from cogs.voice_option import require_own
from storage.types import Level, NewVoice, VoiceProfile


class Saving(Protocol):
    """What becomes of a sample."""

    @property
    def title(self) -> str:
        """The title of the card that asks."""

    @property
    def command(self) -> str:
        """The command that records live for the same purpose."""

    async def check(self, interaction: Interaction, level: Level) -> None:
        """Raise what would keep a sample of that level from being saved.

        `InvalidNameError` and `NameTakenError` have the member asked for another name.
        """

    async def save(
        self, interaction: Interaction, sample: EnrolmentSample, proof: Proof, name: str | None
    ) -> discord.Embed:
        """Store the sample, with the member's consent of now, and return what to show.

        name: what the member typed when asked for another name.
        """


async def require_level(interaction: Interaction, level: Level, live: str) -> None:
    """Raise UserError unless the server takes voices of a level; it says which ways are left.

    live: the command that records live for the same purpose. Raises StorageError.
    """
    settings = await services_of(interaction).settings.guild(guild_of(interaction))
    lacking = shortfall(level, settings.minimum_level, command_names(interaction), live)
    if lacking is not None:
        raise UserError(lacking)


@dataclass(frozen=True)
class AsNewVoice:
    """`/enroll`: the sample becomes a voice of its own."""

    services: Services
    voice: NewVoice

    @property
    def title(self) -> str:
        """The title of the card that asks."""
        return _("New voice {voice}").format(voice=cards.quoted(self.voice.name))

    @property
    def command(self) -> str:
        """The command that records live for the same purpose."""
        return "enroll"

    async def check(self, interaction: Interaction, level: Level) -> None:
        """Raise InvalidNameError, NameTakenError, or UserError if there is no room or no right."""
        await require(interaction, Action.ENROL)
        await require_level(interaction, level, self.command)
        await self.services.enrolment.check_new(
            self.voice.guild_id, self.voice.name, self.voice.owner_id
        )

    async def save(
        self, interaction: Interaction, sample: EnrolmentSample, proof: Proof, name: str | None
    ) -> discord.Embed:
        """Store the voice. Raises what `check` does."""
        await require(interaction, Action.ENROL)  # a dialog may have been open for long
        await require_level(interaction, proof.level, self.command)
        now = utcnow()
        voice = replace(
            self.voice,
            name=self.voice.name if name is None else name,
            consented_by=interaction.user.id,
            consented_at=now,
            level=proof.level,
            reach=(await self.services.settings.guild(self.voice.guild_id)).default_reach,
        )
        consent = proof.consent(interaction.user.id, now)
        saved = await self.services.enrolment.save(sample, voice, consent)
        tell(interaction.client, saved.guild_id, Enrolled(interaction.user.id, saved.name))
        return cards.saved_card(saved, command_names(interaction))


@dataclass(frozen=True)
class AsReplacement:
    """`/voice replace`: the sample becomes the recording of a voice that is there."""

    services: Services
    voice: VoiceProfile

    @property
    def title(self) -> str:
        """The title of the card that asks."""
        return _("Another recording for {voice}").format(voice=cards.quoted(self.voice.name))

    @property
    def command(self) -> str:
        """The command that records live for the same purpose."""
        return "voice replace"

    async def check(self, interaction: Interaction, level: Level) -> None:
        """Raise VoiceNotFoundError; UserError if the voice is not the member's own now."""
        await require(interaction, Action.ENROL)
        await require_level(interaction, level, self.command)
        voice = await self.services.voices.get(self.voice.id)
        require_own(interaction, voice)
        await self.services.enrolment.check_replacement(voice, interaction.user.id)

    async def save(
        self, interaction: Interaction, sample: EnrolmentSample, proof: Proof, name: str | None
    ) -> discord.Embed:
        """Replace the recording; all else about the voice stays. Raises VoiceNotFoundError."""
        now = utcnow()
        replaced = await self.services.enrolment.replace(
            self.voice.id,
            sample,
            consented_by=interaction.user.id,
            consented_at=now,
            level=proof.level,
            consent=proof.consent(interaction.user.id, now),
        )
        event = Enrolled(interaction.user.id, replaced.name, replaced=True)
        tell(interaction.client, replaced.guild_id, event)
        await self.services.watch.try_look()  # what waits is spoken with the new recording
        return cards.replaced_card(replaced, command_names(interaction))
