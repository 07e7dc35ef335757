"""The stages of a text, with a clock of the test's, and in a queue that is really played."""

import structlog

from bot.operations.figures import UtteranceFacts
from bot.speech.types import Speech
from bot.voice.stages import Stages
from tests.voice.stage import SHORT, Script, open_stage

MADE = Speech((b"x",), 2.0, {"synthesis": 0.5, "encode": 0.1}, retries=2)
KEPT = Speech((b"x",), 1.0, cached=True)


class Timed(Stages):
    """Stages by a clock of the test's."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self._asked = 100.0
        self._now = lambda: self.now


async def test_waits_follow_one_another_and_sums_are_of_what_was_made() -> None:
    stages = Timed()
    stages.now = 103.0
    stages.turn()
    stages.now = 103.5
    stages.turn()  # it was its turn already
    stages.first_packet()
    stages.feed(MADE)
    stages.feed(KEPT)
    assert stages.facts(7, "SAY", "PLAYED") == UtteranceFacts(
        7, "say", "played", 3.0, 0.5, 0.6, 3.0, 2, 1, 2
    )


async def test_one_that_ended_before_its_turn_only_waited() -> None:
    stages = Timed()
    stages.now = 104.0
    facts = stages.facts(7, "CHATTER", "DROPPED")
    assert (facts.queued, facts.first_packet, facts.sentences) == (4.0, None, 0)


async def test_what_is_fetched_anew_counts_once() -> None:
    stages = Timed()
    stages.feed(MADE)
    stages.begin_anew()
    stages.feed(MADE)
    assert (stages.facts(7, "SAY", "PLAYED").sentences) == 1


async def test_a_text_that_was_played_is_one_line_and_one_report() -> None:
    async with open_stage() as stage:
        told: list[UtteranceFacts] = []
        stage.bot.voice.on_ended = told.append
        await stage.join()
        with structlog.testing.capture_logs() as lines:
            await stage.play(Script([SHORT, SHORT]))
        (facts,) = told
        (line,) = (line for line in lines if line["event"] == "utterance")
        assert (facts.end, facts.rank, facts.sentences) == ("played", "say", 2)
        assert facts.first_packet is not None
        assert (line["guild"], line["end"], line["seconds"]) == (facts.guild_id, "played", 0.6)
        assert stage.bot.voice.reading().connections == 1
        assert stage.bot.voice.reading().packets >= 30
