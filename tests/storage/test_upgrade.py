"""A database of schema 10, from before there were levels of consent, when it is opened."""

from __future__ import annotations

from pathlib import Path

from storage.audit_check import audited_guilds
from storage.clips import clip_path, write_clip
from storage.database import Database, Execute, load_migrations
from storage.erasure import Eraser
from storage.setting_values import SettingValues
from storage.settings import SettingsStore
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, make_clip

ANN, MO = 111_000_000_000_000_001, 111_000_000_000_000_002
AT = "2026-05-01T00:00:00+00:00"
CURRENT, FORMER, OPERATOR = make_clip(1), make_clip(2), make_clip(3)
VOICES = "INSERT INTO voices (id, guild_id, name, name_key, owner_id, clip_sha256, seconds, "
CLIP = (CURRENT.sha256, CURRENT.seconds, AT)


async def fill(execute: Execute) -> None:
    await execute(
        f"{VOICES} created_at, consented_by, consented_at, former_sha256, former_seconds, "
        "former_consented_by, former_consented_at, former_until) "
        "VALUES (1, ?, 'Ann', 'ann', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '2099-01-01T00:00:00+00:00')",
        (GUILD, ANN, *CLIP, ANN, AT, FORMER.sha256, FORMER.seconds, ANN, AT),
    )
    await execute(
        f"{VOICES} created_at) VALUES (2, 0, 'Op', 'op', NULL, ?, ?, ?)",
        (OPERATOR.sha256, OPERATOR.seconds, AT),
    )
    await execute("INSERT INTO member_defaults VALUES (?, ?, 1)", (GUILD, ANN))
    await execute("INSERT INTO guild_settings VALUES (?, 'locale', '\"de\"')", (GUILD,))
    for number in (7, 8):
        await execute(
            "INSERT INTO settings_log VALUES (?, ?, ?, ?, 'locale', NULL, '\"de\"')",
            (number, GUILD, AT, MO),
        )


async def test_what_members_had_is_as_it_was_and_says_what_proves_it(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "mynah.db", load_migrations()[:10]) as database:
        await database.write(fill)
    (tmp_path / "clips").mkdir()
    for clip in (CURRENT, FORMER, OPERATOR):
        write_clip(clip_path(tmp_path / "clips", clip.sha256), clip)
    async with VoiceStore.open(tmp_path) as store:
        ann, operator = await store.get(1), await store.get(2)
        assert (ann.level, operator.level) == ("declared", "operator")
        assert (ann.reach, ann.paused) == ("everybody", False)
        restored = await store.restore(1, by=ANN)
        assert (restored.level, restored.clip_sha256) == ("declared", FORMER.sha256)
        assert await SettingsStore.beside(store).member_default(GUILD, ANN) == restored
        values = SettingValues.beside(store)
        assert [change.id for change in await values.changes_after(0)] == [7, 8]
        assert await values.of_guild(GUILD) == {"locale": "de"}
        assert (await store.check(verify=True)).damaged == ()
        assert (await Eraser.beside(store).erase_member(ANN)).voices == 1
        assert await audited_guilds(store.database) == [GUILD]
