"""Whatever comes in whatever order: commands first, each in its turn, nothing lost or twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import BusyError
from bot.voice.player import Ticket
from bot.voice.utterances import Rank, UtteranceEnd
from tests.voice.stage import Script
from tests.voice.stepped import Stepped, made, settle

CHATTER_LIMIT, GUILD_LIMIT = 6, 4
MEMBERS = st.integers(1, 3)


@dataclass
class Text:
    """A text that was taken on. asked_at: how many packets had been sent by then."""

    name: str
    rank: Rank
    member: int
    script: Script
    ticket: Ticket
    asked_at: int
    sentences: list[list[str]]

    @property
    def ended(self) -> bool:
        return self.ticket.ended.done()


class Queue(RuleBasedStateMachine):
    """Members ask, chat comes, the engine makes sentences, packets go out, texts are taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.texts: list[Text] = []
        self.stepped: Stepped

    @initialize(texts_at_once=st.integers(1, 3))
    def open(self, texts_at_once: int) -> None:
        self.run(self._open(texts_at_once))

    async def _open(self, texts_at_once: int) -> None:
        self.stepped = Stepped(
            texts=texts_at_once,
            queue_per_guild=GUILD_LIMIT,
            queue_per_member=GUILD_LIMIT,
            chatter_per_guild=CHATTER_LIMIT,
        )

    def run(self, what) -> None:
        self.loop.run_until_complete(what)

    def waiting(self, rank: Rank | None = None) -> list[Text]:
        return [text for text in self.texts if not text.ended and rank in (None, text.rank)]

    @rule(
        rank=st.sampled_from([Rank.CHATTER, Rank.CHATTER, Rank.SAY]),
        member=MEMBERS,
        lengths=st.lists(st.integers(1, 3), max_size=4),
        made_at_once=st.sampled_from([4, 4, 4, 1, 0]),
    )
    def say(self, rank: Rank, member: int, lengths: list[int], made_at_once: int) -> None:
        self.run(self._say(rank, member, lengths, made_at_once))

    async def _say(self, rank: Rank, member: int, lengths: list[int], made_at_once: int) -> None:
        name = f"{rank.name}{len(self.texts)}"
        sentences = [made(f"{name}.{n}", length) for n, length in enumerate(lengths)]
        script = Script(sentences, gates=[asyncio.Event() for _ in sentences])
        for gate in script.gates[:made_at_once]:
            gate.set()
        full = len(self.waiting(rank)) >= (CHATTER_LIMIT if rank is Rank.CHATTER else GUILD_LIMIT)
        at = len(self.stepped.sent)
        try:
            ticket = self.stepped.say(script, rank=rank, member_id=member, voice_id=at % 3 + 1)
        except BusyError:
            assert full
            return
        assert not full
        spoken = [[packet.decode() for packet in speech.packets] for speech in sentences]
        self.texts.append(Text(name, rank, member, script, ticket, at, spoken))
        await settle()

    @precondition(lambda self: self.chatter_is_heard())
    @rule(made_at_once=st.integers(0, 2))
    def interrupt(self, made_at_once: int) -> None:
        self.run(self._say(Rank.SAY, 1, [2, 1], made_at_once))

    def chatter_is_heard(self) -> bool:
        heard = [entry for entry in self.stepped.player.snapshot() if entry.speaking]
        return bool(heard) and heard[0].rank is Rank.CHATTER

    @rule(pick=st.integers(0, 20), count=st.integers(1, 3))
    def make(self, pick: int, count: int) -> None:
        """The engine makes the next sentences of a text."""
        if waiting := self.waiting():
            script = waiting[pick % len(waiting)].script
            for gate in [gate for gate in script.gates if not gate.is_set()][:count]:
                gate.set()
            self.run(settle())

    @rule(packets=st.sampled_from([1, 3, 7]))
    def send(self, packets: int) -> None:
        self.run(self.stepped.send(packets))

    @precondition(lambda self: len(self.waiting()) >= 2)
    @rule(packets=st.integers(1, 3), then=st.sampled_from(["say", "say", "skip", "drop"]))
    def send_before_the_loop_hears(self, packets: int, then: str) -> None:
        self.run(self._late(packets, then))

    async def _late(self, packets: int, then: str) -> None:
        for _ in range(packets):
            self.stepped.step()
        if then == "say":
            await self._say(Rank.SAY, 1, [2], 1)
        else:
            await self._take_back(then, 1)

    @precondition(lambda self: len(self.waiting()) >= 4)
    @rule(what=st.sampled_from(["skip", "drop", "delete", "replace", "trim"]), member=MEMBERS)
    def take_back(self, what: str, member: int) -> None:
        self.run(self._take_back(what, member))

    async def _take_back(self, what: str, member: int) -> None:
        player = self.stepped.player
        match what:
            case "skip":
                player.skip(member, privileged=False)
            case "drop":
                player.drop_chatter(lambda request: request.member_id == member)
            case "delete":
                await player.end_voice(member, UtteranceEnd.VOICE_DELETED)
            case "replace":
                player.voice_replaced(member)
            case "trim":
                player.trim_chatter(0.2)
        await settle()

    @rule(packets=st.integers(1, 3))
    def lose_the_connection_for_a_while(self, packets: int) -> None:
        self.stepped.sink.up = False
        self.run(self.stepped.send(packets))
        self.stepped.sink.up = True

    @invariant()
    def no_packet_is_lost_or_sent_twice(self) -> None:
        """Of each text, whole sentences in order, but for the one that is under way or was cut."""
        for text in self.texts:
            sent = [packet for packet in self.stepped.sent if packet.startswith(f"{text.name}.")]
            expected = [packet for sentence in text.sentences for packet in sentence]
            assert sent == expected[: len(sent)]
            if text.ended and text.ticket.ended.result() is UtteranceEnd.PLAYED:
                assert sent == expected

    @invariant()
    def within_a_rank_who_came_first_is_heard_first(self) -> None:
        sent = self.stepped.sent if self.texts else []
        for rank in Rank:
            numbers = [
                int(packet.split(".")[0].removeprefix(rank.name))
                for packet in sent
                if packet.startswith(rank.name)
            ]
            assert numbers == sorted(numbers)

    @invariant()
    def chatter_begins_no_sentence_while_a_command_waits(self) -> None:
        for text in self.texts:
            if text.rank is not Rank.SAY:
                continue
            since = self.stepped.sent[text.asked_at :]
            own = [n for n, packet in enumerate(since) if packet.startswith(f"{text.name}.")]
            until = own[-1] if own else (len(since) if not text.ended else 0)
            begun = [p for p in since[:until] if p.startswith("CHATTER") and p.endswith(" 0")]
            assert not begun, (text.name, since)

    @invariant()
    def what_waits_is_bounded_and_listed(self) -> None:
        listed = self.stepped.player.snapshot()
        assert len(listed) == len(self.waiting())
        for rank, most in ((Rank.SAY, GUILD_LIMIT), (Rank.CHATTER, CHATTER_LIMIT)):
            assert sum(entry.rank is rank for entry in listed) <= most
        assert sum(entry.speaking for entry in listed) <= 1

    def teardown(self) -> None:
        try:
            if hasattr(self, "stepped"):
                self.run(self._end())
        finally:
            self.loop.close()

    async def _end(self) -> None:
        """What still waits is heard to its end."""
        for text in self.texts:
            for gate in text.script.gates:
                gate.set()
        await settle()
        for _ in range(400):
            if self.waiting():
                await self.stepped.send(1)
        assert all(text.ended for text in self.texts)
        self.no_packet_is_lost_or_sent_twice()
        self.within_a_rank_who_came_first_is_heard_first()
        await self.stepped.player.close()


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=50, stateful_step_count=50, deadline=None)
