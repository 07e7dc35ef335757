"""What Save on a sample's card does: a new voice, or another recording for one that is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import discord
from discord.utils import utcnow

from bot.client import Services
from bot.enrolment.types import EnrolmentSample
from bot.i18n import _
from bot.moderation import Enrolled
from bot.settings.permissions import Action
from cogs import cards
from cogs.moderation import tell
from cogs.permissions import require
from cogs.ui import Interaction, command_names
from cogs.voice_option import require_may_change
from storage.types import NewVoice, VoiceProfile


class Saving(Protocol):
    """What becomes of a sample."""

    @property
    def title(self) -> str:
        """The title of the card that asks."""

    async def check(self, interaction: Interaction) -> None:
        """Raise what would keep the sample from being saved.

        `InvalidNameError` and `NameTakenError` have the member asked for another name.
        """

    async def save(
        self, interaction: Interaction, sample: EnrolmentSample, name: str | None
    ) -> discord.Embed:
        """Store the sample, with the member's consent of now, and return what to show.

        name: what the member typed when asked for another name.
        """


@dataclass(frozen=True)
class AsNewVoice:
    """`/enroll`: the sample becomes a voice of its own."""

    services: Services
    voice: NewVoice

    @property
    def title(self) -> str:
        """The title of the card that asks."""
        return _("New voice {voice}").format(voice=cards.quoted(self.voice.name))

    async def check(self, interaction: Interaction) -> None:
        """Raise InvalidNameError, NameTakenError, or UserError if there is no room or no right."""
        await require(interaction, Action.ENROL)
        await self.services.enrolment.check_new(self.voice.guild_id, self.voice.name)

    async def save(
        self, interaction: Interaction, sample: EnrolmentSample, name: str | None
    ) -> discord.Embed:
        """Store the voice. Raises what `check` does."""
        voice = replace(
            self.voice,
            name=self.voice.name if name is None else name,
            consented_by=interaction.user.id,
            consented_at=utcnow(),
        )
        saved = await self.services.enrolment.save(sample, voice)
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

    async def check(self, interaction: Interaction) -> None:
        """Raise VoiceNotFoundError; UserError if the voice is not the member's to change now."""
        await require(interaction, Action.ENROL)
        require_may_change(interaction, await self.services.voices.get(self.voice.id))

    async def save(
        self, interaction: Interaction, sample: EnrolmentSample, name: str | None
    ) -> discord.Embed:
        """Replace the recording; all else about the voice stays. Raises VoiceNotFoundError."""
        replaced = await self.services.enrolment.replace(
            self.voice.id,
            sample,
            consented_by=interaction.user.id,
            consented_at=utcnow(),
            level="declared",
        )
        event = Enrolled(interaction.user.id, replaced.name, replaced=True)
        tell(interaction.client, replaced.guild_id, event)
        await self.services.watch.try_look()  # what waits is spoken with the new recording
        return cards.replaced_card(replaced, command_names(interaction))
