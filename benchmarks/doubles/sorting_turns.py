"""Whose sentence is worked on, by sorting all that is waited for at each decision.

So `bot.speech.turn_order` decided at first. It is the model that the quicker way is tested against,
and what the benchmark compares it with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.speech.turn_order import Decision, fitting, making_room
from bot.speech.turns import Turn


def decide(
    turns: Sequence[Turn], slots: int, *, company_slows: bool, soon: float = -math.inf
) -> Decision[Turn]:
    """Return what is to be done with `slots` slots.

    company_slows: whether sentences that are worked on together take longer each. Then nothing is
    worked on ahead while a guild waits for its opening, nor while another guild's head is due
    before `soon`, and nothing is begun ahead while another guild waits for anything, so that nobody
    is slowed by what is not needed yet.
    """
    wanted = (turn for turn in turns if turn.waited_for)
    ranked = sorted(wanted, key=lambda turn: (turn.due(), turn.order))
    heads: dict[int, Turn] = {}
    for turn in ranked:
        heads.setdefault(turn.guild_id, turn)
    early = [turn for turn in ranked if heads[turn.guild_id] is not turn]
    going = [turn for turn in early if turn.task is not None]
    free = slots - sum(turn.slots(slots) for turn in turns if turn.task is not None)
    first = [turn for turn in heads.values() if turn.task is None]
    begin = fitting(first, free, slots)
    if company_slows and any(turn.opening for turn in heads.values()):
        return Decision(begin, [turn for turn in going if not turn.yielding])
    hurried = {guild for guild, turn in heads.items() if turn.due() < soon}
    slowing = [turn for turn in going if not turn.yielding and hurried - {turn.guild_id}]
    if company_slows and slowing:
        return Decision(begin, slowing)
    if len(begin) < len(first):
        return Decision(begin, making_room(first[len(begin)], begin, going, free, slots))
    if company_slows and len(heads) > 1:
        return Decision(begin, ())
    free -= sum(turn.slots(slots) for turn in begin)
    more = fitting([turn for turn in early if turn.task is None], free, slots)
    return Decision([*begin, *more], ())
