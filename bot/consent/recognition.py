"""Whether the four words of a challenge were said, in order. Runs in the media worker.

Two witnesses: pocketsphinx's keyword search finds each word of the list and says how much better it
fits than any sounds do; a JSGF grammar of the 64 words then says what of the list the stretch is
read as. Neither does alone. The grammar fits words to whatever is said, as forced alignment does;
keyword search also takes "vanilla" for "umbrella". A word is recognised where both agree, or where
the first is sure and takes nothing else there for likelier.

Vocal tracts differ in length, so the recording is heard with the frequency axis warped in several
ways, and the one counts by which the four words fit best (vocal tract length normalisation).

Three of four are enough, but four must have been said: a word that was misheard is told from one
that was left out. Between two recognised words there has to be room for it and for two pauses like
the others', and something of a word's length has to be heard there. Before the first and after the
last other speech may stand, so there the asked word itself has to be heard, if by the first witness
alone.

Another order was said if the words fit better in it, or if another word is heard between two that
should follow each other. What other speech near them holds by chance has to fit better by a margin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise, permutations
from typing import Literal, TypeAlias

from bot.consent.challenge import COUNT, Challenge
from bot.consent.hearing import WARPS, HeardWord, Listener, Samples

Outcome = Literal["passed", "failed", "not checked"]
Slots: TypeAlias = tuple[HeardWord | None, ...]
"""What was heard of each word that was asked, in order; None where nothing was."""

LANGUAGE = "en"
"""The only language whose words are checked: that of pocketsphinx's model."""

ENOUGH = 3
"""Words of the four to be recognised."""

PLAUSIBLE = 0.805
"""Score of a word between two others, with which the grammar has to agree: a likelihood ratio of
1e-30, as pocketsphinx counts."""

PLAUSIBLE_END = 0.825
"""The same of the first and the last word, beside which other speech is, if long: 1e-20."""

PLAUSIBLE_SHORT = 0.842
"""The same of one that is shorter than `SHORT_WORD`, which chance fits more often: 1e-10."""

SHORT_WORD = 0.3
"""Seconds."""

CLEAR = 0.86
"""Score of a word that counts as said without the grammar: about 1. Chance seldom reaches it."""

LONGEST_PAUSE = 1.5
"""Seconds between two words."""

PAUSE_SPREAD = 0.4
"""Seconds by which the pause beside the first or last word may be longer than the longest other."""

SHORTEST_WORD = 0.2
"""Seconds of a word that was said, if not understood."""

LONGEST_WORD = 1.2
"""Seconds of the same, beside a pause like the others' on either side."""

AUDIBLE = 0.83
"""Score of a word that has been said, if not clearly, where the other three are recognised."""

NEARLY = 0.03
"""By how much another word of the list may be clearer there then: "yellow" lies in "vanilla"."""

BY_CHANCE = 0.03
"""Score by which a run that goes beyond the words' own has to be better, to be another order."""

NEIGHBOURHOOD = 2.0
"""Seconds before the first word and after the last, where words in another order may stand."""

_MARGIN = 0.15  # s, around a stretch that the grammar reads
_OVERLAP = 0.1  # s, by which two words may seem to overlap


@dataclass(frozen=True, slots=True)
class WordCheck:
    """What became of a challenge.

    outcome: "not checked" where there is no recogniser, or none for the language.
    heard: what was heard of the four words, in order; matched: how many were recognised.
    end_seconds: where the last word ends, so that the speech after it can be told apart; None where
        that is not known.
    """

    outcome: Outcome
    heard: tuple[HeardWord, ...] = ()
    matched: int = 0
    end_seconds: float | None = None


def installed() -> bool:
    """Whether the extra `consent` is installed."""
    return find_spec("pocketsphinx") is not None


def can_check(language: str | None) -> bool:
    """Whether words in a language, by its code such as "en" or "en-GB", can be checked here.

    None is English, as for a voice without a language.
    """
    return (language or LANGUAGE).partition("-")[0].lower() == LANGUAGE and installed()


def check_words(
    samples: Samples, rate: int, challenge: Challenge, language: str | None
) -> WordCheck:
    """Look for the challenge's words in a recording.

    samples: float32, shape (n,), mono, at `rate` Hz: all that was recorded, the consent sentence,
    the words and what came after. language: of the sentence and the words; see `can_check`.
    """
    if not can_check(language):
        return WordCheck("not checked")
    listener = Listener(samples, rate)
    hearing = _clearest(challenge.words, listener)
    if hearing is None:
        return WordCheck("failed")
    warp, spotted, slots = hearing
    heard = tuple(filter(None, slots))
    read = listener.read(heard[0].start - _MARGIN, heard[-1].end + _MARGIN, warp)
    recognised = [
        _is_recognised(slot, spotted, read, at_end=place in (0, COUNT - 1))
        for place, slot in enumerate(slots)
    ]
    passed = (
        sum(recognised) >= ENOUGH
        and _is_complete(slots, recognised, spotted, read)
        and _is_in_order(challenge.words, slots, spotted)
        and _is_even(slots)
        and not _holds_more(slots, read)
    )
    return WordCheck(
        "passed" if passed else "failed", heard, sum(recognised), heard[-1].end if passed else None
    )


def _clearest(
    words: Sequence[str], listener: Listener
) -> tuple[str, Sequence[HeardWord], Slots] | None:
    """Return the warp by which the words are heard best, what is heard by it, and their run."""
    hearings = []
    for warp in WARPS:
        spotted = listener.spotted(warp)
        slots = _likeliest(words, spotted)
        if slots is not None:
            hearings.append((warp, spotted, slots))
    return max(hearings, key=lambda hearing: _score(hearing[2]), default=None)


def _likeliest(words: Sequence[str], spotted: Sequence[HeardWord]) -> Slots | None:
    """Return the best run of the words in order, of which at most one is missing.

    An even one, if there is any: chance finds words in other speech, far from the others.
    """
    places = [[h for h in spotted if h.word == word and h.score >= PLAUSIBLE] for word in words]
    return max(_runs(places, ()), key=lambda run: (_is_even(run), _score(run)), default=None)


def _score(run: Slots) -> float:
    return sum(slot.score for slot in run if slot)


def _runs(places: Sequence[Sequence[HeardWord]], begun: Slots) -> Iterator[Slots]:
    if len(begun) == COUNT:
        yield begun
        return
    for heard in places[len(begun)]:
        if _follows(heard, begun):
            yield from _runs(places, (*begun, heard))
    if None not in begun:
        yield from _runs(places, (*begun, None))


def _follows(heard: HeardWord, begun: Slots) -> bool:
    before = next(((n, slot) for n, slot in enumerate(reversed(begun)) if slot), None)
    if before is None:
        return True
    missing, slot = before
    return -_OVERLAP <= heard.start - slot.end <= (missing + 1) * LONGEST_PAUSE


def _is_recognised(
    slot: HeardWord | None,
    spotted: Sequence[HeardWord],
    read: Sequence[HeardWord],
    *,
    at_end: bool,
) -> bool:
    """Whether the grammar agrees, or the word is clear and no other of the list is clearer."""
    if slot is None:
        return False
    needed = PLAUSIBLE
    if at_end:
        needed = PLAUSIBLE_END if slot.end - slot.start >= SHORT_WORD else PLAUSIBLE_SHORT
    if slot.score >= needed and any(r.word == slot.word and r.shares(slot) for r in read):
        return True
    return slot.score >= CLEAR and _is_clearest(slot, spotted)


def _is_clearest(slot: HeardWord, spotted: Sequence[HeardWord], margin: float = 0.0) -> bool:
    return slot.score + margin >= max(o.score for o in spotted if o.shares(slot))


def _is_complete(
    slots: Slots,
    recognised: Sequence[bool],
    spotted: Sequence[HeardWord],
    read: Sequence[HeardWord],
) -> bool:
    """Whether something was said in the place of the word that was not recognised, if any."""
    if all(recognised):
        return True
    place = recognised.index(False)
    slot = slots[place]
    if slot is not None and slot.score >= AUDIBLE and _is_clearest(slot, spotted, NEARLY):
        return True
    if place in (0, COUNT - 1):
        return False
    before, after = slots[place - 1], slots[place + 1]
    assert before is not None
    assert after is not None
    pauses = [
        max(0.0, second.start - first.end)
        for first, second in pairwise(slots)
        if first is not None and second is not None and slot not in (first, second)
    ]
    room = after.start - before.end - 2 * min(pauses, default=0.0)
    if not SHORTEST_WORD <= room <= LONGEST_WORD:
        return False
    return any(
        r.end - r.start >= SHORTEST_WORD and not r.shares(before) and not r.shares(after)
        for r in read
        if before.start < r.start and r.end < after.end
    )


def _is_in_order(words: Sequence[str], slots: Slots, spotted: Sequence[HeardWord]) -> bool:
    """Whether the words fit in no other order better than in their own."""
    heard = tuple(filter(None, slots))
    first, last = heard[0].start, heard[-1].end
    near = [
        other
        for other in spotted
        if first - NEIGHBOURHOOD <= other.start and other.end <= last + NEIGHBOURHOOD
    ]
    scores = {word: slot.score if slot else CLEAR for word, slot in zip(words, slots, strict=True)}

    def is_better(order: Sequence[str]) -> bool:
        run = _likeliest(order, near)
        if run is None:
            return False
        gain = sum(slot.score - scores[slot.word] for slot in run if slot)
        outside = any(slot.start < first or slot.end > last for slot in run if slot)
        return gain > (BY_CHANCE if outside else 0.0)

    return not any(is_better(order) for order in permutations(words) if order != tuple(words))


def _holds_more(slots: Slots, read: Sequence[HeardWord]) -> bool:
    """Whether another word is heard between two that should follow each other."""
    return any(
        first.end - _OVERLAP <= other.start
        and other.end <= second.start + _OVERLAP
        and other.end - other.start >= SHORTEST_WORD
        and not (other.shares(first) or other.shares(second))
        for first, second in pairwise(slots)
        if first is not None and second is not None
        for other in read
    )


def _is_even(slots: Slots) -> bool:
    """Whether the first and last word stand close to the others, and not in other speech."""
    pauses = [
        second.start - first.end if first is not None and second is not None else None
        for first, second in pairwise(slots)
    ]
    return all(
        pause is None or pause <= max(filter(None, others), default=0.0) + PAUSE_SPREAD
        for pause, others in ((pauses[0], pauses[1:]), (pauses[-1], pauses[:-1]))
    )
