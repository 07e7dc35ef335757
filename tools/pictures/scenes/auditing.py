"""`/audit`."""

from __future__ import annotations

import asyncio

from bot.audit.events import Spoken
from cogs.audit_pages import AuditPages
from storage.audit_reading import AuditFilter
from tools.pictures.scene import ANSWER_SECONDS, BOTH, Act, scene
from tools.pictures.scenes.sharing import SHARE
from tools.pictures.scenes.voices import enrolled

AUDIT, PAUSE, RESUME = "audit", "voice pause", "voice resume"


async def live(act: Act) -> None:
    """Have some things happen on the server."""
    await enrolled(act)
    panel = await act.ask(act.ada, SHARE, voice="Ada")
    await act.choose(act.ada, panel, "named", custom_id="reach")
    await act.pick(act.ada, panel, [act.ben.member], custom_id="members")
    await act.ask(act.mo, PAUSE, voice="Ada")
    await act.stage.world.settings.change_guild(
        act.guild.id, "name_speakers", "always", changed_by=act.mo.id
    )
    await act.ask(act.mo, RESUME, voice="Ada")
    await act.ben.join_voice()
    await act.ask(act.ben, "say", text="Good morning, everyone.", voice="Ada")
    await spoken(act)
    await act.ask(act.ben, "say", text="The train leaves at seven.", voice="Ada", file=True)


async def spoken(act: Act) -> None:
    """Wait until what was said is written down."""
    trail, which = act.stage.world.audit, AuditFilter(kind=Spoken.kind)
    async with asyncio.timeout(ANSWER_SECONDS):
        while not await trail.reader.count(act.guild.id, which):
            await asyncio.sleep(0.05)
            await trail.flush()


@scene(
    "audit",
    "/audit: what happened on the server, the newest first; only what was spoken; and all of it as "
    "a file",
    AUDIT,
    answers=(AuditPages,),
    page="admins",
    languages=BOTH,
)
async def audit(act: Act) -> None:
    """All, of one kind, and as a file."""
    await live(act)
    trail = await act.show(act.mo, AUDIT)
    await act.show(act.mo, AUDIT, kind="spoken", member=act.ben.user)
    await act.press(act.mo, trail, show=AUDIT, style=1)
