"""What goes wrong during a soak, at random moments: Discord, its servers, the workers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

from loopback import LoopbackDiscord
from loopback.downloads import ends_early, gives
from tests.e2e.soak.members import Server
from tests.e2e.soak.series import Watch

ANSWERS = "* /webhooks/*"
ANY = "*"


class Troubles:
    """Orders a fault now and then."""

    def __init__(
        self, discord: LoopbackDiscord, servers: list[Server], watch: Watch, chance: random.Random
    ) -> None:
        self.ordered: Counter[str] = Counter()
        self._discord, self._servers = discord, servers
        self._watch, self._chance = watch, chance
        faults, cdn = discord.faults, discord.world.cdn
        self._kinds: dict[str, Callable[[], object]] = {
            "429": lambda: faults.fail_next(ANY, 429, retry_after=0.5),
            "429 global": lambda: faults.fail_next(ANY, 429, retry_after=0.5, everywhere=True),
            "500": lambda: faults.fail_next(ANSWERS, 500),
            "502": lambda: faults.fail_next(ANSWERS, 502),
            "slow": lambda: faults.slow_next(ANSWERS, 10.0),
            "reset": lambda: faults.reset_next(ANY),
            "garbled": lambda: faults.garble_next("POST /channels/*/messages", handled=True),
            "gateway asks to reconnect": discord.gateway.reconnect,
            "gateway closes 4000": lambda: discord.close_gateway(4000),
            "gateway closes 1006": lambda: discord.close_gateway(1006),
            "session invalid, resumable": lambda: discord.gateway.invalidate_session(
                resumable=True
            ),
            "voice closes 4006": lambda: self._close_voice(4006),
            "voice closes 4009": lambda: self._close_voice(4009),
            "voice closes 4015": lambda: self._close_voice(4015),
            "voice server moves": self._move_region,
            "download ends early": lambda: cdn.spoil_next(ends_early()),
            "download of another size": lambda: cdn.spoil_next(gives(b"other")),
        }

    async def go_on(self, every_seconds: float, kills: list[float]) -> None:
        """Order one about every so many seconds, and kill a worker at those moments (s)."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * every_seconds)
            if kills and loop.time() - start > kills[0]:
                kills.pop(0)
                self._kill()
                continue
            name = self._chance.choice(list(self._kinds))
            self._kinds[name]()
            self.ordered[name] += 1

    def _kill(self) -> None:
        workers = self._watch.workers()
        if workers:
            victim = self._chance.choice(workers)
            self.ordered[f"kill of the {victim.cmdline()[-1]}"] += 1
            victim.kill()

    def _connected(self) -> Server | None:
        there = [s for s in self._servers if s.guild.id in self._discord.voice.connections]
        return self._chance.choice(there) if there else None

    def _close_voice(self, code: int) -> None:
        if (server := self._connected()) is not None:
            self._discord.close_voice(server.guild, code)

    def _move_region(self) -> None:
        if (server := self._connected()) is not None:
            self._discord.voice.move_region(server.guild)
