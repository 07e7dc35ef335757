"""Reading what this machine has for speaking. Runs in the engine worker: it imports torch."""

from __future__ import annotations

import logging
import os
from typing import Any

from bot.speech.choice import MULTILINGUAL, Card, Machine
from bot.speech.engines.chatterbox.device import available_memory, free_bytes
from bot.speech.engines.chatterbox.stock import import_package

log = logging.getLogger(__name__)


def read_machine(languages: tuple[str, ...]) -> Machine:
    """Return what this machine has. languages: ISO 639-1 codes of the voices.

    Raises `EngineDeadError` where torch cannot be imported.
    """
    torch = import_package("torch")
    return Machine(
        cards=read_cards(torch),
        mps=bool(torch.backends.mps.is_available()),
        cores=_cores(),
        host_bytes=available_memory(),
        languages=frozenset(languages),
    )


def read_cards(torch: Any) -> tuple[Card, ...]:
    """Return the CUDA devices, up to the first that has room for every model.

    Asking a device for its memory takes some of it for as long as this process lives.
    """
    cards: list[Card] = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        device = f"cuda:{number}"
        try:
            cards.append(
                Card(device, torch.cuda.get_device_name(number), free_bytes(torch, device))
            )
        except RuntimeError as error:  # broken, or held by another program alone
            log.info("the GPU %s cannot be used: %s", device, str(error).splitlines()[0])
            continue
        if cards[-1].free_bytes >= MULTILINGUAL.card_bytes:
            break
    return tuple(cards)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
