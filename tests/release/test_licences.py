"""`make licences`: no distribution and no library in a wheel without one."""

from __future__ import annotations

import sys

import pytest

from tools.licences import UNKNOWN, Licence, installed, is_copyleft, licences


@pytest.fixture(scope="module")
def found() -> dict[str, Licence]:
    return {each.name: each for each in licences(installed("piper"))}


def test_every_distribution_tells_its_licence(found: dict[str, Licence]) -> None:
    assert len(found) > 60
    assert [each.name for each in found.values() if each.licence == UNKNOWN] == []


@pytest.mark.skipif(sys.platform != "linux", reason="wheels for others hold other libraries")
def test_every_library_in_a_wheel_has_one(found: dict[str, Licence]) -> None:
    unknown = {n: each.name for each in found.values() for n, x in each.libraries.items()
               if x == UNKNOWN}  # fmt: skip
    assert unknown == {}
    assert len(found["av"].libraries) > 10


def test_what_is_under_the_gpl_is_named(found: dict[str, Licence]) -> None:
    assert {"x264 (GPL-2.0-or-later)", "x265 (GPL-2.0-or-later)"} <= set(found["av"].copyleft)
    assert found["piper-tts"].copyleft == ["piper-tts (GPL-3.0-or-later)"]
    assert found["soxr"].copyleft == ["soxr (LGPL-2.1-or-later)"]
    assert found["aiohttp"].copyleft == []


@pytest.mark.parametrize(
    ("licence", "copyleft"),
    [
        ("GPL-3.0-or-later", True),
        ("LGPL-3.0-or-later OR GPL-2.0-or-later", True),
        ("FTL OR GPL-2.0-or-later", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("MIT", False),
    ],
)
def test_what_counts_as_copyleft(licence: str, copyleft: bool) -> None:
    assert is_copyleft(licence) is copyleft
