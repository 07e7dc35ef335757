"""Figures for Prometheus. Needs the extra `metrics`; nothing else imports prometheus_client.

What happens is counted when it is reported; what merely is, is read off when somebody asks. A label
holds only words of this program: the classes of refusals, the ends of utterances, the parts. Never
a name or an id, of which a stranger could make as many as they like.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot import __version__
from bot.operations.figures import SentenceFacts, UtteranceFacts
from bot.operations.health import Health
from bot.operations.snapshot_metrics import SnapshotCollector
from bot.operations.vitals import Vitals
from bot.speech.types import Speech

MOST_KINDS = 64
"""Kinds of refusals and errors that have a name of their own; the rest are "other"."""

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 40, 80)
FACTORS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)
FILLS = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1)
LAGS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)

STAGES: Mapping[str, str] = {
    "decode": "t3",
    "vocode": "s3gen",
    "conditionals": "prepare",
    "synthesis": "synthesis",
    "check": "check",
    "watermark": "watermark",
    "master": "master",
    "encode": "encode",
    "retry": "retry",
}
"""Stages of an engine's timings, and what they are called here; others are "other"."""


class Kinds:
    """Gives the first so many words a label of their own."""

    def __init__(self, most: int = MOST_KINDS) -> None:
        self._most, self._known = most, set[str]()

    def label(self, word: str) -> str:
        """Return the word, or "other"."""
        if word not in self._known and len(self._known) >= self._most:
            return "other"
        self._known.add(word)
        return word


class Metrics:
    """An observer that counts, and the page that Prometheus reads."""

    def __init__(
        self,
        vitals: Vitals,
        health: Health,
        errors: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """errors: how many records at error and above the log had, by kind."""
        # They double the page, and tell no more than when the bot started.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        registry.register(SnapshotCollector(vitals, health, errors))
        self._kinds = Kinds()
        self._define_speech(registry)
        self._define_engine(registry)
        self._refusals = Counter(
            "mynah_refusals", "What members were told cannot be done", ["kind"], registry=registry
        )
        self._lag = Histogram(
            "mynah_event_loop_lag_seconds",
            "How late the event loop comes round",
            buckets=LAGS,
            registry=registry,
        )
        info = Gauge("mynah_build_info", "The version that runs", ["version"], registry=registry)
        info.labels(__version__).set(1)
        began = Gauge("mynah_start_time_seconds", "When the bot started", registry=registry)
        began.set(time.time())

    def _define_speech(self, registry: CollectorRegistry) -> None:
        self._first_packet = Histogram(
            "mynah_first_packet_seconds",
            "From an utterance's turn in its channel to its first packet",
            ["rank"],
            buckets=SECONDS,
            registry=registry,
        )
        self._queue = Histogram(
            "mynah_queue_seconds",
            "From the wish to an utterance's turn in its channel",
            ["rank"],
            buckets=SECONDS,
            registry=registry,
        )
        self._utterances = Counter(
            "mynah_utterances", "Texts that ended", ["rank", "end"], registry=registry
        )
        self._cached = Counter(
            "mynah_sentences_cached", "Sentences that needed no engine", registry=registry
        )

    def _define_engine(self, registry: CollectorRegistry) -> None:
        self._engine_queue = Histogram(
            "mynah_engine_queue_seconds",
            "From the wish for a sentence to its place in the engine",
            buckets=SECONDS,
            registry=registry,
        )
        self._synthesis = Histogram(
            "mynah_synthesis_seconds",
            "What the engine takes for a sentence",
            buckets=SECONDS,
            registry=registry,
        )
        self._factor = Histogram(
            "mynah_real_time_factor",
            "Seconds of work for a second of speech, by sentence",
            buckets=FACTORS,
            registry=registry,
        )
        self._fill = Histogram(
            "mynah_batch_fill_ratio",
            "Slots of the engine that are taken when a sentence begins",
            buckets=FILLS,
            registry=registry,
        )
        self._speech = Counter("mynah_speech_seconds", "Speech that was made", registry=registry)
        self._sentences = Counter(
            "mynah_sentences", "Sentences the engine was asked for", ["result"], registry=registry
        )
        self._stages = Counter(
            "mynah_stage_seconds", "What the engine works on", ["stage"], registry=registry
        )
        self._retries = Counter(
            "mynah_sentence_retries", "Sentences spoken again", registry=registry
        )
        self._prepared = Counter(
            "mynah_prepared_voices",
            "Whether a voice was prepared already",
            ["result"],
            registry=registry,
        )

    def page(self) -> tuple[bytes, str]:
        """Return the page and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def lag(self, seconds: float) -> None:
        """Count how late the event loop was."""
        self._lag.observe(seconds)

    def sentence(self, facts: SentenceFacts) -> None:
        """See `bot.operations.figures.Observer`."""
        self._engine_queue.observe(facts.queued_seconds)
        self._fill.observe(facts.fill)
        self._sentences.labels("spoken" if facts.speech is not None else "failed").inc()
        if facts.speech is not None:
            self._synthesis.observe(facts.seconds)
            self._spoken(facts.seconds, facts.speech)

    def _spoken(self, seconds: float, speech: Speech) -> None:
        if speech.seconds > 0:
            self._factor.observe(seconds / speech.seconds)
        self._speech.inc(speech.seconds)
        self._retries.inc(speech.retries)
        for stage, spent in speech.timings.items():
            self._stages.labels(STAGES.get(stage, "other")).inc(max(0.0, spent))
        if "decode" in speech.timings:  # an engine that prepares voices
            prepared = "conditionals" not in speech.timings
            self._prepared.labels("hit" if prepared else "miss").inc()

    def utterance(self, facts: UtteranceFacts) -> None:
        """See `bot.operations.figures.Observer`."""
        self._utterances.labels(facts.rank, facts.end).inc()
        self._queue.labels(facts.rank).observe(facts.queued)
        self._cached.inc(facts.cached)
        if facts.first_packet is not None:
            self._first_packet.labels(facts.rank).observe(facts.first_packet)

    def refused(self, kind: str) -> None:
        """See `bot.operations.figures.Observer`."""
        self._refusals.labels(self._kinds.label(kind)).inc()
