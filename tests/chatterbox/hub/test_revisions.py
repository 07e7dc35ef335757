"""Which revision is downloaded: the table's, else the one of the first download."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.models import MODELS
from tests.chatterbox.fake_hub import COMMIT, FakeHub
from tests.chatterbox.hub.conftest import Serve, fetch

PINNED = MODELS["english"].revision
NEWER = "f" * 40
UNKNOWN = next(m for m in MODELS.values() if m.revision == "main")


def newest(name: str = "english") -> str:
    return fetch_model(MODELS[name], lambda _: None, newest=True)[0].name  # type: ignore[index]


def test_the_revision_of_the_table_is_fetched(hub: FakeHub) -> None:
    assert fetch().name == PINNED != COMMIT
    assert not [request for request in hub.requests if "main" in request]


def test_the_newest_is_taken_by_wish_and_kept(hub: FakeHub) -> None:
    fetch()
    assert newest() == COMMIT
    hub.newest = NEWER
    assert fetch().name == COMMIT
    assert newest() == NEWER


def test_what_did_not_change_is_not_downloaded_for_another_revision(hub: FakeHub) -> None:
    fetch()
    hub.requests.clear()
    newest()
    assert not [request for request in hub.requests if "/resolve/" in request]


def test_the_table_counts_again_when_its_revision_is_the_newest(hub: FakeHub, folder: Path) -> None:
    newest()
    hub.newest = PINNED
    assert newest() == PINNED
    assert not (folder / "refs" / "mynah").exists()


def test_without_one_the_first_download_decides(hub: FakeHub, also: Serve) -> None:
    also(UNKNOWN.name)
    assert fetch(model=UNKNOWN.name).name == COMMIT
    hub.newest = NEWER
    assert fetch(model=UNKNOWN.name).name == COMMIT
    assert newest(UNKNOWN.name) == NEWER


def test_a_hub_that_gives_another_revision_is_not_believed(hub: FakeHub) -> None:
    hub.stubborn = True
    with pytest.raises(EngineDeadError, match=f"the commit {COMMIT}.* instead of {PINNED}"):
        fetch()


def test_a_revision_that_is_gone_is_told(hub: FakeHub) -> None:
    hub.gone = {PINNED}
    with pytest.raises(EngineDeadError, match="mynah models fetch english --newest"):
        fetch()
    assert newest() == COMMIT


def test_what_an_older_mynah_fetched_speaks_while_there_is_no_network(
    hub: FakeHub, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newest()
    (folder / "refs" / "mynah").rename(folder / "refs" / "main")
    hub.broken = 500
    assert fetch().name == COMMIT
    assert "as another program fetched it" in caplog.text
    hub.broken = None
    assert fetch().name == PINNED
