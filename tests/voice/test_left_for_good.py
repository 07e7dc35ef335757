"""Who reads aloud hears when the bot has left for good, and when it may come back."""

from loopback import Overwrite, Permission
from tests.voice.stage import Stage, eventually, open_stage


def left(stage: Stage) -> list[tuple[int, bool]]:
    """Collect the guilds that were left, and whether the connection was lost."""
    heard: list[tuple[int, bool]] = []
    stage.bot.voice.on_left = lambda guild_id, lost: heard.append((guild_id, lost))
    return heard


async def test_it_is_told_when_the_bot_is_sent_out() -> None:
    async with open_stage(dave=0) as stage:
        heard = left(stage)
        await stage.join()
        await stage.player.leave()
        assert heard == [(stage.guild.id, False)]


async def test_it_is_told_when_a_moderator_disconnects_the_bot() -> None:
    async with open_stage(dave=0) as stage:
        heard = left(stage)
        await stage.join()
        stage.loopback.disconnect_bot(stage.guild)
        await eventually(lambda: heard, what="the end to be told")
        assert set(heard) == {(stage.guild.id, False)}


async def test_it_is_told_when_the_bot_has_been_alone() -> None:
    async with open_stage(dave=0, alone_seconds=0.1) as stage:
        heard = left(stage)
        await stage.join()
        await stage.ada.leave_voice()
        await eventually(lambda: heard, what="the end to be told")
        assert heard == [(stage.guild.id, False)]


async def test_a_connection_that_comes_back_is_no_end() -> None:
    async with open_stage(dave=0) as stage:
        heard = left(stage)
        await stage.join()
        stage.loopback.close_voice(stage.guild, 4009)
        await stage.loopback.voice.wait_settled(stage.guild)
        assert heard == []


async def test_the_programs_end_is_none() -> None:
    async with open_stage(dave=0) as stage:
        heard = left(stage)
        await stage.join()
        await stage.bot.voice.close()
        assert heard == []


async def test_a_connection_that_cannot_be_had_back_is_told_as_lost() -> None:
    async with open_stage(dave=0) as stage:
        heard = left(stage)
        await stage.join()
        denied = Overwrite(stage.guild.id, deny=Permission.CONNECT)
        stage.loopback.world.overwrite(stage.guild.voice, denied)
        stage.loopback.close_voice(stage.guild, 4006)
        await eventually(lambda: heard, what="the loss to be told")
        assert heard == [(stage.guild.id, True)]
