"""What may be read: Python and its libraries, and nothing that lies beside them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from bot.confinement import namespace, readable
from bot.confinement.wall import Wall, in_words, lacking


def test_of_a_clone_only_its_packages_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("bot", "data", ".git", "wheel.libs"):
        (tmp_path / folder).mkdir()
    for file in ("bot/__init__.py", "mynah.toml", "key", ".env", "module.py", "data/mynah.db"):
        (tmp_path / file).touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    found = {path.name for path in readable.python() if path.parent == tmp_path}
    assert found == {"bot", "wheel.libs", "module.py"}


def test_a_loaded_package_that_is_on_no_path_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = ModuleType("package")
    package.__path__ = [str(tmp_path / "package"), "__editable__.finder.__path_hook__"]
    monkeypatch.setitem(sys.modules, "package", package)
    found = list(readable.python())
    assert tmp_path / "package" in found
    assert tmp_path not in found


def test_a_folder_of_packages_is_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "lib" / "python3" / "site-packages"
    packages.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(packages), str(tmp_path / "not there")])
    assert packages in readable.python()


def test_what_lies_in_another_is_told_once(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    paths = [inner, tmp_path / "a", tmp_path / "ab", tmp_path / "none"]
    assert readable.without_parts(paths) == [tmp_path / "a", tmp_path / "ab"]


def test_neither_home_nor_root_is_readable() -> None:
    found = readable.without_parts(readable.python())
    assert not {Path("/"), Path("/etc"), Path("/proc"), Path.home(), Path.cwd()} & set(found)


def test_a_wall_says_what_holds_it_and_what_does_not() -> None:
    held = Wall("no network", ("seccomp",), (("network namespace", "Operation not permitted"),))
    open_ = Wall("no file read", (), (("Landlock", "Function not implemented"),))
    assert in_words([held, open_]) == (
        "no network (seccomp), no file read: NOT HELD here (Landlock: Function not implemented)"
    )
    assert lacking([held, open_]) == "network namespace (Operation not permitted)"
    assert (held.stands, open_.stands) == (True, False)


def test_folders_that_nobody_may_look_into_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def refused(self: Path, **_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", refused)
    assert tmp_path / "package" not in readable.python()
    assert readable.without_parts([tmp_path]) == []


@pytest.mark.parametrize(
    ("permitted", "kept"), [(0b111, 0b100), (0b011, 0b010), (0b001, 0), (0, 0)]
)
def test_root_keeps_the_least_capability_of_reading_that_it_has(permitted: int, kept: int) -> None:
    assert namespace._reading(permitted) == kept
