"""What /status and `mynah status --json` tell; docs/cli.md names every key."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from bot import __version__
from bot.operations.health import Health
from bot.operations.readiness import ReadinessCheck
from bot.operations.vitals import Vitals


class Status:
    """Makes the document."""

    def __init__(
        self,
        vitals: Vitals,
        readiness: ReadinessCheck,
        health: Health,
        errors: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
        *,
        shards: str = "auto",
    ) -> None:
        """errors: the last records of the log at warning and above, oldest first. shards: those of
        this process, as they are configured.
        """
        self._vitals, self._readiness, self._errors = vitals, readiness, errors
        self._health, self._shards = health, shards
        self._began = time.monotonic()

    @property
    def uptime_seconds(self) -> float:
        """Since it was made, at the start of the bot."""
        return time.monotonic() - self._began

    async def document(self, *, private: bool) -> dict[str, Any]:
        """Return how everything stands, after a probe where readiness is not known.

        private: to whom may read the log, too; others are not told what is in it: the last errors,
        and reasons, which may hold paths.
        """
        readiness = await self._readiness.ask()
        reading = self._vitals.reading()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "shards": self._shards,
            "uptime_seconds": round(self.uptime_seconds, 1),
            "ready": readiness.ready,
            "reason": readiness.reason,
            "connected": reading.connected,
            "servers": reading.servers,
            "engine": asdict(reading.engine),
            "voice": asdict(reading.voice),
            "workers": [asdict(worker) for worker in reading.workers],
            "health": self._told_health(private=private),
            "phrases": {"hits": reading.hits, "misses": reading.misses},
            "errors": list(self._errors()) if private else [],
        }

    def _told_health(self, *, private: bool) -> dict[str, object]:
        report = self._health.snapshot()
        if not private:
            parts = tuple(replace(part, reason="", last_error="") for part in report.parts)
            report = replace(report, parts=parts)
        return report.as_json()
