"""How long an upload takes, and how much memory the longest one.

Enrolment is compared with the least that any enrolment must do, decoding with PyAV and resampling
with librosa, in the same warm worker, turn by turn.
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bot.enrolment.service import EnrolmentService
from bot.enrolment.types import EnrolmentLimits
from bot.worker_answers import MEDIA_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.samples import RATE, encode, speech_samples

REPETITIONS = 15
UPLOAD_SECONDS = 60
LONG_SECONDS = 599
MAX_RATIO = 4.0
MAX_PEAK_MB = 250.0
WORKER_LIMITS = WorkerLimits(call_seconds=300, cpu_seconds=120, memory_bytes=2048 * 2**20)
"""The defaults of the configuration."""


async def run() -> dict[str, Any]:
    """Measure and return the figures."""
    speech = speech_samples(UPLOAD_SECONDS)
    upload = encode(speech, 44_100, "mp3", "libmp3lame", 2)
    speed = await measure_speed(upload)
    repeated = np.tile(speech, -(-LONG_SECONDS // UPLOAD_SECONDS))[: LONG_SECONDS * RATE]
    memory = await measure_memory(encode(repeated, 48_000, "mp3", "libmp3lame", 2))
    goals = [
        goal(f"{UPLOAD_SECONDS} s mp3 over bare decode and resample, warm, times",
             speed["ratio"], MAX_RATIO),
        goal("peak memory of a 10 minute upload over idle, MB", memory["peak_mb"], MAX_PEAK_MB),
    ]  # fmt: skip
    return {"speed": speed, "memory": memory, "goals": goals}


def lines(result: dict[str, Any]) -> list[str]:
    """The figures for a person."""
    speed, memory = result["speed"], result["memory"]
    return [
        f"{UPLOAD_SECONDS} s stereo mp3: enrolled in {speed['enrol_ms']:.0f} ms (warm, median of "
        f"{REPETITIONS}), bare decode and resample {speed['bare_ms']:.0f} ms",
        f"storing the voice: {speed['store_ms']:.0f} ms more",
        f"cold, from starting the worker: {speed['cold_s']:.1f} s; warming alone "
        f"{speed['warm_s']:.1f} s",
        f"10 minute upload: {memory['seconds']:.1f} s, peak {memory['peak_mb']:.0f} MB over "
        f"{memory['idle_mb']:.0f} MB idle",
    ]


def goal(name: str, measured: float, limit: float) -> dict[str, Any]:
    """One line of what was wanted and what was measured."""
    return {"name": name, "measured": measured, "limit": limit, "met": measured <= limit}


async def measure_speed(upload: bytes) -> dict[str, float]:
    """Time a cold enrolment, then warm ones and bare ones in turn."""
    async with open_service() as (service, _, _):
        _, cold = await timed(service.prepare(upload))
    async with open_service() as (service, worker, voices):
        _, warm = await timed(service.warm())
        bare, enrol, store = [], [], []
        for turn in range(REPETITIONS):
            bare.append((await timed(worker.run(decode_and_resample, upload)))[1])
            sample, seconds = await timed(service.prepare(upload))
            enrol.append(seconds)
            saved = voices.add(NewVoice(0, f"voice {turn}"), sample.clip)
            store.append((await timed(saved))[1])
    return {
        "cold_s": round(cold, 2),
        "warm_s": round(warm, 2),
        "bare_ms": round(1000 * statistics.median(bare), 1),
        "enrol_ms": round(1000 * statistics.median(enrol), 1),
        "store_ms": round(1000 * statistics.median(store), 1),
        # Of neighbours in time, so that what else the machine does weighs on both.
        "ratio": round(statistics.median(e / b for e, b in zip(enrol, bare, strict=True)), 2),
    }


def decode_and_resample(data: bytes) -> int:
    """The bare minimum, in the worker: PyAV decode, downmix, librosa resample to 24 kHz."""
    import av
    import librosa

    with av.open(io.BytesIO(data)) as container:
        rate = container.streams.audio[0].rate
        mono = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    resampled = librosa.resample(
        np.concatenate(mono), orig_sr=rate, target_sr=RATE, res_type="soxr_hq"
    )
    return len(resampled)


async def measure_memory(upload: bytes) -> dict[str, float]:
    """Compare the worker's peak during the longest upload with its idle size once warm."""
    async with open_service() as (service, worker, _):
        await service.warm()
        assert worker.pid is not None
        idle = memory_mb(worker.pid, "VmRSS")
        reset_peak(worker.pid)
        _, seconds = await timed(service.prepare(upload))
        peak = memory_mb(worker.pid, "VmHWM")
    return {
        "idle_mb": round(idle, 1),
        "peak_mb": round(peak - idle, 1),
        "seconds": round(seconds, 2),
        "upload_mb": round(len(upload) / 1e6, 1),
    }


def memory_mb(pid: int, field: str) -> float:
    """Read a figure of /proc/PID/status in MB of a million bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith(field)]
    return int(line.split()[1]) * 1024 / 1e6


def reset_peak(pid: int) -> None:
    """Set the peak of a process back to its present size, as Linux allows."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


@asynccontextmanager
async def open_service() -> AsyncIterator[tuple[EnrolmentService, Worker, VoiceStore]]:
    """A service with a fresh worker and an empty store."""
    worker = Worker("media worker", WORKER_LIMITS, answers=MEDIA_ANSWERS)
    with tempfile.TemporaryDirectory() as directory:
        try:
            async with VoiceStore.open(Path(directory)) as store:
                yield EnrolmentService(worker, store, EnrolmentLimits()), worker, store
        finally:
            await worker.close()


async def timed(call: Awaitable[Any]) -> tuple[Any, float]:
    """Wait for a call; return its result and the seconds that it took."""
    start = time.perf_counter()
    result = await call
    return result, time.perf_counter() - start
