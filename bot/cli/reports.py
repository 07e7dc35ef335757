"""The quality report of a recording as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.enrolment.words import loudness


def report_rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return labels and values of a `QualityReport` in its JSON form, as a voice's row holds it.

    What an older report lacks is shown as not measurable. A damaged row may hold any JSON.
    """
    try:
        return _rows(report)
    except (AttributeError, KeyError, TypeError, ValueError):
        return [("quality", "cannot be read, the voice's entry in the database is damaged")]


def _rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("verdict", str(report.get("verdict", "-"))),
        ("recording", f"{_seconds(report, 'total')}, {_seconds(report, 'speech')} of speech"),
        *([("listened to", report["origin"])] if report.get("origin") else []),
        # Of a rejected recording nothing is kept, and nothing is said of it.
        *([("kept", _kept(report))] if report.get("verdict") != "rejected" else []),
        ("voice over noise", _measure(report.get("snr_db"), "dB", ".0f")),
        ("cut off", f"{report.get('clipped_share') or 0:.2%} of the recording"),
        ("loudness", loudness(report.get("loudness_lufs"))),
        ("pitch", _measure(report.get("median_pitch_hz"), "Hz", ".0f")),
        *(_finding_row(finding) for finding in report.get("findings") or ()),
    ]


def _finding_row(finding: Mapping[str, str]) -> tuple[str, str]:
    return f"! {finding['code'].replace('_', ' ')}", f"{finding['reason']} {finding['advice']}"


def _seconds(report: Mapping[str, Any], what: str) -> str:
    return _measure(report.get(f"{what}_seconds"), "s", ".1f")


def _kept(report: Mapping[str, Any]) -> str:
    start, end = report.get("kept_start") or 0.0, report.get("kept_end") or 0.0
    if end <= start:
        return "nothing"
    return (
        f"{end - start:.1f} s, from {start:.1f} to {end:.1f} s, with "
        f"{_seconds(report, 'kept_speech')} of speech"
    )


def _measure(value: float | None, unit: str, form: str) -> str:
    return "not measurable" if value is None else f"{value:{form}} {unit}"
