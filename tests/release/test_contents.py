"""What a wheel holds; tests/e2e/test_wheel.py builds one."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tools.release.contents import faults, in_tree, in_wheel


def test_what_is_missing_and_what_is_too_much_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "mynah_bot-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("bot/__init__.py", "")
        archive.writestr("bot/data/old.txt", "")
        archive.writestr("mynah_bot-1.dist-info/METADATA", "")
    assert faults({"bot/__init__.py", "bot/new.py"}, in_wheel(wheel)) == [
        "the wheel lacks bot/new.py",
        "the wheel has bot/data/old.txt",
    ]


def test_the_tree_is_known_without_its_byte_code() -> None:
    tree = in_tree()
    assert {"bot/__main__.py", "bot/demo/data/sample.m4a", "storage/py.typed"} <= tree
    assert not [name for name in tree if "__pycache__" in name]
