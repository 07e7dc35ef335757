"""Payloads of Discord's that are not as they should be, small; `make fuzz` tries 20,000."""

from __future__ import annotations

from tests.fuzz import targets

CASES = 160


def test_odd_payloads_cost_no_session_and_leave_no_traceback_without_a_number() -> None:
    report = targets.run("payloads", CASES, seed=11)
    assert not report.failures
    assert report.cases >= CASES
