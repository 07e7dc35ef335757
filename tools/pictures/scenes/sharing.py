"""`/voice share`, `block`, `unblock` and `blocks`."""

from __future__ import annotations

from cogs.voices.block_panel import BlockPanel
from cogs.voices.groups import GroupedView
from cogs.voices.share_panel import SharePanel
from loopback import Message
from tools.pictures.scene import BOTH, Act, scene

SHARE, BLOCK, UNBLOCK, BLOCKS = "voice share", "voice block", "voice unblock", "voice blocks"


async def share_with_some(act: Act) -> Message:
    """Have Ada share her voice with Ben and a role; return her panel."""
    await act.stage.add_voice(act.place, "Ada", act.ada, reach="owner")
    actors = act.stage.discord.world.add_role(act.guild, "Voice actors", 0)
    panel = await act.ask(act.ada, SHARE, voice="Ada")
    await act.choose(act.ada, panel, "named", custom_id="reach")
    await act.pick(act.ada, panel, [act.ben.member], custom_id="members")
    await act.pick(act.ada, panel, [actors], custom_id="roles")
    return panel


@scene(
    "voice-share",
    "/voice share: a new voice is its owner's alone; then a member and a role are named",
    SHARE,
    answers=(GroupedView, SharePanel),
    languages=BOTH,
)
async def share(act: Act) -> None:
    """As it opens, and when some were chosen."""
    await act.stage.add_voice(act.place, "Captain", act.ada, reach="owner")
    await act.show(act.ada, SHARE, voice="Captain")
    panel = await share_with_some(act)
    act.keep(act.ada, SHARE, panel)


@scene(
    "voice-share-admin",
    "/voice share of another's voice for a member with Manage Server: sharing it more widely is "
    "refused, taking somebody away is not",
    SHARE,
)
async def narrowed(act: Act) -> None:
    """Wider, then narrower."""
    await share_with_some(act)
    panel = await act.ask(act.mo, SHARE, voice="Ada")
    await act.choose(act.mo, panel, "everybody", show=SHARE, custom_id="reach")
    await act.pick(act.mo, panel, [], show=SHARE, custom_id="members")


@scene(
    "voice-share-refused",
    "Whose voice is not shared: /say as it, and /voice share of it or of the operator's",
    SHARE,
    "say",
)
async def refused(act: Act) -> None:
    """Who is not named."""
    await act.stage.add_voice(act.place, "Ada", act.ada, reach="owner")
    await act.ben.join_voice()
    await act.show(act.ben, "say", text="Good morning.", voice="Ada")
    await act.show(act.ben, SHARE, voice="Ada")
    async with act.shared_voice("Herald"):
        await act.show(act.mo, SHARE, voice="Herald")


@scene(
    "voice-block",
    "/voice block: a member is kept from all voices of one's own; what they are told; the list, "
    "and /voice unblock",
    BLOCK,
    BLOCKS,
    UNBLOCK,
    answers=(BlockPanel,),
)
async def block(act: Act) -> None:
    """Blocked, refused, listed, let in again."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.show(act.ada, BLOCK, member=act.ben.user)
    await act.ben.join_voice()
    await act.show(act.ben, "say", text="Good morning.", voice="Ada")
    await act.show(act.ada, BLOCKS)
    await act.show(act.ada, UNBLOCK, member=act.ben.user)
    await act.show(act.ada, BLOCKS)
