"""What the card of a voice says about who may speak as it."""

from __future__ import annotations

from bot.i18n import _
from cogs.access_words import member_mentions, pause_text, reach_text, role_mentions
from cogs.permissions import voice_refusal
from cogs.settings.controls import cut
from cogs.ui import Interaction, bot_of, command_names, guild_of, services_of
from cogs.voice_option import may_change
from storage.access import VoiceAccess
from storage.types import VoiceProfile

MAX_FIELD = 1024
MOST_NAMED = 15
"""Members and roles that the card names, each."""


async def access_field(interaction: Interaction, voice: VoiceProfile) -> dict[str, str]:
    """Return a field of a card: all of it for who may change the voice, else whether one may.

    Raises StorageError.
    """
    access = (await services_of(interaction).reach.access_of([voice.id])).get(voice.id)
    refused = await voice_refusal(interaction, voice)
    own = refused or _("You may.")
    texts = [own]
    if access is not None and may_change(interaction, voice):
        texts = [_whole(interaction, access), pause_text(access), own]
        share = command_names(interaction)("voice share")
        texts.append(_("{share} shows all, and changes it.").format(share=share))
    text = "\n".join(filter(None, texts))
    return {"name": _("Who may speak as it"), "value": cut(text, MAX_FIELD)}


def _whole(interaction: Interaction, access: VoiceAccess) -> str:
    lines = [reach_text(access)]
    if access.owner is not None and access.reach == "named":
        guild = bot_of(interaction).get_guild(guild_of(interaction))
        members, roles = sorted(access.members)[:MOST_NAMED], sorted(access.roles)[:MOST_NAMED]
        lines += [member_mentions(members), role_mentions(guild, roles)]
    if access.owner == interaction.user.id and access.blocked:
        blocks = command_names(interaction)("voice blocks")
        lines.append(_("{blocks} shows whom you blocked.").format(blocks=blocks))
    return "\n".join(filter(None, lines))
