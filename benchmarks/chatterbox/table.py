"""The rows of the table: what they are, what is asked of them, and how people are told.

Needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.chatterbox.report import ALONE, STOCK, at_least, at_most

THREE, LONG = "three sentences", "600 letters"

ENGLISH_TOTAL, ENGLISH_SOONER, STEP_FASTER = 0.7, 6.0, 2.0
NANO_REAL_TIME, NANO_FIRST_SECONDS, NANO_TOTAL = 0.8, 1.5, 0.5

COMPUTED_CORES = (4, 8)


@dataclass(frozen=True, slots=True)
class Row:
    """way: stock or own. threads: None for all that were asked for. prompt_seconds: the setting."""

    way: str
    model: str
    threads: int | None = None
    prompt_seconds: float | None = None


ROWS: Mapping[str, Row] = {
    "stock english": Row("stock", "english"),
    "own english": Row("own", "english"),
    "stock nano": Row("stock", "nano"),
    "own nano": Row("own", "nano"),
    "own nano, 1 core": Row("own", "nano", 1),
    "own nano, prompt 5 s": Row("own", "nano", prompt_seconds=5.0),
    "stock turbo": Row("stock", "turbo"),
    "own turbo": Row("own", "turbo"),
}
"""By name, the models one after the other, what is asked for first. Stock nano is the stock Turbo
class with Nano's backbone."""


def table_goals(rows: Mapping[str, Any], *, size: str) -> list[dict[str, Any]]:
    """What is asked of full size on two cores, as far as the rows are there."""
    if size != "full":
        return []
    goals = []
    stock, own = rows.get("stock english"), rows.get("own english")
    if stock and own:
        total = own["texts"][THREE]["total_seconds"] / stock["texts"][THREE]["total_seconds"]
        first = (
            stock["texts"][THREE]["first_packet_seconds"]
            / own["texts"][THREE]["first_packet_seconds"]
        )
        step = own["tokens_per_second"][ALONE] / stock["tokens_per_second"][STOCK]
        goals += [
            at_most("english: all of three sentences, times stock's", total, ENGLISH_TOTAL),
            at_least("english: first packet sooner than stock's, times", first, ENGLISH_SOONER),
            at_least("english: tokens a second alone, times stock's", step, STEP_FASTER),
        ]
    return goals + _nano_goals(rows.get("stock nano"), rows.get("own nano"))


def _nano_goals(stock: Mapping[str, Any] | None, own: Mapping[str, Any] | None) -> list[Any]:
    if not own:
        return []
    text = own["texts"][THREE]
    goals = [
        at_most("nano: real-time factor", text["real_time_factor"], NANO_REAL_TIME),
        at_most("nano: first packet, seconds", text["first_packet_seconds"], NANO_FIRST_SECONDS),
    ]
    if stock:
        total = text["total_seconds"] / stock["texts"][THREE]["total_seconds"]
        goals.append(at_most("nano: all of three sentences, times stock's", total, NANO_TOTAL))
    return goals


def by_cores(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Return Nano's real-time factor by number of cores: measured, and computed from those.

    Computed by Amdahl's law: what one core and more take tells what does not share its work.
    """
    one, more = rows.get("own nano, 1 core"), rows.get("own nano")
    if not one or not more or more["threads"] <= 1:
        return {}
    cores = more["threads"]
    alone, shared = (row["texts"][THREE]["real_time_factor"] for row in (one, more))
    parallel = (alone - shared) / (1 - 1 / cores)
    computed = {n: round(alone - parallel * (1 - 1 / n), 3) for n in COMPUTED_CORES if n > cores}
    return {"measured": {1: alone, cores: shared}, "computed": computed}


def table_lines(rows: Mapping[str, Any]) -> list[str]:
    """The rows for people."""
    head = (
        f"{'':22}{THREE:>22}{LONG:>24}{'tokens a second':>20}{'memory, GB':>16}",
        f"{'':22}{'first':>8}{'all':>8}{'RTF':>6}{'first':>10}{'all':>8}{'RTF':>6}"
        f"{'alone':>12}{'batch':>8}{'usual':>8}{'peak':>8}",
    )
    told = [*head, *(_line(name, row) for name, row in rows.items())]
    for name, row in rows.items():
        spent = row["texts"][THREE]["spent_seconds"]
        if spent:
            total, last = row["texts"][THREE]["total_seconds"], spent.get("vocode", 0.0)
            told.append(
                f"{name}, three sentences: {last:.1f} of {total:.1f} s in S3Gen and HiFT, which "
                f"take turns with the decoding: {total - last:.1f}"
            )
    cores = by_cores(rows)
    if cores:
        told.append(f"nano's real-time factor by cores: {_pairs(cores['measured'])} (measured)")
        told.append(f"  {_pairs(cores['computed'])} (computed by Amdahl's law, not measured)")
    return told


def _line(name: str, row: Mapping[str, Any]) -> str:
    texts = "".join(
        f"{row['texts'][text]['first_packet_seconds']:{width}.2f}"
        f"{row['texts'][text]['total_seconds']:8.1f}{row['texts'][text]['real_time_factor']:6.2f}"
        for text, width in ((THREE, 8), (LONG, 10))
    )
    alone, *batch = row["tokens_per_second"].values()
    together = f"{batch[-1]:8.1f}" if batch else f"{'-':>8}"
    memory = f"{row['memory_bytes'] / 1e9:8.1f}{row['peak_memory_bytes'] / 1e9:8.1f}"
    return f"{name:22}{texts}{alone:12.1f}{together}{memory}"


def _pairs(factors: Mapping[Any, float]) -> str:
    return ", ".join(f"{cores}: {factor:.2f}" for cores, factor in factors.items())
