"""How the running bot stands, read off what is open: nothing is counted that is not counted anyway.

The operator's rooms know no Discord and no voice channels; they get this as `Vitals`.
"""

from __future__ import annotations

from bot.client import MynahBot
from bot.operations.vitals import EngineReading, Pulse, Reading, VoiceReading, WorkerReading
from bot.speech.engine import Engine
from bot.speech.phrases import PhraseCache
from bot.speech.scheduler import FairScheduler
from bot.workers import Worker


class BotVitals:
    """Looks at the engine, the workers and the client that is online just now.

    bot: that client, set by whoever makes one; None before.
    """

    def __init__(
        self, engine: Engine, media: Worker, scheduler: FairScheduler, phrases: PhraseCache
    ) -> None:
        self.bot: MynahBot | None = None
        self._engine, self._scheduler, self._phrases = engine, scheduler, phrases
        self._media = media

    def reading(self) -> Reading:
        """Return how everything stands."""
        bot = self.bot
        return Reading(
            connected=bot is not None and bot.condition().state == "ok",
            servers=len(bot.guilds) if bot is not None else 0,
            engine=self._engine_reading(),
            voice=bot.services.voice.reading() if bot is not None else VoiceReading(),
            workers=tuple(map(_worker_reading, (*self._engine.workers, self._media))),
            hits=self._phrases.stats.hits,
            misses=self._phrases.stats.misses,
        )

    def pulse(self) -> Pulse | None:
        """Return the pacer of the client; None while its thread does not run."""
        pacer = self.bot.services.voice.pacer if self.bot is not None else None
        return pacer if pacer is not None and pacer.running else None

    def _engine_reading(self) -> EngineReading:
        engine, scheduler, info = self._engine, self._scheduler, self._engine.info
        return EngineReading(
            ready=engine.ready,
            kind=info.kind if info else "",
            model=info.model if info else "",
            device=info.device if info else "",
            slots=scheduler.at_once(),
            working=scheduler.slots_taken,
            waiting=scheduler.waiting,
            devices=tuple(device.reading() for device in engine.devices),
        )


def _worker_reading(worker: Worker) -> WorkerReading:
    return WorkerReading(worker.name, worker.pid, worker.busy, worker.condition().restarts)
