"""The card on which a member decides whether a sample becomes a voice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.command_tree import answer, voice_request_text
from bot.consent.evidence import Evidence
from bot.consent.proof import Proof
from bot.enrolment.types import EnrolmentSample
from bot.errors import UserError
from bot.i18n import N_, _, in_locale
from cogs.proofs import AGREE
from cogs.saving import Saving
from cogs.ui import Interaction
from cogs.views import MynahModal, OwnedView
from storage.errors import InvalidNameError, NameTakenError, VoiceNotFoundError
from storage.names import MAX_NAME_LENGTH

EXPIRED = N_("This card has expired and the sample is forgotten. Use the command again.")
FORGOTTEN = N_("This sample is forgotten. Use the command again.")
DELETED = N_("The voice was deleted meanwhile, so this sample is forgotten. Nothing was stored.")

_MAX_LABEL_DESCRIPTION = 100  # characters; Discord's limit


class EnrolmentCard(OwnedView):
    """Holds a sample until it is saved, discarded or forgotten; nothing is stored before.

    proof: what shows that the speaker agrees. again: records anew instead; None where nothing can.
    """

    def __init__(
        self,
        interaction: Interaction,
        sample: EnrolmentSample,
        proof: Proof,
        saving: Saving,
        on_close: Callable[[EnrolmentCard], None],
        again: Callable[[Interaction], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(interaction)
        self._sample: EnrolmentSample | None = sample
        self._proof = proof
        self._purpose = saving
        self._again = again
        if again is None:
            self.remove_item(self.record_again)
        self._on_close = on_close
        self._saving = False
        self._dialog: _NameModal | None = None

    @property
    def is_open(self) -> bool:
        """Whether the sample is there still."""
        return self._sample is not None

    @property
    def member_id(self) -> int:
        """The Discord user id of the member who enrols."""
        return self.origin.user.id

    @discord.ui.button(
        label=AGREE,
        style=discord.ButtonStyle.success,
    )
    async def save(
        self, interaction: Interaction, button: discord.ui.Button[EnrolmentCard]
    ) -> None:
        """Store the sample, or ask for another name first."""
        try:
            require_one_speaker(self._proof.evidence)
            await self._purpose.check(interaction, self._proof.level)
        except (InvalidNameError, NameTakenError) as error:
            await self._ask_name(interaction, voice_request_text(error))
            return
        except VoiceNotFoundError:
            await interaction.response.defer()
            await self.forget(DELETED)
            return
        await self.store(interaction)

    @discord.ui.button(label=N_("Discard"), style=discord.ButtonStyle.secondary)
    async def discard(
        self, interaction: Interaction, button: discord.ui.Button[EnrolmentCard]
    ) -> None:
        """Forget the sample."""
        await interaction.response.defer()
        if not self._saving:
            await self.forget(N_("Discarded. Nothing was stored."))

    @discord.ui.button(label=N_("Record again"), style=discord.ButtonStyle.secondary)
    async def record_again(
        self, interaction: Interaction, button: discord.ui.Button[EnrolmentCard]
    ) -> None:
        """Forget the sample and show a new sentence in its place."""
        if self._again is not None and self.is_open and not self._saving:
            self._close()
            await self._again(interaction)

    async def store(self, interaction: Interaction, name: str | None = None) -> None:
        """Store the sample once, however often it is asked for. Raises what `save` raises."""
        await interaction.response.defer()
        sample = self._sample
        if sample is None or self._saving:
            return
        self._saving = True
        try:
            saved = await self._purpose.save(interaction, sample, self._proof, name)
        except Exception:
            if self.is_finished():  # it expired meanwhile: Save cannot be pressed again
                await self.forget(EXPIRED)
            raise
        finally:
            self._saving = False
        self._close()
        await self.edit(embed=saved, attachments=[], view=None)

    async def forget(self, text: str) -> None:
        """Drop the sample and say why, by a text of the catalogues, in its member's language."""
        self._close()
        with in_locale(self.locale):
            told = _(text)
        await self.edit(content=told, embed=None, attachments=[], view=None)

    async def on_timeout(self) -> None:
        """Forget the sample while the card can still say so."""
        if not self._saving and self.is_open:
            await self.forget(EXPIRED)

    async def _ask_name(self, interaction: Interaction, problem: str) -> None:
        if self._dialog is not None:
            self._dialog.stop()  # a client shows one at a time; discord.py keeps all
        self._dialog = _NameModal(self, problem, self.remaining())
        await interaction.response.send_modal(self._dialog)

    def _close(self) -> None:
        self._sample = None
        self.stop()
        self._on_close(self)


def require_one_speaker(evidence: Evidence) -> None:
    """Raise UserError where sentence and sample were found to be of two speakers."""
    alike, least = evidence.similarity, evidence.threshold
    if alike is not None and least is not None and alike < least:
        raise UserError(
            _(
                "The sentence and the rest of the recording sound like two different people "
                "({similarity:.2f}; at least {least:.2f} is needed), so this cannot be saved. "
                "Record again alone, and speak both in the same way."
            ).format(similarity=alike, least=least)
        )


class _NameModal(MynahModal, title=N_("Choose another name")):
    """Asks for another name; the card and its sample stay.

    It outlives a card that is closed, to say so, but not the time that the card had.
    """

    def __init__(self, card: EnrolmentCard, problem: str, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._card = card
        self._name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="name", min_length=1, max_length=MAX_NAME_LENGTH
        )
        description = problem[:_MAX_LABEL_DESCRIPTION]
        self.add_item(
            discord.ui.Label(text=_("Name"), description=description, component=self._name)
        )

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Store the voice under the new name; if it will not do either, Save asks again."""
        if self._card.is_open:
            await self._card.store(interaction, self._name.value)
        else:
            await answer(interaction, _(FORGOTTEN))
