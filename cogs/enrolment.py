"""`/enroll` and "Make this my voice": a recording becomes a voice."""

from __future__ import annotations

from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.consent.live import LiveSample
from bot.consent.minimum import live_level, sentence_language
from bot.consent.proof import Proof
from bot.enrolment.types import EnrolmentLimits, EnrolmentSample, SampleRejectedError
from bot.errors import UserError
from bot.i18n import N_, _, error_text, locale
from bot.markup import literal, one_line
from bot.settings.permissions import Action
from cogs import cards, proofs
from cogs.attachments import download
from cogs.call import channel_of, player_in
from cogs.consent_cards import add_consent
from cogs.enrolment_card import EnrolmentCard
from cogs.live_card import LiveCard
from cogs.open_cards import OpenCards
from cogs.own_message import NameDialog, own_recording
from cogs.permissions import require
from cogs.saving import AsNewVoice, Saving, require_level
from cogs.tuning import LANGUAGE_CHOICES
from cogs.ui import Interaction, command_names, guild_of, services_of
from storage.names import MAX_NAME_LENGTH
from storage.types import NewVoice

_RESTARTING = N_("What I listen to recordings with is starting again, so this will take a while.")

_SOUND = ("audio/", "video/", "application/ogg", "application/octet-stream")


class Enrolment(commands.Cog):
    """Enrolling voices."""

    def __init__(self, bot: MynahBot) -> None:
        self._bot = bot
        self._enrolment, self._privacy = bot.services.enrolment, bot.services.privacy
        self._menu = app_commands.ContextMenu(name="Make this my voice", callback=self.make_mine)
        self._menu.guild_only = True
        self.cards = OpenCards()

    async def cog_load(self) -> None:
        """Add the menu, which no cog adds by itself; have samples dropped with members' data."""
        self._bot.tree.add_command(self._menu)
        self._forget_no_more = self._privacy.subscribe(self.cards.forget)

    async def cog_unload(self) -> None:
        """Close the cards: after a restart nobody would listen to their buttons."""
        self._forget_no_more()
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)
        await self.cards.clear(
            N_("I was restarted, so this card is forgotten. Use the command again.")
        )

    @app_commands.command(description="Make a voice: recorded live in the call, or from a file")
    @app_commands.guild_only()
    @app_commands.describe(
        name="What the voice is called on this server",
        sample="A recording as a file; leave it out to be recorded in your voice channel",
        language="The language that the speaker speaks",
    )
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def enroll(
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, MAX_NAME_LENGTH],
        sample: discord.Attachment | None = None,
        language: str | None = None,
    ) -> None:
        """Show what was heard; only the card's Save button stores it."""
        await self.take(interaction, sample, _new_voice(interaction, name, language))

    async def make_mine(self, interaction: Interaction, message: discord.Message) -> None:
        """Ask for the name of the voice that a voice message of the member's own becomes."""
        sample = own_recording(message, interaction.user.id, command_names(interaction)("enroll"))
        check_attachment(sample, self._enrolment.limits)
        await require(interaction, Action.ENROL)
        proof = proofs.own_message(interaction, message)
        await require_level(interaction, proof.level, "enroll")

        async def on_name(answered: Interaction, name: str, language: str | None) -> None:
            await self._listen(answered, sample, proof, _new_voice(answered, name, language))

        suggested = interaction.user.display_name
        await interaction.response.send_modal(NameDialog(suggested, on_name))

    async def take(
        self, interaction: Interaction, sample: discord.Attachment | None, saving: Saving
    ) -> None:
        """Answer with the card of a recording, or with one that records the member in the call.

        Raises UserError for what cannot be a recording, and what `saving` refuses.
        """
        if sample is None:
            await self._record(interaction, saving)
        else:
            await self._listen(interaction, sample, proofs.declared(interaction), saving)

    async def _listen(
        self, interaction: Interaction, sample: discord.Attachment, proof: Proof, saving: Saving
    ) -> None:
        check_attachment(sample, self._enrolment.limits)
        member = interaction.user.id
        with self._enrolment.turns.admit(member):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await saving.check(interaction, proof.level)
            await services_of(interaction).allowances.take_recording(
                guild_of(interaction), member, sample.size
            )
            if self._enrolment.restarting:
                await interaction.edit_original_response(content=f"-# {_(_RESTARTING)}")
            try:
                prepared = await self._enrolment.prepare(await download(sample), member)
            except SampleRejectedError as error:
                rejection = cards.rejection_card(error_text(error), error.report)
                await interaction.edit_original_response(
                    content=None, embed=rejection, attachments=[cards.picture(error.picture)]
                )
                return
        await self._show(interaction, prepared, proof, saving, live=False)

    async def _record(self, interaction: Interaction, saving: Saving) -> None:
        """Answer with the card that records the member in their voice channel."""
        channel = channel_of(interaction)
        settings = await services_of(interaction).settings.guild(guild_of(interaction))
        language = sentence_language(locale.get(), settings.minimum_level)
        await saving.check(interaction, live_level(language))
        await require(interaction, Action.ENROL, channel=channel)
        await player_in(channel, interaction)
        if not interaction.response.is_done():
            await interaction.response.defer(ephemeral=True, thinking=True)
        await self._ask(interaction, language, saving)

    async def _ask(self, interaction: Interaction, language: str, saving: Saving) -> None:
        card = LiveCard(interaction, saving, language, self._show_live, self.cards.remove)
        await card.edit(content=None, embeds=[card.embed()], attachments=[], view=card)
        await self.cards.add(card)

    async def _show_live(self, card: LiveCard, channel_id: int, live: LiveSample) -> None:
        guild_id, least = guild_of(card.origin), self._enrolment.least_similarity
        proof = proofs.recorded(guild_id, channel_id, card.asked, live, least)
        await self._show(card.origin, live.sample, proof, card.saving, live=True)

    async def _again(self, language: str, saving: Saving, interaction: Interaction) -> None:
        await interaction.response.defer()
        await self._ask(interaction, language, saving)

    async def _show(
        self,
        interaction: Interaction,
        sample: EnrolmentSample,
        proof: Proof,
        saving: Saving,
        *,
        live: bool,
    ) -> None:
        """Show the card that asks whether to save. live: it can be recorded again in its place."""
        again = partial(self._again, proof.evidence.language, saving) if live else None
        card = EnrolmentCard(interaction, sample, proof, saving, self.cards.remove, again)
        shown = add_consent(cards.sample_card(saving.title, sample.report), proof.evidence)
        await interaction.edit_original_response(
            content=None, embed=shown, attachments=[cards.picture(sample.picture)], view=card
        )
        await self.cards.add(card)


def _new_voice(interaction: Interaction, name: str, language: str | None) -> AsNewVoice:
    voice = NewVoice(
        guild_id=guild_of(interaction), name=name, language=language, owner_id=interaction.user.id
    )
    return AsNewVoice(services_of(interaction), voice)


def check_attachment(sample: discord.Attachment, limits: EnrolmentLimits) -> None:
    """Refuse what cannot be a recording before it is downloaded. Raises UserError."""
    kind = sample.content_type
    if kind and not kind.startswith(_SOUND):
        raise UserError(
            _(
                "That file is no recording ({kind}). Send a voice message, or an audio file such "
                "as m4a, mp3, ogg or wav."
            ).format(kind=literal(one_line(kind.partition(";")[0])))
        )
    limits.check_size(sample.size)


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Enrolment(bot))
