"""Every change of voices, settings and the server's dictionary tells the audit trail."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.speech.delivery import NOTHING_SET
from bot.speech.types import VoiceSettings
from storage.access import SharingChange
from storage.audit_reading import AuditFilter, AuditReader
from storage.audit_rows import AuditRow
from storage.dictionary import DictionaryStore, Entry, Owner
from storage.errors import NameTakenError
from storage.reach import ReachStore
from storage.setting_values import SettingValues
from storage.types import NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, make_clip

ANN, BEN, MO = 1001, 1002, 1003
NOW = datetime.now(UTC)
UNTUNED = {**asdict(VoiceSettings()), **asdict(NOTHING_SET), "language": None}


@dataclass
class Actions:
    """What can be done to a voice, its server's settings and dictionary."""

    store: VoiceStore
    voice: VoiceProfile

    @property
    def reach(self) -> ReachStore:
        return ReachStore.beside(self.store)

    @property
    def dictionary(self) -> DictionaryStore:
        return DictionaryStore(self.store.database)

    async def rows(self) -> list[AuditRow]:
        return [row async for row in AuditReader(self.store.database).all_rows(GUILD)]

    async def replace(self, by: int | None = ANN) -> None:
        await self.store.replace(
            self.voice.id, make_clip(5), pitch_hz=None, quality=None, consented_by=by,
            consented_at=NOW if by else None, level="live",
        )  # fmt: skip

    async def put(self, *entries: Entry, user_id: int = 0) -> None:
        await self.dictionary.put(Owner(GUILD, user_id), entries, MO)

    async def set(self, key: str, value: Any) -> None:
        await SettingValues.beside(self.store).set_for_guild(GUILD, key, value, changed_by=MO)


@pytest.fixture
async def actions(store: VoiceStore) -> Actions:
    new = NewVoice(GUILD, "Ann", owner_id=ANN, consented_by=ANN, consented_at=NOW, level="spoken")
    return Actions(store, await store.add(new, make_clip()))


async def test_enrolling_tells_of_the_voice_and_of_the_consent(actions: Actions) -> None:
    enrolled, consent = await actions.rows()
    assert (enrolled.kind, enrolled.actor, enrolled.subject) == ("enrolled", ANN, ANN)
    assert enrolled.data == {"level": "spoken", "reach": "everybody"}
    assert (consent.kind, consent.data, consent.voice) == ("consent", {"level": "spoken"}, "Ann")


async def test_what_the_operator_enrols_is_in_the_operators_trail(store: VoiceStore) -> None:
    await store.add(NewVoice(0, "Narrator"), make_clip())
    [row] = [row async for row in AuditReader(store.database).all_rows(0)]
    assert (row.kind, row.actor, row.subject, row.voice) == (
        "enrolled", "operator", None, "Narrator"
    )  # fmt: skip


Action = Callable[[Actions], Awaitable[Any]]
ADDED = SharingChange("named", frozenset({BEN}), frozenset({7}))


@pytest.mark.parametrize(
    ("act", "kind", "actor", "data"),
    [
        (lambda a: a.store.rename(a.voice.id, "B", by=ANN), "renamed", ANN, {}),
        (
            lambda a: a.store.tune(a.voice.id, **{**UNTUNED, "seed": 3}, by=MO),
            "tuned", MO, {"settings": {"seed": 3}},
        ),
        (lambda a: a.store.delete(a.voice.id, by=MO), "deleted", MO, {}),
        (lambda a: a.store.delete(a.voice.id), "deleted", "operator", {}),
        (lambda a: a.reach.pause(a.voice.id, by="admin", actor=MO), "paused", MO,
         {"role": "admin"}),
        (
            lambda a: a.reach.share(a.voice.id, ADDED, by="owner", actor=ANN),
            "shared", ANN, {"reach": "named", "added_roles": [7]},
        ),
        (lambda a: a.reach.block(GUILD, ANN, BEN), "blocked", ANN, {}),
        (lambda a: a.set("max_characters", 99), "setting", MO,
         {"key": "max_characters", "after": 99}),
        (lambda a: a.set("muted_members", [BEN]), "setting", MO, {"key": "muted_members"}),
        (lambda a: a.put(Entry("brb", "back")), "dictionary", MO,
         {"change": "set", "count": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_a_change_tells_who_did_what(
    actions: Actions, act: Action, kind: str, actor: int | str, data: dict[str, Any]
) -> None:
    before = len(await actions.rows())
    await act(actions)
    [row] = (await actions.rows())[before:]
    assert (row.kind, row.actor, row.data) == (kind, actor, data)


@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        (lambda a: a.replace(), ["replaced", "consent"]),
        (lambda a: a.replace(None), ["replaced"]),
    ],
)
async def test_another_recording_tells_of_its_consent(
    actions: Actions, act: Action, kinds: list[str]
) -> None:
    await act(actions)
    assert [row.kind for row in (await actions.rows())[2:]] == kinds


async def test_taking_back_tells_too(actions: Actions) -> None:
    await actions.replace()
    await actions.store.restore(actions.voice.id, by=MO)
    await actions.reach.pause(actions.voice.id, by="owner", actor=ANN)
    await actions.reach.resume(actions.voice.id, by="owner", actor=ANN)
    await actions.reach.block(GUILD, ANN, BEN)
    await actions.reach.unblock(GUILD, ANN, [BEN])
    await actions.put(Entry("a", "b"), Entry("c", "d"))
    await actions.dictionary.remove(Owner(GUILD), "a", by=MO)
    await actions.dictionary.clear(Owner(GUILD), by=MO)
    told = [(row.kind, row.actor) for row in (await actions.rows())[4:]]
    assert told == [
        ("restored", MO), ("paused", ANN), ("resumed", ANN), ("blocked", ANN), ("unblocked", ANN),
        ("dictionary", MO), ("dictionary", MO), ("dictionary", MO),
    ]  # fmt: skip


async def test_what_changes_nothing_tells_nothing(actions: Actions) -> None:
    before = len(await actions.rows())
    await actions.store.rename(actions.voice.id, "Ann", by=ANN)
    await actions.store.tune(actions.voice.id, **UNTUNED, by=ANN)
    await actions.reach.share(actions.voice.id, SharingChange("everybody"), by="owner", actor=ANN)
    await actions.reach.resume(actions.voice.id, by="owner", actor=ANN)
    await actions.set("max_characters", None)
    await actions.dictionary.clear(Owner(GUILD), by=MO)
    assert len(await actions.rows()) == before


async def test_what_is_refused_tells_nothing(actions: Actions) -> None:
    before = len(await actions.rows())
    with pytest.raises(NameTakenError):
        await actions.store.add(NewVoice(GUILD, "ann"), make_clip())
    assert len(await actions.rows()) == before


async def test_a_members_own_dictionary_is_their_own_matter(actions: Actions) -> None:
    before = len(await actions.rows())
    await actions.put(Entry("brb", "back"), user_id=ANN)
    assert len(await actions.rows()) == before


async def test_members_come_and_go_in_a_setting(actions: Actions) -> None:
    await actions.set("blocked_members", [BEN, MO])
    await actions.set("blocked_members", [MO, ANN])
    row = (await actions.rows())[-1]
    assert row.members == {"added": [ANN], "removed": [BEN]}
    assert await AuditReader(actions.store.database).count(GUILD, AuditFilter(member_id=BEN)) == 2


async def test_no_id_of_a_member_and_no_name_is_in_what_is_hashed(actions: Actions) -> None:
    await actions.set("blocked_members", [BEN])
    await actions.store.rename(actions.voice.id, "Other", by=ANN)
    rows = await actions.store.database.read("SELECT * FROM audit")
    hashed = " ".join(str(value) for row in rows for value in row)
    for secret in (str(ANN), str(BEN), str(MO), "Ann", "Other", actions.voice.clip_sha256):
        assert not re.search(rf"\b{secret}\b", hashed)  # within a hash it stands by chance
