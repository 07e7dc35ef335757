"""Which engine and model `auto` takes, as a function of what a machine has and what is spoken.

Nothing here looks at the machine, so made-up ones can be asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.installation import command
from bot.languages import LANGUAGES
from bot.speech.models import MODELS, Model
from bot.speech.types import ChatterboxModel, EngineKind

ENGLISH, MULTILINGUAL, NANO = MODELS["english"], MODELS["multilingual"], MODELS["nano"]

MOST_NAMED = 4
"""Languages that a reason names."""

_INSTALL = f"`{command('chatterbox')}` installs the engine that clones voices."


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


def place(machine: Machine, models: Sequence[Model], device: str = "auto") -> Choice:
    """Return which of these models is taken, and where: the first that a GPU has memory for.

    Where none has, the first one on the processor, or on the device that is asked for.
    """
    cards = _cards(machine, device)
    for model in models:
        for card in cards:
            if _fits(model, card, machine):
                return Choice("chatterbox", model.name, card.device, _room(model, card))
    first = models[0]
    if device != "auto":  # kept: loading says what is wrong with it
        return Choice("chatterbox", first.name, device, f"the configuration asks for {device}")
    reason = _no_room(first, cards, machine) or "there is no GPU that torch can use"
    return Choice("chatterbox", first.name, "cpu", reason)


def _room(model: Model, card: Card) -> str:
    return (
        f"{_described(card)} has {_gigabytes(card.free_bytes)} of free memory and the model needs "
        f"{_gigabytes(_need(model, card))}"
    )


def _no_room(model: Model, cards: Sequence[Card], machine: Machine) -> str:
    """Return why no GPU takes a model: for lack of its own memory or of main memory."""
    roomy = [card for card in cards if card.free_bytes >= _need(model, card)]
    if roomy:
        return (
            f"{_described(roomy[0])} has room for the {model.name} model, but bringing it there "
            f"takes {_gigabytes(model.loading_bytes)} of main memory, of which "
            f"{_gigabytes(machine.host_bytes)} are free"
        )
    return f"no GPU has room for the {model.name} model ({_free(cards)})" if cards else ""


def _on_card(model: Model, card: Card, foreign: list[str]) -> Choice:
    reason = _room(model, card)
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
    # A device that is asked for is kept: loading says what is wrong with it.
    where = card.device if card else "cpu" if device == "auto" else device
    reason = _why_nano(machine, device, card)
    more = _instead(foreign, wanted)
    if where == "cpu" and machine.host_bytes < NANO.host_bytes:
        more = (
            f"Nano itself takes {_gigabytes(NANO.host_bytes)} of main memory, of which "
            f"{_gigabytes(machine.host_bytes)} are free. {more}"
        )
    return Choice("chatterbox", NANO.name, where, reason, more)


def _why_nano(machine: Machine, device: str, card: Card | None) -> str:
    """Return why it is Nano. card: the GPU that it runs on, if any."""
    cards = _cards(machine, device)
    cores = f"{machine.cores} core" if machine.cores == 1 else f"{machine.cores} cores"
    if card is not None:
        # The English model takes least of those that are better.
        return _no_room(ENGLISH, cards, machine)
    if cards:
        return f"{_no_room(NANO, cards, machine)}, and Nano runs on {cores}"
    if device == "cpu":
        return f"the configuration asks for cpu, and Nano is made for processors ({cores})"
    if device != "auto":
        return f"torch cannot use {device}, which the configuration asks for"
    return f"there is no GPU that torch can use, and Nano is made for processors ({cores})"


def _instead(foreign: list[str], wanted: Model) -> str:
    need = (
        f"a GPU with {_gigabytes(wanted.card_bytes)} of free memory, and "
        f"{_gigabytes(wanted.loading_bytes)} of main memory while the model is loaded"
    )
    if not foreign:
        return f"Better speech in English takes {need}."
    return (
        f"Nano speaks English only. {_named(foreign)} takes {need}; without, [engine] model = "
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
