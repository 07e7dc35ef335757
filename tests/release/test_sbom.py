"""Bills of materials; `make sbom` makes them, and checks them against CycloneDX's schema."""

from __future__ import annotations

from typing import Any

from tools.release import locks
from tools.release.sbom import WAYS, named, without_doubles
from tools.release.version import version


def document() -> dict[str, Any]:
    """Two locks that pin one package both, as cyclonedx-py tells them."""
    components = [
        {"bom-ref": "1", "name": "idna", "version": "3.20"},
        {"bom-ref": "2", "name": "av", "version": "18.1.0"},
        {"bom-ref": "3", "name": "idna", "version": "3.20"},
    ]
    return {
        "metadata": {"component": {"bom-ref": "root", "name": "mynah-bot"}},
        "components": components,
        "dependencies": [{"ref": ref} for ref in ("root", "1", "2", "3")],
    }


def test_a_package_of_two_locks_is_named_once() -> None:
    once = without_doubles(document())
    assert [component["name"] for component in once["components"]] == ["idna", "av"]
    refs = {component["bom-ref"] for component in once["components"]}
    assert {edge["ref"] for edge in once["dependencies"]} == {"root", *refs}


def test_the_version_is_that_of_the_source() -> None:
    assert named(document())["metadata"]["component"]["version"] == version()


def test_every_lock_of_what_runs_is_in_a_bill() -> None:
    named_locks = {name for names in WAYS.values() for name in names}
    tools = {"dev", "release", "servers", "ray"}
    assert named_locks | tools == {lock.stem for lock in locks.lock_files()}
