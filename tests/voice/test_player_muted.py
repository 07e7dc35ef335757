"""A guild's queue where the bot may not speak."""

import pytest

from bot.errors import UserError
from bot.voice.utterances import UtteranceEnd
from loopback import Permission
from tests.voice.stage import LONG, SHORT, Script, ended, eventually, open_stage


async def test_a_bot_that_was_muted_while_away_says_so_until_it_is_unmuted() -> None:
    async with open_stage() as stage:
        stage.loopback.mute_bot(stage.guild)
        await stage.join()
        with pytest.raises(UserError, match=r"muted in .* Ask a moderator to unmute me"):
            stage.say(Script([SHORT]))
        stage.loopback.mute_bot(stage.guild, on=False)
        await eventually(lambda: not stage.player.muted)
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED
        assert len(stage.listener.audible) == len(SHORT.packets)


async def test_a_moderators_mute_ends_the_queue_and_tells_each_once() -> None:
    async with open_stage() as stage:
        await stage.join()
        scripts = [Script([LONG]), Script([LONG])]
        tickets = [stage.say(script) for script in scripts]
        await stage.listener.until_heard(5)
        stage.loopback.mute_bot(stage.guild)
        assert [await ended(ticket, 3.0) for ticket in tickets] == [UtteranceEnd.MUTED] * 2
        assert [script.ends for script in scripts] == [[UtteranceEnd.MUTED]] * 2
        assert stage.player.channel is not None


@pytest.mark.parametrize("why", ["denied", "afk"])
async def test_a_move_to_where_nobody_would_hear_it_ends_the_queue(why: str) -> None:
    async with open_stage() as stage:
        den = stage.loopback.add_voice_channel(stage.guild, "Den")
        if why == "denied":
            stage.loopback.deny_bot(den, Permission.SPEAK)
        else:
            stage.loopback.make_afk(stage.guild, den)
        await stage.join()
        script = Script([LONG])
        ticket = await stage.speak(script)
        stage.loopback.move_bot(stage.guild, den)
        assert await ended(ticket, 3.0) is UtteranceEnd.MUTED
        assert script.ends == [UtteranceEnd.MUTED]


async def test_in_the_afk_channel_it_advises_another_one_instead_of_unmuting() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert stage.player.unheard is None
        stage.loopback.make_afk(stage.guild, stage.guild.voice)
        await eventually(lambda: stage.player.muted)
        with pytest.raises(UserError, match=r"> is the AFK channel, .* Use another one\.$") as told:
            stage.say(Script([SHORT]))
        assert str(told.value) == stage.player.unheard


async def test_a_bot_that_is_put_into_the_audience_ends_the_queue() -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = await stage.speak(Script([LONG]))
        stage.loopback.suppress_bot(stage.guild)
        assert await ended(ticket, 3.0) is UtteranceEnd.MUTED
        with pytest.raises(UserError, match="muted"):
            stage.say(Script([SHORT]))


async def test_a_bot_that_may_no_longer_speak_says_so() -> None:
    async with open_stage() as stage:
        await stage.join()
        stage.loopback.deny_bot(stage.guild.voice, Permission.SPEAK)
        await eventually(lambda: stage.player.muted)
        with pytest.raises(UserError, match="permission Speak"):
            stage.say(Script([SHORT]))
