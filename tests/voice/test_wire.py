"""Speech over real sockets, encrypted by DAVE, heard by Discord's own libdave."""

import numpy as np

from bot.voice.utterances import UtteranceEnd
from tests.loopback import best_correlation
from tests.voice.stage import Script, babble, open_stage, sentence


async def test_what_is_heard_is_what_the_engine_made() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert await stage.play(Script([sentence(1.0, 1), sentence(1.0, 2)])) is UtteranceEnd.PLAYED
        said = np.concatenate([babble(1.0, 1), babble(1.0, 2)])
        assert best_correlation(said, stage.listener.heard()) > 0.99
        assert all(packet.encrypted for packet in stage.listener.audible)


async def test_no_packet_is_unreadable_and_the_stream_has_no_hole() -> None:
    async with open_stage() as stage:
        await stage.join()
        for seed in (1, 2):
            assert await stage.play(Script([sentence(0.5, seed)])) is UtteranceEnd.PLAYED
        connection = await stage.loopback.voice.wait_connected(stage.guild)
        assert stage.listener.unreadable == 0
        assert connection.undecryptable == 0
        assert set(np.diff(connection.sequences)) == {1}
        assert set(np.diff(connection.timestamps)) == {960}
