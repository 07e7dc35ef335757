"""Figures that are read off the running bot when Prometheus asks, and cost nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.operations.health import Health
from bot.operations.memory import resident_bytes
from bot.operations.vitals import Reading, Vitals


class SnapshotCollector(Collector):
    """Looks at everything once a scrape, on the event loop."""

    def __init__(
        self, vitals: Vitals, health: Health, errors: Callable[[], Mapping[str, int]]
    ) -> None:
        """errors: see `bot.operations.metrics.Metrics`."""
        self._vitals, self._health, self._errors = vitals, health, errors

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering asks no running bot."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all figures."""
        reading = self._vitals.reading()
        yield from _gauges(reading)
        yield from _counters(reading)
        yield from _workers(reading)
        yield from _devices(reading)
        health = GaugeMetricFamily(
            "mynah_part_ok", "Whether a part does its work or is not needed", labels=["part"]
        )
        for part in self._health.snapshot().parts:
            health.add_metric([part.part], part.state in ("ok", "off"))
        yield health
        errors = CounterMetricFamily(
            "mynah_errors", "Records of the log at error and above", labels=["kind"]
        )
        for kind, number in self._errors().items():
            errors.add_metric([kind], number)
        yield errors


def _gauges(reading: Reading) -> Iterator[Metric]:
    engine, voice = reading.engine, reading.voice
    for name, told, value in (
        ("connected", "Whether Discord can be served", reading.connected),
        ("servers", "Servers that the bot is on", reading.servers),
        ("engine_ready", "Whether the engine is loaded", engine.ready),
        ("engine_slots", "Sentences that the engine works on together", engine.slots),
        ("engine_slots_taken", "Slots that are taken", engine.working),
        ("sentences_waiting", "Sentences that wait for the engine", engine.waiting),
        ("voice_connections", "Voice channels that the bot is in", voice.connections),
        ("voice_speaking", "Voice channels in which it speaks", voice.speaking),
        ("utterances_waiting", "Texts that are said or wait", voice.waiting),
        ("packet_lateness_max_seconds", "The latest packet so far", voice.max_late_seconds),
        ("pacer_realtime", "Whether the pacer runs before other programs", voice.realtime),
    ):
        yield GaugeMetricFamily(f"mynah_{name}", told, value=float(value))


def _counters(reading: Reading) -> Iterator[Metric]:
    voice = reading.voice
    for name, told, value in (
        ("packets", "Packets of 20 ms that were sent", voice.packets),
        ("packets_late", "Of them, more than 20 ms late", voice.late),
        ("packets_reanchored", "Of them, more than 100 ms late: a break", voice.reanchored),
        ("packet_lateness_seconds", "Lateness of all packets together", voice.late_seconds),
    ):
        yield CounterMetricFamily(f"mynah_{name}", told, value=float(value))
    phrases = CounterMetricFamily(
        "mynah_phrases", "Short texts that were looked up among kept ones", labels=["result"]
    )
    phrases.add_metric(["hit"], reading.hits)
    phrases.add_metric(["miss"], reading.misses)
    yield phrases


def _workers(reading: Reading) -> Iterator[Metric]:
    restarts = CounterMetricFamily(
        "mynah_worker_restarts", "Child processes that were lost", labels=["worker"]
    )
    memory = GaugeMetricFamily(
        "mynah_resident_memory_bytes", "Memory of a process", labels=["process"]
    )
    processes = [("bot", os.getpid())]
    for worker in reading.workers:
        restarts.add_metric([worker.name], worker.restarts)
        if worker.pid is not None:
            processes.append((worker.name, worker.pid))
    for name, pid in processes:
        resident = resident_bytes(pid)
        if resident is not None:
            memory.add_metric([name], resident)
    yield restarts
    yield memory


def _devices(reading: Reading) -> Iterator[Metric]:
    """Yield the figures of several engines; their names come from the configuration."""
    devices = reading.engine.devices
    if not devices:
        return
    for family, name, told, values in (
        (GaugeMetricFamily, "ready", "Whether the engine of a device can speak",
         [device.ready for device in devices]),
        (GaugeMetricFamily, "slots", "Sentences that it works on together",
         [device.slots for device in devices]),
        (GaugeMetricFamily, "slots_taken", "Slots of it that are taken",
         [device.working for device in devices]),
        (GaugeMetricFamily, "letters_per_second", "How quick it was of late; 0 at first",
         [device.letters_per_second or 0.0 for device in devices]),
        (CounterMetricFamily, "sentences", "Sentences that it made",
         [device.sentences for device in devices]),
        (CounterMetricFamily, "speech_seconds", "Speech that it made",
         [device.speech_seconds for device in devices]),
    ):  # fmt: skip
        metric = family(f"mynah_device_{name}", told, labels=["device"])
        for device, value in zip(devices, values, strict=True):
            metric.add_metric([device.name], float(value))
        yield metric
