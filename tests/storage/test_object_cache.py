"""Files of clips that were fetched, where one of them cannot be removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.objects.bucket import ObjectFacts
from storage.objects.cache import ClipCache


def facts(_name: str) -> ObjectFacts:
    return ObjectFacts(4, "tag")


@pytest.mark.timeout(20)
def test_a_file_that_cannot_be_removed_is_tried_again_later_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ClipCache(tmp_path, 4, lambda name: (b"clip", facts(name)), facts)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        for name in ("one", "two"):
            cache.hold(name)
            cache.let_go(name)
        assert cache.bytes_used == 8
    cache.hold("two")
    assert cache.bytes_used == 4
    assert not (tmp_path / "one").exists()
