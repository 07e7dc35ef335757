"""`mynah erase`: a server, a member, or everything."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from storage.clip_directory import DirectoryFolder
from storage.dictionary import DictionaryStore, Entry, Owner
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.cli.conftest import Mynah
from tests.cli.test_json import documented, parsed
from tests.storage.conftest import GUILD, OTHER_GUILD, make_clip

ANN = 1_101_202_303_404_505_001


@pytest.fixture
def stored(mynah: Mynah) -> Mynah:
    """A voice of Ann's on each of two servers, an entry of hers, and an operator's voice."""

    async def add() -> None:
        async with VoiceStore.open(mynah.data) as store:
            for seed, guild_id in enumerate((GUILD, OTHER_GUILD)):
                await store.add(NewVoice(guild_id, "Ann", owner_id=ANN), make_clip(seed))
            await store.add(NewVoice(0, "Olaf"), make_clip(9))
            await DictionaryStore(store.database).put(Owner(GUILD, ANN), [Entry("a", "b")], ANN)

    asyncio.run(add())
    return mynah


def voices(mynah: Mynah) -> list[tuple[str, str]]:
    return [
        (each["guild_id"], each["name"]) for each in parsed(mynah("voices", "--json"))["voices"]
    ]


def test_of_a_member_all_goes_on_every_server(stored: Mynah) -> None:
    outcome = stored("erase", "--member", str(ANN), "--yes")
    assert outcome.code == 0
    assert "Deleted about member" in outcome.out
    assert "  2 voices\n" in outcome.out
    assert "  1 entry of dictionaries\n" in outcome.out
    assert voices(stored) == [("0", "Olaf")]
    assert len(stored.clips()) == 1


def test_on_one_server_what_is_elsewhere_stays(stored: Mynah) -> None:
    stored("erase", "--member", str(ANN), "--guild", str(GUILD), "--yes")
    assert voices(stored) == [("0", "Olaf"), (str(OTHER_GUILD), "Ann")]


def test_of_a_server_all_goes(stored: Mynah) -> None:
    outcome = stored("erase", "--guild", str(OTHER_GUILD), "--yes")
    assert (
        f"Deleted about server {OTHER_GUILD}:\n  1 voice\n  1 recording of voices\n" in outcome.out
    )
    assert voices(stored) == [("0", "Olaf"), (str(GUILD), "Ann")]


def test_all_leaves_an_empty_directory_that_works_and_the_key_file(
    stored: Mynah, tmp_path: Path
) -> None:
    key = stored.data / "key"
    key.write_text("stays", encoding="utf-8")
    assert stored("erase", "--all", "--yes").code == 0
    assert voices(stored) == []
    assert stored.clips() == []
    assert key.read_text(encoding="utf-8") == "stays"
    assert stored("check", "--offline", "--no-engine").code == 0


def test_json_has_the_documented_keys(stored: Mynah) -> None:
    told = parsed(stored("erase", "--member", str(ANN), "--yes", "--json"))
    assert set(told) == {"guild_id", "member_id", "all", "erased"}
    assert set(told["erased"]) == documented("erase")
    assert (told["member_id"], told["erased"]["voices"]) == (str(ANN), 2)


def test_without_an_answer_nothing_goes(stored: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    outcome = stored("erase", "--all")
    assert outcome.code == 2
    assert "nothing was deleted" in outcome.err
    assert len(voices(stored)) == 3


def test_a_no_keeps_everything(stored: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.erase.confirm", lambda question, refusal: False)
    assert stored("erase", "--all").out.endswith("Nothing was deleted.\n")
    assert parsed(stored("erase", "--all", "--json"))["erased"] is None
    assert len(voices(stored)) == 3


@pytest.mark.parametrize(
    "wrong", [[], ["--all", "--member", str(ANN)], ["--guild", "0"], ["--member", "x"]]
)
def test_it_must_be_told_whose(stored: Mynah, wrong: list[str]) -> None:
    assert stored("erase", *wrong, "--yes").code == 2
    assert len(voices(stored)) == 3


def test_where_nothing_is_stored_it_says_so(mynah: Mynah) -> None:
    assert "  nothing\n" in mynah("erase", "--member", str(ANN), "--yes").out


def test_a_file_that_stays_is_told_and_fails(
    stored: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: DirectoryFolder, name: str) -> bool:
        raise PermissionError(13, "Permission denied", str(folder.path / name))

    monkeypatch.setattr(DirectoryFolder, "delete", refuse)
    outcome = stored("erase", "--member", str(ANN), "--yes", "--json")
    assert outcome.code == 1
    assert json.loads(outcome.out)["erased"]["left"] == 2
    assert "could not be removed" in outcome.err
