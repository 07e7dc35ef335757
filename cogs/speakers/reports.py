"""A report of who spoke: checked, written into the audit trail, brought to the moderators."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import discord

from bot.audit.events import Reported
from bot.command_mentions import CommandNames
from bot.command_tree import UNDELIVERED
from bot.errors import UserError
from bot.i18n import _, in_locale, server_locale
from bot.report_limits import already_reported
from bot.services import Services
from bot.settings.guild import GuildSettings
from cogs.moderation import SEND_SECONDS, moderation_channel, problem_of
from cogs.speakers.report_text import Report, report_text
from cogs.ui import Interaction, bot_of, command_names, services_of
from storage.audit_reading import AuditFilter
from storage.audit_rows import SPOKEN, AuditRow
from storage.errors import VoiceNotFoundError
from storage.types import OPERATOR_GUILD_ID, Consent, VoiceProfile

MOST_ROWS = 100
"""Of the audit trail, that are looked through for what is told or was reported."""

EARLIER_SECONDS = 2.0
"""A line is dated when its text begins to be heard; clocks round."""


@dataclass(frozen=True, slots=True)
class ReportedLine:
    """Which line is reported. member_id, voice_id, at, webhook: see `Speaking`."""

    guild_id: int
    voice_id: int
    member_id: int
    at: int
    webhook: bool

    @property
    def custom_id(self) -> str:
        """The button's id; at most 86 characters, of Discord's 100."""
        webhook = int(self.webhook)
        return f"report:{self.guild_id}:{self.voice_id}:{self.member_id}:{self.at}:{webhook}"

    @property
    def speaker(self) -> tuple[int, ...]:
        """The member who spoke; none for a webhook."""
        return () if self.webhook else (self.member_id,)


async def check_report(
    interaction: Interaction, line: ReportedLine, message: discord.Message
) -> VoiceProfile | None:
    """Return the voice of a line that is to be reported, None if it was deleted since.

    Raises UserError where the ids are not such as the bot wrote under a line of this server, and
    where the member has reported it; StorageError.
    """
    services = services_of(interaction)
    _require_own(interaction, line, message)
    voice = await _voice(services, line.voice_id)
    if voice is not None and voice.guild_id not in (OPERATOR_GUILD_ID, line.guild_id):
        raise _forged()
    which = AuditFilter(interaction.user.id, line.voice_id, Reported.kind)
    rows = await services.audit.reader.page(line.guild_id, which, MOST_ROWS)
    if any(_is_of(row, interaction.user.id, line) for row in rows):
        raise UserError(already_reported())
    return voice


def _require_own(interaction: Interaction, line: ReportedLine, message: discord.Message) -> None:
    bot = bot_of(interaction).user
    own = bot is not None and message.author.id == bot.id
    stored = max(line.voice_id, line.member_id) < 2**63  # as large as a column can be
    if line.guild_id != interaction.guild_id or not own or not stored:
        raise _forged()


def _forged() -> UserError:
    return UserError(_("This button is not of this server, so it reports nothing."))


def _is_of(row: AuditRow, reporter_id: int, line: ReportedLine) -> bool:
    speaker = tuple(row.members.get("speaker", ()))
    return (row.actor, speaker, row.data.get("line")) == (reporter_id, line.speaker, line.at)


async def report(
    interaction: Interaction, line: ReportedLine, message: discord.Message, reason: str
) -> str:
    """Report a line, and return what the member is told. Raises as `check_report`, BusyError."""
    services, member = services_of(interaction), interaction.user.id
    with services.reports.admit(line.guild_id, member, line):
        voice = await check_report(interaction, line, message)
        found = Report(
            reporter_id=member,
            speaker=_("a webhook") if line.webhook else f"<@{line.member_id}>",
            url=message.jump_url,
            reason=reason,
            voice=voice,
            consent=await _consent(services, voice),
            utterances=await _utterances(services, line),
        )
        event = Reported(
            by=member,
            voice_id=line.voice_id,
            owner_id=voice.owner_id if voice is not None else None,
            voice=voice.name if voice is not None else None,
            speaker=line.speaker,
            line=line.at,
            text=reason,
        )
        await services.audit.record(line.guild_id, event)
        problem = await _tell_moderators(interaction, found)
    return _answer(problem, voice, member, command_names(interaction))


async def _voice(services: Services, voice_id: int) -> VoiceProfile | None:
    try:
        return await services.voices.get(voice_id)
    except VoiceNotFoundError:
        return None


async def _consent(services: Services, voice: VoiceProfile | None) -> Consent | None:
    if voice is None:
        return None
    return await services.voices.consent_of(voice.id, voice.clip_sha256)


async def _utterances(services: Services, line: ReportedLine) -> list[AuditRow]:
    """Return what was spoken in the voice by whom the line names, since then."""
    await services.audit.flush()
    speaker = None if line.webhook else line.member_id
    which = AuditFilter(speaker, line.voice_id, SPOKEN)
    rows = await services.audit.reader.page(line.guild_id, which, MOST_ROWS)
    since = line.at - EARLIER_SECONDS
    return [row for row in rows if row.actor == speaker and row.at.timestamp() >= since]


async def _tell_moderators(interaction: Interaction, found: Report) -> str | None:
    """Write in the moderation channel; return why that cannot be done, if so."""
    guild = interaction.guild
    assert guild is not None, "the lines exist in guilds alone"
    settings = await services_of(interaction).settings.guild(guild.id)
    channel, problem = moderation_channel(guild, settings), problem_of(guild, settings)
    if channel is None or problem is not None:
        return problem or _("This server has no moderation channel.")
    text = _in_servers_language(guild, settings, found)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await channel.send(
                text, allowed_mentions=discord.AllowedMentions.none(), suppress_embeds=True
            )
    except UNDELIVERED:
        return _("The moderation channel could not be written in.")
    return None


def _in_servers_language(guild: discord.Guild, settings: GuildSettings, found: Report) -> str:
    with in_locale(server_locale(settings.locale, guild.preferred_locale)):
        return report_text(found)


def _answer(
    problem: str | None, voice: VoiceProfile | None, member_id: int, command: CommandNames
) -> str:
    texts = [_("Reported: the moderators of this server see who spoke, in whose voice, and when.")]
    if problem is not None:
        unseen = _(
            "It is written down, but nobody was told: {problem} Tell somebody with the permission "
            "Manage Server; {audit} shows it to them."
        )
        texts = [unseen.format(problem=problem, audit=command("audit"))]
    if voice is not None and voice.owner_id == member_id:
        own = _("It is your voice: {pause} stops it at once, {block} keeps somebody from it.")
        texts.append(own.format(pause=command("voice pause"), block=command("voice block")))
    return " ".join(texts)
