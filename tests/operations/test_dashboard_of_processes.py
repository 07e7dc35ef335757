"""Several processes and engines: no line is drawn twice, and every alert says whose it is."""

import re

import pytest

from tests.operations.test_dashboard import DASHBOARD, NAME, RULES

TARGETS = [
    pytest.param(target["expr"], target["legendFormat"], id=f"{panel['title']} {target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
ALERTS = re.findall(r"- alert: (\w+)\n\s+expr: (.*)\n(?:\s+.*\n)*?\s+summary: (.*)", RULES)
AGGREGATION = re.compile(r"\b(?:sum|min|max)(?: by \(([\w, ]+)\) )?\(")


def end_of(text: str, begin: int) -> int:
    """Return where the bracket ends that was opened before `begin`."""
    depth = 1
    for place in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    raise ValueError(text)


def aggregations(expression: str) -> tuple[list[set[str]], str]:
    """Return the labels that each outer aggregation keeps, and what is left without them."""
    kept = []
    while found := AGGREGATION.search(expression):
        kept.append({label for label in re.split(r",\s*", found[1] or "") if label} - {"le"})
        rest = expression[end_of(expression, found.end()) :]
        expression = expression[: found.start()] + rest
    return kept, expression


@pytest.mark.parametrize(("expression", "legend"), TARGETS)
def test_a_line_is_named_by_what_tells_it_from_others(expression: str, legend: str) -> None:
    kept, rest = aggregations(expression)
    assert not NAME.search(rest), "a line for each process, all of one name"
    assert set.union(*kept) == set(re.findall(r"{{(\w+)}}", legend))


@pytest.mark.parametrize(("expression", "legend"), TARGETS)
def test_every_figure_can_be_that_of_one_process(expression: str, legend: str) -> None:
    chosen = re.findall(r'\bmynah_\w+{instance=~"\$instance"[,}]', expression)
    assert len(chosen) == len(NAME.findall(expression)) > 0, legend


def test_the_choice_of_processes_is_that_of_all_unless_somebody_chooses() -> None:
    (choice,) = (each for each in DASHBOARD["templating"]["list"] if each["name"] == "instance")
    assert choice["multi"]
    assert choice["includeAll"]
    assert choice["current"]["value"] == ["$__all"]
    assert choice["allValue"] == ".*"


def test_every_alert_is_seen() -> None:
    assert [name for name, _, _ in ALERTS] == re.findall(r"- alert: (\w+)", RULES)


@pytest.mark.parametrize(
    ("expression", "summary"), [pytest.param(*rest, id=name) for name, *rest in ALERTS]
)
def test_an_alert_is_of_one_process_and_says_which(expression: str, summary: str) -> None:
    kept, _ = aggregations(expression)
    assert all("instance" in labels for labels in kept)
    assert "{{ $labels.instance }}" in summary


@pytest.mark.parametrize(
    ("expression", "kept", "rest"),
    [
        ("mynah_a", [], "mynah_a"),
        ("sum(rate(mynah_a[5m])) * 60", [set()], " * 60"),
        ("sum by (le, x) (mynah_a) / min by (y) (mynah_b)", [{"x"}, {"y"}], " / "),
    ],
)
def test_aggregations_are_read_off(expression: str, kept: list[set[str]], rest: str) -> None:
    assert aggregations(expression) == (kept, rest)
