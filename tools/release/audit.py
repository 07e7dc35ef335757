"""`make audit`: known weaknesses of what the lock files pin, by pip-audit.

    python -m tools.release.audit [--service pypi|osv]

Exits with 0 when everything was looked up and nothing is known, with 1 when a weakness is known,
and with 3 when something could not be looked up, such as without a network. pip-audit itself exits
with 0 where the index that it asks knows no advisories at all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.release import locks

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3
SHOWN = 5

INCOMPLETE = (
    "NOT AUDITED: what was not looked up may be weak. Is the network there, and the package index "
    'the public one? ARGS="--service osv" asks another database.'
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one package. skipped: why it could not be looked up."""

    package: str
    weaknesses: tuple[str, ...] = ()
    skipped: str | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit all locks; print and return the exit code."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--service", choices=("pypi", "osv"), default="pypi", help="who is asked")
    service = parser.parse_args(arguments).service
    pinned = [pin for lock in locks.lock_files() for pin in locks.pins(lock)] + [locks.torch()]
    findings: list[Finding] = []
    for layer in locks.layers(pinned):
        try:
            findings += parse(ask(service, layer))
        except UnreachableError as error:
            print(f"NOT AUDITED: the advisories of {service} cannot be reached ({error}).")
            return NOT_AUDITED
    return report(findings)


class UnreachableError(Exception):
    """pip-audit gave no answer."""


def ask(service: str, layer: dict[str, str]) -> str:
    """Return pip-audit's JSON for these names and versions. Raises UnreachableError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{n}=={v}\n" for n, v in layer.items()), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(file), "--no-deps",
                   "--disable-pip", "--vulnerability-service", service, "--format", "json",
                   "--progress-spinner", "off"]  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if not run.stdout.strip():
        lines = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
        raise UnreachableError(lines[-1][:300])
    return run.stdout


def parse(document: str) -> Iterator[Finding]:
    """Yield what pip-audit found of each package."""
    packages: list[dict[str, Any]] = json.loads(document)["dependencies"]
    for package in packages:
        if "skip_reason" in package:
            yield Finding(package["name"], skipped=package["skip_reason"])
            continue
        name = f"{package['name']} {package['version']}"
        known = [_weakness(weakness) for weakness in package["vulns"]]
        yield Finding(name, tuple(known))


def _weakness(weakness: dict[str, Any]) -> str:
    mended = ", ".join(weakness["fix_versions"]) or "no version yet"
    names = " ".join([weakness["id"], *weakness.get("aliases", ())])
    return f"{names} (mended in {mended})"


def report(findings: Sequence[Finding]) -> int:
    """Print what was found; return the exit code."""
    skipped = [finding for finding in findings if finding.skipped]
    weak = [finding for finding in findings if finding.weaknesses]
    for finding in weak:
        print(f"{finding.package}: {'; '.join(finding.weaknesses)}")
    for finding in skipped[:SHOWN]:
        print(f"not looked up: {finding.package} ({finding.skipped})")
    if len(skipped) > SHOWN:
        print(f"not looked up: {len(skipped) - SHOWN} more")
    looked_up = len(findings) - len(skipped)
    print(f"{looked_up} of {len(findings)} packages looked up, {len(weak)} with a known weakness.")
    if weak:
        return VULNERABLE
    if skipped:
        print(INCOMPLETE)
        return NOT_AUDITED
    return CLEAN


if __name__ == "__main__":
    sys.exit(main())
