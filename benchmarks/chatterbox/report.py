"""What the figures are called, what is asked of them, and how people are told. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STOCK, ALONE = "stock", "own alone"
DIFFERENT_LENGTHS, EQUAL_LENGTHS = "different lengths", "equal lengths"
EQUAL_TOGETHER = "equal lengths, in S3Gen together"

SOONER_ON_CPU, BATCH_ON_CPU = 3.0, 1.8
FIRST_PACKET_ON_GPU, ALONE_ON_GPU, REAL_TIME_ON_GPU = 0.5, 5.0, 20.0


def batch_name(batch: int) -> str:
    """Return what the rate of the own decoding in a batch is called."""
    return ALONE if batch == 1 else f"own, batch of {batch}"


def compared(texts: Mapping[str, Any], rates: Mapping[str, float]) -> dict[str, float]:
    """Return how many times better than stock Mynah is.

    texts, rates: the figures "three_sentences" and "tokens_per_second" of a result.
    """
    first = {way: text["first_packet_seconds"] for way, text in texts.items()}
    return {
        "first_packet_times_sooner": round(first["stock"] / first["mynah"], 2),
        "alone_times_faster": round(rates[ALONE] / rates[STOCK], 2),
        "batch_of_4_times_faster": round(rates[batch_name(4)] / rates[STOCK], 2),
    }


def goals(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is asked of full size: on two cores without a GPU, and on an NVIDIA GPU.

    Nothing of the tiny model, which is all overhead.
    """
    asked = {"cpu": _on_cpu, "cuda": _on_gpu}.get(result["device"]["kind"])
    return asked(result) if asked and result["size"] == "full" else []


def file_name(result: Mapping[str, Any]) -> str:
    """Return where a result is stored: one file for each size and kind of device."""
    return f"chatterbox-{result['size']}-{result['device']['kind']}.json"


def lines(result: Mapping[str, Any]) -> list[str]:
    """The result for people."""
    texts, precision = result["three_sentences"], result["precision"]
    return [
        f"{result['device']['name']}: stock in {precision['stock']}, own in {precision['own']},"
        f" {result['slots']} slots",
        f"{texts['stock']['speech_seconds']:.1f} s of speech in three sentences:",
        *(
            f"  {way:5}  first packet after {text['first_packet_seconds']:7.2f} s,"
            f" all after {text['total_seconds']:7.2f} s"
            for way, text in texts.items()
        ),
        "speech tokens a second (25 are one second of speech):",
        *(f"  {way:15} {rate:7.1f}" for way, rate in result["tokens_per_second"].items()),
        f"first packet {result['first_packet_times_sooner']:.1f} times sooner; alone"
        f" {result['alone_times_faster']:.1f} times stock's tokens, a batch of 4"
        f" {result['batch_of_4_times_faster']:.1f} times",
        *_memory_lines(result["memory_floor"]),
        "eight sentences at once:",
        *(
            f"  {kind}: {run['speech_seconds']:.1f} s of speech in {run['total_seconds']:.2f} s,"
            f" {run['times_real_time']:.2f} times real time"
            for kind, run in result["at_once"].items()
        ),
    ]


def _memory_lines(floor: Mapping[str, float]) -> list[str]:
    return [
        f"a token reads {floor['bytes_per_token'] / 1e6:.0f} MB; at"
        f" {floor['bytes_per_second'] / 1e9:.0f} GB/s that is {floor['floor_ms']:.3f} ms",
        f"own alone takes {floor['measured_ms']:.3f} ms: {floor['times_the_floor']:.1f} times"
        " the floor",
    ]


def _on_cpu(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    sooner, faster = result["first_packet_times_sooner"], result["batch_of_4_times_faster"]
    return [
        at_least("first packet sooner than stock's, times", sooner, SOONER_ON_CPU),
        at_least("tokens a second in a batch of 4, times stock's", faster, BATCH_ON_CPU),
    ]


def _on_gpu(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    faster = result["alone_times_faster"]
    first = result["three_sentences"]["mynah"]["first_packet_seconds"]
    together = result["at_once"][DIFFERENT_LENGTHS]["times_real_time"]
    return [
        at_least("tokens a second alone, times stock's", faster, ALONE_ON_GPU),
        {
            "name": "first packet, seconds",
            "measured": first,
            "limit": FIRST_PACKET_ON_GPU,
            "met": first <= FIRST_PACKET_ON_GPU,
        },
        at_least("eight sentences at once, times real time", together, REAL_TIME_ON_GPU),
    ]


def at_least(name: str, measured: float, limit: float) -> dict[str, Any]:
    """Return a goal that is met from `limit` on."""
    measured = round(measured, 3)
    return {"name": name, "measured": measured, "limit": limit, "met": measured >= limit}


def at_most(name: str, measured: float, limit: float) -> dict[str, Any]:
    """Return a goal that is met up to `limit`."""
    measured = round(measured, 3)
    return {"name": name, "measured": measured, "limit": limit, "met": measured <= limit}
