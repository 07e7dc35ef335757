"""Draws the panels of the dashboard from what Prometheus answers, without Grafana."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from tools.dashboard.prometheus import Prometheus, Series

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "mynah.json"
WIDTH, HEIGHT, LEFT = 360, 120, 52
VARIABLES = {"$__rate_interval": "30s", "$instance": ".*"}
"""What Grafana puts in their place: here all processes."""

COLOURS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 12px sans-serif; }
#dashboard { display: grid; grid-template-columns: repeat(3, 440px); gap: 8px; padding: 12px;
             width: 1344px; }
section { background: #181b1f; border: 1px solid #2a2d33; border-radius: 3px; padding: 8px; }
h2 { font-size: 13px; margin: 0 0 6px; font-weight: 600; }
svg text { fill: #8e8e9c; font: 10px sans-serif; }
ul { list-style: none; margin: 4px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 12px; }
li::before { content: ""; display: inline-block; width: 12px; height: 3px; margin: 0 5px 3px 0;
             background: var(--colour); }
"""
Line = tuple[str, Series]


async def page(prometheus: Prometheus, begin: float, end: float) -> str:
    """Return the dashboard over a time as HTML."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    drawn = [await _panel(prometheus, panel, begin, end) for panel in panels]
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        f"<div id=dashboard>{''.join(drawn)}</div>"
    )


async def _panel(prometheus: Prometheus, panel: dict[str, Any], begin: float, end: float) -> str:
    lines: list[Line] = []
    for target in panel["targets"]:
        expression = target["expr"]
        for variable, value in VARIABLES.items():
            expression = expression.replace(variable, value)
        asked = await prometheus.range(expression, begin, end, max(1, (end - begin) / 150))
        lines += [(legend(target["legendFormat"], series.labels), series) for series in asked]
    defaults = panel["fieldConfig"]["defaults"]
    most = defaults.get("max") or _top([value for _, series in lines for value in _finite(series)])
    names = "".join(
        f'<li style="--colour: {COLOURS[number % len(COLOURS)]}">{escape(name)}</li>'
        for number, (name, _) in enumerate(lines)
    )
    svg = _axes(begin, end, most, defaults["unit"]) + "".join(
        _path(series, COLOURS[number % len(COLOURS)], begin, end, most)
        for number, (_, series) in enumerate(lines)
    )
    box = f'width="{LEFT + WIDTH + 8}" height="{HEIGHT + 26}"'
    head = f"<h2>{escape(panel['title'])}</h2>"
    return f"<section>{head}<svg {box}>{svg}</svg><ul>{names}</ul></section>"


def legend(form: str, labels: dict[str, str]) -> str:
    """Return a line's name, with `{{label}}` filled in."""
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form


def _finite(series: Series) -> list[float]:
    return [value for _, value in series.points if math.isfinite(value)]


def _top(values: Sequence[float]) -> float:
    """Return a round number that none is above."""
    most = max(values, default=0.0) or 1.0
    size = 10.0 ** math.floor(math.log10(most))
    return next(size * step for step in (1, 2, 3, 5, 10) if size * step >= most)


def _axes(begin: float, end: float, most: float, unit: str) -> str:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = 6 + HEIGHT * (1 - share)
        parts.append(f'<path d="M{LEFT} {y}h{WIDTH}" stroke="#2a2d33" fill="none"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{y + 3}" text-anchor="end">{shown(most * share, unit)}</text>'
        )
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        minutes, anchor = (end - begin) * share / 60, "end" if share == 1 else "middle"
        x = LEFT + WIDTH * share
        parts.append(
            f'<text x="{x}" y="{HEIGHT + 22}" text-anchor="{anchor}">{minutes:.1f} min</text>'
        )
    return "".join(parts)


def _path(series: Series, colour: str, begin: float, end: float, most: float) -> str:
    steps, pen = [], "M"
    for when, value in series.points:
        if not math.isfinite(value):  # nothing happened, such as 0 of 0
            pen = "M"
            continue
        x = LEFT + WIDTH * (when - begin) / (end - begin)
        y = 6 + HEIGHT * (1 - min(value / most, 1.0))
        steps.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return f'<path d="{"".join(steps)}" stroke="{colour}" fill="none" stroke-width="1.4"/>'


def shown(value: float, unit: str) -> str:
    """Return a value in a unit of Grafana's."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "s":
        return f"{value:.3g} s" if value >= 1 or value == 0 else f"{value * 1000:.3g} ms"
    return f"{value:.3g}"
