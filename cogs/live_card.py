"""The card on which a member is recorded in the call: asked, listening, looking at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Protocol

import discord

from bot.command_tree import answer_error
from bot.consent.challenge import draw
from bot.consent.live import Asked, LiveSample
from bot.consent.minimum import live_level
from bot.consent.packets import RecordedSpeech
from bot.consent.recognition import LANGUAGE as RECOGNISED
from bot.consent.recognition import can_check
from bot.consent.recording import (
    REASONS,
    LiveRecording,
    RecordingEnd,
    RecordingLimits,
    RecordingResult,
)
from bot.consent.sentence import sentence
from bot.enrolment.types import SampleRejectedError
from bot.errors import UserError
from bot.i18n import N_, _, error_text, in_locale
from bot.settings.permissions import Action
from cogs import cards, consent_cards
from cogs.call import channel_of, player_in
from cogs.permissions import require
from cogs.saving import Saving
from cogs.ui import Interaction, guild_of, services_of
from cogs.views import OwnedView

BAR_SECONDS = 1.5
"""Between two movements of the bar: Discord allows five edits in five seconds, for all answers in a
channel."""

EXPIRED = N_("This card has expired. Use the command again.")
_NEW_WORDS = N_(
    "The words were too old, so here are new ones. Press Start recording when you have read them."
)


class Shown(Protocol):
    """What becomes of a live sample: its card takes this one's place."""

    async def __call__(self, card: LiveCard, channel_id: int, live: LiveSample) -> None:
        """Show the sample's card as an answer to the card's `origin`."""


class LiveCard(OwnedView):
    """Asks for a sentence, records the member who asked, and hands over to the sample's card.

    Nothing is kept unless the recording ends by Stop or by its time, and then only until the
    sample's card is closed.
    """

    def __init__(
        self,
        interaction: Interaction,
        saving: Saving,
        language: str,
        on_sample: Shown,
        on_close: Callable[[LiveCard], None],
    ) -> None:
        super().__init__(interaction)
        self.saving = saving
        self.language = language
        self._on_sample = on_sample
        self._on_close = on_close
        self._recording: LiveRecording | None = None
        self._work: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = self._starting = False
        self.asked = self._ask()
        self._show_items(*self._before)

    @property
    def member_id(self) -> int:
        """The Discord user id of the member who enrols."""
        return self.origin.user.id

    @property
    def _before(self) -> tuple[discord.ui.Item[LiveCard], ...]:
        """The buttons before a recording."""
        other = can_check(RECOGNISED) and not can_check(self.language)
        return (self.start, *((self.in_english,) if other else ()), self.cancel)

    def embed(self, problem: str = "") -> discord.Embed:
        """Return the card before a recording. problem: why the last one came to nothing."""
        seconds = RecordingLimits().seconds
        return consent_cards.asked_card(self.saving.title, self.asked, seconds, problem)

    @discord.ui.button(label=N_("Start recording"), style=discord.ButtonStyle.success)
    async def start(self, interaction: Interaction, button: discord.ui.Button[LiveCard]) -> None:
        """Hear the member, from now on."""
        await interaction.response.defer()
        if self._starting or self._recording is not None:
            return
        self._starting = True
        try:
            await self.saving.check(interaction, live_level(self.language))
            if self.asked.challenge.expired():
                await self._ask_anew(_(_NEW_WORDS))
                return
            recording, channel_id = await _begin(interaction)
        finally:
            self._starting = False
        if self._closed:
            recording.cancel()
            return
        self.renew(interaction)
        self._follow(recording, channel_id)

    @discord.ui.button(label=N_("In English"), style=discord.ButtonStyle.secondary)
    async def in_english(
        self, interaction: Interaction, button: discord.ui.Button[LiveCard]
    ) -> None:
        """Show the sentence in the language whose words are recognised."""
        await interaction.response.defer()
        if not self._starting and self._recording is None:
            self.language = RECOGNISED
            await self._ask_anew()

    @discord.ui.button(label=N_("Stop"), style=discord.ButtonStyle.primary)
    async def stop_recording(
        self, interaction: Interaction, button: discord.ui.Button[LiveCard]
    ) -> None:
        """End the recording and look at it."""
        await interaction.response.defer()
        if self._recording is not None:
            self._recording.stop()

    @discord.ui.button(label=N_("Cancel"), style=discord.ButtonStyle.secondary)
    async def cancel(self, interaction: Interaction, button: discord.ui.Button[LiveCard]) -> None:
        """End the recording, if there is one, and keep nothing."""
        await interaction.response.defer()
        await self.forget(REASONS[RecordingEnd.CANCELLED])

    async def forget(self, text: str) -> None:
        """Close the card, keep nothing, and say why: a text of the catalogues."""
        if self._closed:
            return
        self.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._recording is not None:
            self._recording.cancel()
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])
        with in_locale(self.locale):
            told = _(text)
        await self.edit(content=told, embed=None, attachments=[], view=None)

    def close(self) -> None:
        """Take no more presses: another card takes this one's place, or none does."""
        self._closed = True
        self.stop()
        self._on_close(self)

    async def on_timeout(self) -> None:
        """Say that the card is dead while it still can be said."""
        await self.forget(EXPIRED)

    def _follow(self, recording: LiveRecording, channel_id: int) -> None:
        """Move the bar until the recording has ended, then look at it."""
        self._recording = recording
        self._show_items(self.stop_recording, self.cancel)
        self._begin_work(self._move_bar(recording))
        recording.ended.add_done_callback(
            lambda ended: self._begin_work(self._end(ended.result(), channel_id, self._work))
        )

    def _begin_work(self, work: Coroutine[None, None, None]) -> None:
        self._work = asyncio.create_task(work)

    async def _move_bar(self, recording: LiveRecording) -> None:
        card = consent_cards.recording_card(self.saving.title, self.asked, recording)
        await self.edit(content=None, embed=card, attachments=[], view=self)
        if not recording.ended.done():
            self._timer = asyncio.get_running_loop().call_later(
                BAR_SECONDS, lambda: self._begin_work(self._move_bar(recording))
            )

    async def _end(
        self, result: RecordingResult, channel_id: int, before: asyncio.Task[None] | None
    ) -> None:
        """Show what a recording came to. before: what is being shown, and must not come after."""
        self._recording = None
        if self._timer is not None:
            self._timer.cancel()
        if before is not None:
            await asyncio.wait([before])
        if self._closed:
            return
        try:
            if result.speech is None:
                await self._ask_anew(_(REASONS[result.end]))
            else:
                await self._look(result.speech, channel_id)
        except Exception as error:
            await self._ask_anew()
            await answer_error(self.origin, error)
        finally:
            self._work = None

    async def _look(self, speech: RecordedSpeech, channel_id: int) -> None:
        self._show_items(self.cancel)
        await self.edit(embed=consent_cards.working_card(self.saving.title), view=self)
        enrolment = services_of(self.origin).enrolment
        try:
            live = await enrolment.prepare_live(speech, self.asked, self.member_id)
        except SampleRejectedError as error:
            await self._ask_anew(rejected=error)
        except UserError as error:
            await self._ask_anew(error_text(error))
        else:
            self.close()
            await self._on_sample(self, channel_id, live)

    async def _ask_anew(
        self, problem: str = "", rejected: SampleRejectedError | None = None
    ) -> None:
        """Show a new sentence, and why the last recording came to nothing."""
        self.asked = self._ask()
        if self._closed:
            return
        self._show_items(*self._before)
        embeds, files = [self.embed(problem)], list[discord.File]()
        if rejected is not None:
            embeds.insert(0, cards.rejection_card(error_text(rejected), rejected.report))
            files = [cards.picture(rejected.picture)]
        await self.edit(content=None, embeds=embeds, attachments=files, view=self)

    def _ask(self) -> Asked:
        challenge = draw()
        with in_locale(self.language):
            text = sentence(self.origin.user.display_name, challenge.words)
        return Asked(text, self.language, challenge)

    def _show_items(self, *items: discord.ui.Item[LiveCard]) -> None:
        self.clear_items()
        for item in items:
            self.add_item(item)


async def _begin(interaction: Interaction) -> tuple[LiveRecording, int]:
    """Be called into the member's channel, if need be, and begin to hear them."""
    channel = channel_of(interaction)
    await require(interaction, Action.ENROL, channel=channel)
    player = await player_in(channel, interaction)
    await services_of(interaction).allowances.take_recording(
        guild_of(interaction), interaction.user.id, size=0
    )
    return await player.record(interaction.user.id), channel.id
