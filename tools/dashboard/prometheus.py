"""A Prometheus on this machine, such as Debian's, and the questions that a panel asks it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

SCRAPE_SECONDS = 2
ADDRESS = "127.0.0.1:9465"
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel: times in s since 1970, and values."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Prometheus:
    """Asks one that runs."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def range(self, expression: str, begin: float, end: float, step: float) -> list[Series]:
        """Return what an expression was over a time. Raises RuntimeError where it is wrong."""
        answer = await self._get("query_range", query=expression, start=begin, end=end, step=step)
        return [
            Series(each["metric"], [(float(t), float(v)) for t, v in each["values"]])
            for each in answer["result"]
        ]

    async def _get(self, path: str, **parameters: Any) -> Any:
        url = f"http://{ADDRESS}/api/v1/{path}"
        async with self._session.get(url, params=parameters) as response:
            answer = await response.json()
        if answer["status"] != "success":
            raise RuntimeError(f"{parameters}: {answer['error']}")
        return answer["data"]


@asynccontextmanager
async def running(program: Path, data: Path, port: int) -> AsyncIterator[Prometheus]:
    """Run Prometheus over a directory of its own; it reads the bot's figures from a port."""
    configuration = await asyncio.to_thread(_configuration, data, port)
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={ADDRESS}",
        "--log.level=error",
    )
    try:
        async with aiohttp.ClientSession() as session:
            await _until_ready(session)
            yield Prometheus(session)
    finally:
        process.terminate()
        await process.wait()


def _configuration(data: Path, port: int) -> Path:
    data.mkdir(parents=True, exist_ok=True)
    path = data / "prometheus.yml"
    path.write_text(
        f"global: {{scrape_interval: {SCRAPE_SECONDS}s}}\n"
        "scrape_configs:\n"
        f"  - {{job_name: mynah, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n",
        encoding="utf-8",
    )
    return path


async def _until_ready(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://{ADDRESS}/-/ready") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)
