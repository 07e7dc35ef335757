"""Reading what this machine has for speaking. Runs in the engine worker: it imports torch."""

from __future__ import annotations

import logging
from typing import Any

from bot.speech.choice import MULTILINGUAL, Card, Machine
from bot.speech.engines.chatterbox.device import available_memory, free_bytes, trouble_with
from bot.speech.engines.chatterbox.stock import import_package
from bot.speech.engines.cores import usable_cores

log = logging.getLogger(__name__)


def read_machine(languages: tuple[str, ...], device: str = "auto") -> Machine:
    """Return what this machine has. languages: ISO 639-1 codes of the voices.

    device: "auto", or the one that the configuration asks for; other cards are left out then.

    Raises `EngineDeadError` where torch cannot be imported.
    """
    torch = import_package("torch")
    return Machine(
        cards=read_cards(torch, device),
        mps=bool(torch.backends.mps.is_available()),
        cores=usable_cores(),
        host_bytes=available_memory(),
        languages=frozenset(languages),
    )


def read_cards(torch: Any, wanted: str = "auto") -> tuple[Card, ...]:
    """Return the CUDA devices that torch can compute on: the wanted one.

    For "auto" they are read up to the first that has room for every model: asking a device for its
    memory takes some of it for as long as this process lives.
    """
    cards: list[Card] = []
    for number in _numbers(torch, wanted):
        card = _read(torch, number)
        if card is None:
            continue
        cards.append(card)
        if card.free_bytes >= MULTILINGUAL.card_bytes:
            break
    return tuple(cards)


def _numbers(torch: Any, wanted: str) -> range:
    numbers = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    if wanted == "auto":
        return numbers
    if not wanted.startswith("cuda"):
        return numbers[:0]
    number = int(wanted.partition(":")[2] or 0)  # without one it is the first
    return numbers[number : number + 1]


def _read(torch: Any, number: int) -> Card | None:
    device = f"cuda:{number}"
    if trouble := trouble_with(torch, device):
        log.warning("the GPU %s cannot be used: %s", device, trouble, extra={"stage": "engine"})
        return None
    return Card(device, torch.cuda.get_device_name(number), free_bytes(torch, device))
