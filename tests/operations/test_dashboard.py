"""The dashboard and the alert rules ask only for figures that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.condition import Condition
from bot.operations.figures import SentenceFacts, UtteranceFacts
from bot.operations.health import Health
from bot.operations.metrics import Metrics
from bot.operations.vitals import DeviceReading, WorkerReading
from bot.speech.types import Speech
from tests.operations.standing import Standing
from tools.dashboard.draw import legend, shown

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "mynah.json").read_text(encoding="utf-8"))
RULES = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")

NAME = re.compile(r"\b(mynah_[a-z_0-9]+|up)\b")
"""Names of series; `up` is Prometheus' own."""


def figures() -> set[str]:
    """Return the names of all series of a bot that has done everything once."""
    health = Health()
    health.watch("engine", lambda: Condition("ok"))
    workers = (WorkerReading("engine worker", 1, False, 0),)
    devices = (DeviceReading("cuda:0", True, 8, 1, 3, 2.0, 12.0),)
    standing = Standing(workers=workers, devices=devices)
    metrics = Metrics(standing, health, lambda: {"other": 1})
    metrics.sentence(
        SentenceFacts(0, 1, 1, Speech((b"x",), 1.0, {"decode": 1.0, "vocode": 1.0}, retries=1))
    )
    metrics.utterance(UtteranceFacts(1, "say", "played", 0, 1, 1, 1, 1, 0, 0))
    metrics.refused("BusyError")
    metrics.lag(0.0)
    lines = metrics.page()[0].decode().splitlines()
    return {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")} | {"up"}


FIGURES = figures()


def expressions() -> Iterator[Any]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for rule in re.findall(r"- alert: (\w+)\n\s+expr: (.*)", RULES):
        yield pytest.param(rule[1], id=rule[0])


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_names_figures_that_there_are(expression: str) -> None:
    names = set(NAME.findall(expression))
    assert names
    assert names <= FIGURES


def test_every_alert_says_what_to_do() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert len(alerts) == len(set(alerts)) > 10
    assert RULES.count("summary:") == RULES.count("action:") == len(alerts)


def test_every_panel_has_its_place() -> None:
    places = [tuple(panel["gridPos"][key] for key in "xy") for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places) > 10


def test_every_figure_that_is_worth_one_is_on_the_dashboard() -> None:
    asked = " ".join(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])
    bases = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in FIGURES}
    unseen = {base for base in bases if base not in asked}
    assert unseen == {
        "mynah_build_info", "mynah_start_time_seconds", "mynah_connected", "mynah_servers",
        "mynah_engine_ready", "mynah_packet_lateness_max_seconds", "mynah_pacer_realtime",
        "mynah_speech_seconds", "mynah_sentences_cached", "mynah_device_sentences",
        "mynah_device_ready",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.25, "percentunit", "25 %"),
        (3 * 2**20, "bytes", "3 MiB"),
        (0.012, "s", "12 ms"),
        (2.5, "s", "2.5 s"),
        (0.0, "s", "0 s"),
        (7.0, "none", "7"),
    ],
)
def test_the_picture_shows_values_in_their_unit(value: float, unit: str, told: str) -> None:
    assert shown(value, unit) == told


def test_the_picture_names_lines_by_their_labels() -> None:
    assert legend("{{rank}}, half within", {"rank": "say"}) == "say, half within"
