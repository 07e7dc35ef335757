"""The order in which a guild's texts are heard: commands, then chatter."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from bot.errors import BusyError
from bot.i18n import _, ngettext
from bot.voice.limits import Room, VoiceLimits
from bot.voice.utterances import Item, Rank


class SpeechQueue:
    """A guild's texts, the one that is being heard first; first in, first out within a rank.

    Chatter that is being heard when a command comes stays first until its sentence has ended, then
    `give_way` puts it, with what is left of it, behind the commands.
    """

    def __init__(
        self, limits: VoiceLimits, wait: Callable[[int], float] = lambda sentences: 0.0
    ) -> None:
        """wait: how long it takes until the engine has made so many sentences; an estimate."""
        self._limits, self._wait = limits, wait
        self._items: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def head(self) -> Item | None:
        """What is being heard, or else comes next."""
        return self._items[0] if self._items else None

    @property
    def yielding(self) -> Item | None:
        """The chatter that is being heard and has to make way after its sentence, if any."""
        head = self.head
        if head is None or not head.chatter or not head.playing:
            return None
        return head if any(not item.chatter for item in self._items) else None

    @property
    def paused(self) -> Item | None:
        """What was heard in part, and goes on later."""
        return next((item for item in self._items if item.paused), None)

    @property
    def chatter_seconds(self) -> float:
        """How long the chatter lasts of which nothing was heard; an estimate."""
        return sum(item.seconds_left for item in self._unheard_chatter())

    def excess_chatter(self, seconds: float) -> list[Item]:
        """Return the oldest chatter without which `seconds` wait, of which nothing was heard.

        Without it there is also room for two more. What is being made to be heard next stays: an
        engine that is slower than the chat would else make everything in vain.
        """
        waits = self.chatter_seconds
        number = sum(item.chatter for item in self._items)
        excess: list[Item] = []
        for item in self._unmade(self._unheard_chatter()):
            if waits <= seconds and number + 2 <= self._limits.chatter_per_guild:
                break
            excess.append(item)
            waits, number = waits - item.seconds_left, number - 1
        return excess

    def _unheard_chatter(self) -> list[Item]:
        return [item for item in self._items if item.chatter and not item.begun]

    @staticmethod
    def _unmade(unheard: list[Item]) -> list[Item]:
        """Leave out the first, where it is being made."""
        return unheard[1:] if unheard and unheard[0].fetch is not None else unheard

    def check_room(self, rank: Rank, member_id: int, room: Room | None = None) -> None:
        """Raise `BusyError` where another text is one too many; the ranks count by themselves.

        room: of commands; None for what the configuration allows, which is never passed.
        """
        most_here, most_own = self._limits.queue_per_guild, self._limits.queue_per_member
        if room is not None:
            most_here, most_own = min(most_here, room.per_guild), min(most_own, room.per_member)
        waiting = [item.request for item in self._items if item.request.rank is rank]
        chatter = rank is Rank.CHATTER
        most = self._limits.chatter_per_guild if chatter else most_here
        if len(waiting) >= most:
            raise BusyError(
                ngettext(
                    "{count} text is waiting already. Try again in about {seconds} s.",
                    "{count} texts are waiting already. Try again in about {seconds} s.",
                    len(waiting),
                ).format(count=len(waiting), seconds=self._until_over(lambda item: True))
            )
        own = sum(request.member_id == member_id for request in waiting)
        if not chatter and own >= most_own:
            seconds = self._until_over(lambda item: item.request.member_id == member_id)
            raise BusyError(
                ngettext(
                    "{count} text of yours is waiting already. Try again in about {seconds} s.",
                    "{count} texts of yours are waiting already. Try again in about {seconds} s.",
                    own,
                ).format(count=own, seconds=seconds)
            )
        if not chatter and (wait := self._wait(1)) > self._limits.longest_wait_seconds:
            raise BusyError(
                _(
                    "The voice engine has so much to do that this would be heard in about "
                    "{seconds} s at the earliest. Try again later."
                ).format(seconds=round(wait))
            )

    def _until_over(self, which: Callable[[Item], bool]) -> int:
        """Return about how many seconds it is until the first of some texts was heard."""
        seconds, sentences = 0.0, 0
        for item in self.in_order():
            seconds, sentences = seconds + item.seconds_left, sentences + item.sentences_left
            if which(item):
                break
        return max(1, round(max(seconds, self._wait(sentences))))

    def wait_before(self, item: Item) -> float:
        """Return the seconds until a text begins to be heard; an estimate.

        What lasts longer decides: hearing what comes before it, or making that and its beginning.
        """
        earlier = itertools.takewhile(lambda other: other is not item, self.in_order())
        sentences = sum(other.sentences_left for other in earlier) + 1
        return max(self.before(item), self._wait(sentences))

    def add(self, item: Item, *, first: bool = False) -> None:
        """Put a text in its place. first: of the chatter that may be left out."""
        place = len(self._items) if item.chatter else self._end_of_commands()
        waiting = self._unmade(self._unheard_chatter())
        if first and waiting:
            place = self._items.index(waiting[0])
        self._items.insert(place, item)

    def remove(self, item: Item) -> None:
        """Take a text out."""
        self._items.remove(item)

    def give_way(self) -> None:
        """Put the chatter that was being heard behind the commands."""
        head = self._items.pop(0)
        head.playing = False
        self._items.insert(self._end_of_commands(), head)

    def _end_of_commands(self) -> int:
        """Return where the chatter begins that is not being heard."""
        waiting = (n for n, item in enumerate(self._items) if item.chatter and not item.playing)
        return next(waiting, len(self._items))

    def in_order(self) -> list[Item]:
        """Return the texts in the order in which their next sentences are heard."""
        head = self.yielding
        if head is None:
            return list(self._items)
        others = self._items[1:]
        commands = [item for item in others if not item.chatter]
        return [*commands, head, *(item for item in others if item.chatter)]

    def before(self, item: Item) -> float:
        """Return the seconds until the next sentence of `item` is heard; partly an estimate."""
        if item is self.head and not self.yielding:  # asked for at each decision of the scheduler
            return item.track.buffered_seconds
        earlier = itertools.takewhile(lambda other: other is not item, self.in_order())
        seconds = sum(other.seconds_left for other in earlier) + item.track.buffered_seconds
        head = self.yielding
        if head is not None and not item.chatter:
            seconds += head.track.sentence_seconds
        return seconds
