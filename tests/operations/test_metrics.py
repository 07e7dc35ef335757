"""Figures: what is counted, and that nobody can make more series than the program has words."""

import os
import re

import pytest

from bot.condition import Condition
from bot.operations.figures import Figures, SentenceFacts, UtteranceFacts
from bot.operations.health import Health
from bot.operations.memory import resident_bytes
from bot.operations.metrics import MOST_KINDS, Metrics
from bot.operations.vitals import DeviceReading, WorkerReading
from bot.speech.types import Speech
from tests.operations.standing import Standing

TIMINGS = {"decode": 1.0, "vocode": 0.5, "encode": 0.1}


def spoken(timings: dict[str, float], retries: int = 0) -> SentenceFacts:
    return SentenceFacts(0.2, 2.0, 0.5, Speech((b"x",), 4.0, timings, retries=retries))


def utterance(guild_id: int = 7, rank: str = "say", end: str = "played") -> UtteranceFacts:
    return UtteranceFacts(guild_id, rank, end, 0.1, 0.3, 2.0, 4.0, 2, 1, 0)


@pytest.fixture
def metrics() -> Metrics:
    health = Health()
    health.watch("engine", lambda: Condition("ok"))
    health.watch("discord", lambda: Condition("failing", "away"))
    workers = (WorkerReading("engine worker", os.getpid(), False, 3),)
    return Metrics(Standing(workers=workers), health, lambda: {"engine failed": 2})


def value(metrics: Metrics, series: str) -> float:
    page = metrics.page()[0].decode()
    (line,) = (line for line in page.splitlines() if line.startswith(f"{series} "))
    return float(line.rpartition(" ")[2])


def test_a_sentence_is_counted_with_its_stages(metrics: Metrics) -> None:
    metrics.sentence(spoken(TIMINGS, retries=2))
    metrics.sentence(spoken({**TIMINGS, "conditionals": 0.4}))
    metrics.sentence(SentenceFacts(0.0, 1.0, 1.0, None))
    assert value(metrics, 'mynah_sentences_total{result="spoken"}') == 2
    assert value(metrics, 'mynah_sentences_total{result="failed"}') == 1
    assert value(metrics, 'mynah_stage_seconds_total{stage="t3"}') == 2.0
    assert value(metrics, 'mynah_stage_seconds_total{stage="s3gen"}') == 1.0
    assert value(metrics, 'mynah_prepared_voices_total{result="hit"}') == 1
    assert value(metrics, 'mynah_prepared_voices_total{result="miss"}') == 1
    assert value(metrics, "mynah_speech_seconds_total") == 8.0
    assert value(metrics, "mynah_sentence_retries_total") == 2
    assert value(metrics, 'mynah_real_time_factor_bucket{le="0.5"}') == 2
    assert value(metrics, 'mynah_batch_fill_ratio_bucket{le="0.5"}') == 2


def test_several_engines_are_told_apart_by_their_device(metrics: Metrics) -> None:
    assert "mynah_device_" not in metrics.page()[0].decode()
    devices = (
        DeviceReading("cuda:0", True, 8, 3, 40, 90.5, 120.0),
        DeviceReading("cuda:1", False, 8, 0, 0, 0.0, None),
    )
    several = Metrics(Standing(devices=devices), Health())
    assert value(several, 'mynah_device_ready{device="cuda:0"}') == 1
    assert value(several, 'mynah_device_ready{device="cuda:1"}') == 0
    assert value(several, 'mynah_device_slots_taken{device="cuda:0"}') == 3
    assert value(several, 'mynah_device_sentences_total{device="cuda:0"}') == 40
    assert value(several, 'mynah_device_speech_seconds_total{device="cuda:0"}') == 90.5
    assert value(several, 'mynah_device_letters_per_second{device="cuda:0"}') == 120
    assert value(several, 'mynah_device_letters_per_second{device="cuda:1"}') == 0


def test_an_utterance_is_counted_with_its_waits(metrics: Metrics) -> None:
    metrics.utterance(utterance())
    assert value(metrics, 'mynah_utterances_total{end="played",rank="say"}') == 1
    assert value(metrics, 'mynah_first_packet_seconds_sum{rank="say"}') == 0.3
    assert value(metrics, 'mynah_queue_seconds_sum{rank="say"}') == 0.1
    assert value(metrics, "mynah_sentences_cached_total") == 1


def test_what_is_read_off_the_bot_is_on_the_page(metrics: Metrics) -> None:
    assert value(metrics, "mynah_voice_connections") == 2
    assert value(metrics, "mynah_packets_total") == 500
    assert value(metrics, "mynah_packets_late_total") == 5
    assert value(metrics, 'mynah_phrases_total{result="hit"}') == 3
    assert value(metrics, 'mynah_part_ok{part="engine"}') == 1
    assert value(metrics, 'mynah_part_ok{part="discord"}') == 0
    assert value(metrics, 'mynah_worker_restarts_total{worker="engine worker"}') == 3
    assert value(metrics, 'mynah_errors_total{kind="engine failed"}') == 2
    assert value(metrics, 'mynah_resident_memory_bytes{process="bot"}') > 1e7


def test_lag_of_the_loop_is_counted(metrics: Metrics) -> None:
    metrics.lag(0.3)
    assert value(metrics, 'mynah_event_loop_lag_seconds_bucket{le="0.25"}') == 0
    assert value(metrics, 'mynah_event_loop_lag_seconds_bucket{le="0.5"}') == 1


def series(metrics: Metrics) -> int:
    return sum(not line.startswith("#") for line in metrics.page()[0].decode().splitlines())


def test_servers_are_no_series(metrics: Metrics) -> None:
    metrics.utterance(utterance())
    before = series(metrics)
    for guild_id in range(1000):
        metrics.utterance(utterance(guild_id))
    assert series(metrics) == before


def test_whatever_is_refused_the_series_are_bounded(metrics: Metrics) -> None:
    metrics.sentence(spoken(TIMINGS))
    before = series(metrics)
    for number in range(500):
        metrics.refused(f"kind {number}")
        metrics.sentence(spoken({f"stage {number}": 1.0}))
    assert series(metrics) - before == MOST_KINDS + 1 + 1  # the kinds, and "other" of each


def test_no_label_holds_a_number_of_discords(metrics: Metrics) -> None:
    metrics.utterance(utterance(guild_id=175928847299117063))
    labels = re.findall(r'="([^"]*)"', metrics.page()[0].decode())
    assert labels
    assert not [label for label in labels if re.search(r"\d{17}", label)]


def test_all_observers_hear_and_none_is_needed() -> None:
    figures, told = Figures(), []

    class Hearing:
        def sentence(self, facts: SentenceFacts) -> None:
            told.append(facts)

        def utterance(self, facts: UtteranceFacts) -> None:
            told.append(facts)

        def refused(self, kind: str) -> None:
            told.append(kind)

    figures.refused("BusyError")
    for _ in range(2):
        figures.observe(Hearing())
    figures.refused("BusyError")
    figures.utterance(utterance())
    assert told == ["BusyError", "BusyError", utterance(), utterance()]


def test_a_process_that_has_ended_has_no_memory() -> None:
    assert resident_bytes(2**22 + 1) is None
