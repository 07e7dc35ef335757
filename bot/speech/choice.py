"""Which engine and model `auto` takes, as a function of what a machine has and what is spoken.

Nothing here looks at the machine, so made-up ones can be asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.languages import LANGUAGES
from bot.speech.models import MODELS, Model
from bot.speech.types import ChatterboxModel, EngineKind

ENGLISH, MULTILINGUAL, NANO = MODELS["english"], MODELS["multilingual"], MODELS["nano"]

MOST_NAMED = 4
"""Languages that a reason names."""

_INSTALL = "`make install-chatterbox` installs the engine that clones voices."


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU: what torch calls it, such as "cuda:0", its own name, and its free bytes."""

    device: str
    name: str
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the choice depends on.

    cards: CUDA devices that torch can compute on, or the one that the configuration names.
    mps: whether there is Apple's GPU, which shares the main memory. cores: of the processor.
    host_bytes: main memory that can be had. chatterbox: whether it is installed.
    languages: ISO 639-1 codes of the voices.
    """

    cards: tuple[Card, ...] = ()
    mps: bool = False
    cores: int = 1
    host_bytes: int = 0
    chatterbox: bool = True
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken, and why.

    model: None with another engine than Chatterbox. device: as torch calls it.
    reason: goes on after "because". more: what it would take to have more, as sentences; empty
    where there is no more.
    """

    kind: EngineKind
    model: ChatterboxModel | None
    device: str
    reason: str
    more: str = ""


def choose(machine: Machine, device: str = "auto") -> Choice:
    """Return what speaks best on a machine.

    A GPU with memory for it: the multilingual model where the voices' languages need it, else the
    English one. No such GPU: Nano. Piper only where Chatterbox is not installed.

    device: "auto", or the one that the configuration asks for.
    """
    if not machine.chatterbox:
        reason = "Chatterbox, which clones voices, is not installed"
        return Choice("piper", None, "cpu", reason, _INSTALL)
    foreign = _foreign(machine.languages)
    wanted = MULTILINGUAL if foreign else ENGLISH
    for model in dict.fromkeys((wanted, ENGLISH)):
        for card in _cards(machine, device):
            if _fits(model, card, machine):
                return _on_card(model, card, foreign)
    return _nano(machine, device, foreign, wanted)


def _on_card(model: Model, card: Card, foreign: list[str]) -> Choice:
    reason = (
        f"{_described(card)} has {_gigabytes(card.free_bytes)} of free memory and the model needs "
        f"{_gigabytes(_need(model, card))}"
    )
    if foreign and model is ENGLISH:
        more = (
            f"{_named(foreign)} needs the multilingual model, which takes "
            f"{_gigabytes(_need(MULTILINGUAL, card))} of a GPU and "
            f"{_gigabytes(MULTILINGUAL.loading_bytes)} of main memory while it is loaded."
        )
        return Choice("chatterbox", model.name, card.device, reason, more)
    if foreign:
        return Choice(
            "chatterbox", model.name, card.device, f"{reason}, and voices speak {_named(foreign)}"
        )
    more = 'For other languages mark voices with theirs, or set [engine] model = "multilingual".'
    return Choice(
        "chatterbox",
        model.name,
        card.device,
        f"{reason}, and no voice needs another language",
        more,
    )


def _nano(machine: Machine, device: str, foreign: list[str], wanted: Model) -> Choice:
    """Return Nano, on a GPU that is too small for more, or on the processor."""
    cards = _cards(machine, device)
    card = next((card for card in cards if _fits(NANO, card, machine)), None)
    cores = f"{machine.cores} core" if machine.cores == 1 else f"{machine.cores} cores"
    if card is not None:
        reason = f"{_described(card)} has memory for nothing larger ({_free(cards)})"
    elif cards:
        reason = f"no GPU has room for a model ({_free(cards)}), and Nano runs on {cores}"
    elif device == "cpu":
        reason = f"the configuration asks for cpu, and Nano is made for processors ({cores})"
    elif device != "auto":
        reason = f"torch cannot use {device}, which the configuration asks for"
    else:
        reason = f"there is no GPU that torch can use, and Nano is made for processors ({cores})"
    # A device that is asked for is kept: loading says what is wrong with it.
    otherwise = "cpu" if device == "auto" else device
    more = _instead(foreign, wanted)
    return Choice("chatterbox", NANO.name, card.device if card else otherwise, reason, more)


def _instead(foreign: list[str], wanted: Model) -> str:
    need = f"a GPU with {_gigabytes(wanted.card_bytes)} of free memory"
    if not foreign:
        return f"Better speech in English takes {need}."
    return (
        f"Nano speaks English only. {_named(foreign)} takes {need}; without one, [engine] model = "
        f'"multilingual" speaks it on the processor, many times slower than speech, in '
        f"{_gigabytes(wanted.host_bytes)} of main memory."
    )


def _cards(machine: Machine, device: str) -> tuple[Card, ...]:
    """Return the GPUs that may be used, the first one first."""
    cards = machine.cards
    if machine.mps:
        cards += (Card("mps", "Apple's GPU", machine.host_bytes),)
    if device == "auto":
        return cards
    if device == "cuda":  # the first one
        return tuple(replace(card, device="cuda") for card in machine.cards[:1])
    return tuple(card for card in cards if card.device == device)


def _fits(model: Model, card: Card, machine: Machine) -> bool:
    room = card.free_bytes >= _need(model, card)
    return room and (card.device == "mps" or machine.host_bytes >= model.loading_bytes)


def _need(model: Model, card: Card) -> int:
    return model.host_bytes if card.device == "mps" else model.card_bytes


def _foreign(languages: Iterable[str]) -> list[str]:
    """Return the names of the languages that only the multilingual model speaks."""
    spoken = sorted({*languages} & {*MULTILINGUAL.languages} - {*ENGLISH.languages})
    return [LANGUAGES[code] for code in spoken]


def _named(names: list[str]) -> str:
    more = ["others"] if len(names) > MOST_NAMED else []
    *first, last = [*names[:MOST_NAMED], *more]
    return f"{', '.join(first)} and {last}" if first else last


def _described(card: Card) -> str:
    return f"{card.name} ({card.device})" if card.name else card.device


def _free(cards: Iterable[Card]) -> str:
    return ", ".join(f"{card.device}: {_gigabytes(card.free_bytes)} free" for card in cards)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
