"""The tables of docs/scale.md, as the stored result has them.

python -m benchmarks.simulation.tables
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parent.parent / "results" / "scale.json"


def first_sounds(cases: Sequence[dict[str, Any]]) -> list[str]:
    """Return a row for each number of servers: first sound, utilisation, refused texts."""
    rows: dict[int, list[dict[str, Any]]] = {}
    for case in cases:
        rows.setdefault(case["servers"], []).append(case)
    cards = [case["cards"] for case in next(iter(rows.values()))]
    heads = [f"{number} GPU{'s' * (number > 1)}" for number in cards]
    return [
        _row(["servers (of which speak at a time)", *heads]),
        _row(["---"] * (len(cards) + 1)),
        *(
            # Where there are most cards, nobody is kept from speaking.
            _row([f"{servers:,} ({own[-1]['speaking_at_a_time']:.0f})", *map(_case, own)])
            for servers, own in rows.items()
        ),
    ]


def decisions(told: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Return a row for each number of servers that wait: what a decision took and takes."""
    situations = list(next(iter(told.values())))
    heads = [head for situation in situations for head in (f"{situation}, before", "now")]
    return [
        _row(["servers that wait", *heads]),
        _row(["---"] * (len(heads) + 1)),
        *(
            _row([f"{int(waiting):,}", *_milliseconds(each[name] for name in situations)])
            for waiting, each in told.items()
        ),
    ]


def enough(fewest: dict[int, int | None]) -> str:
    """Return how many cards are enough; fewest: see `benchmarks.scale.enough`."""
    return ", ".join(
        f"{cards} GPU{'s' * (cards > 1)} for {servers:,} servers"
        if cards is not None
        else f"more than 16 for {servers:,}"
        for servers, cards in fewest.items()
    )


def _case(case: dict[str, Any]) -> str:
    first, refused = case["first_sound_seconds"], case["refused_share"]
    told = [
        f"{first['p50']:.1f}, {first['p95']:.1f} s",
        # Work that was begun before is counted when it ends, so a full card may tell a bit more.
        f"{min(1.0, case['utilisation']):.0%} busy",
    ]
    if refused:
        told.append(f"{refused:.0%} refused" if refused >= 0.01 else f"{refused:.1%} refused")
    return "; ".join(told)


def _milliseconds(situations: Iterator[dict[str, float]]) -> Iterator[str]:
    for times in situations:
        yield f"{times['before_ms']:.2f} ms"
        yield f"{times['now_ms']:.2f} ms"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    result = json.loads(RESULT.read_text())["result"]
    print(*first_sounds(result["cases"]), *decisions(result["decisions"]), sep="\n")
