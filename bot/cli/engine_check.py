"""What `mynah check` says of the engine: each device is loaded and speaks a sentence."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.cli.output import Show, show_loading
from bot.errors import EngineError, MynahError

if TYPE_CHECKING:
    from bot.speech.engine import Engine
    from bot.speech.types import EngineInfo, SynthesisRequest, SynthesisResult

SENTENCE = "The quick brown fox jumps over the lazy dog."


class EnginesMissingError(MynahError):
    """Of several engines, some do not speak; the text says which and why."""


async def engine_facts(engine: Engine, show: Show) -> str:
    """Return what the engine is and how long a sentence took, device by device.

    Raises MynahError when it cannot be loaded or does not speak, `EnginesMissingError` when some of
    several do not.
    """
    from bot.speech.probe import temporary_voice
    from bot.speech.types import SynthesisRequest

    info = await engine.start(show_loading(show))
    with temporary_voice() as voice:
        request = SynthesisRequest(SENTENCE, voice, "en")
        if engine.devices:
            return await _each(engine, request, show)
        start = time.monotonic()
        (result,) = await engine.synthesize([request])
    return _told(info, result, time.monotonic() - start)


async def _each(engine: Engine, request: SynthesisRequest, show: Show) -> str:
    told, failed = [], False
    for device in engine.devices:
        show(f"Loading {device.name} ...", 0)
        try:
            info, _ = await device.probe(request, show_loading(show))  # the first prepares it
            start = time.monotonic()
            _, result = await device.probe(request)
            machine = device.reading().machine
            where = f" on {machine}" if machine else ""
            told.append(f"{device.name}{where}: {_told(info, result, time.monotonic() - start)}")
        except MynahError as error:
            failed = True
            told.append(f"{device.name} does not speak: {error}")
    if failed:
        raise EnginesMissingError(" ".join(told))
    return ". ".join(told)


def _told(info: EngineInfo, result: SynthesisResult, took: float) -> str:
    from bot.confinement import in_words

    if isinstance(result, MynahError):
        raise EngineError(str(result))
    told = (
        f"{info.kind} ({info.model}) on {info.device}, because {info.reason}; loaded in "
        f"{info.load_seconds:.1f} s, spoke {result.seconds:.1f} s in {took:.1f} s"
    )
    said = [*filter(None, [info.computes]), *info.notes, f"Loaded, it has {in_words(info.walls)}"]
    return ". ".join([told, *(note.removesuffix(".") for note in said)])
