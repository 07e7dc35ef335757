"""Who speaks in a live recording: one person, and no engine."""

from __future__ import annotations

import numpy as np
import pytest
from simcord.builders import ChannelHandle

from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.ear import Ear
from tests.cogs.test_enrolment import SAVE
from tests.cogs.test_live_enrolment import CANCEL, START, buttons, evidence, sampled, shown
from tests.cogs.world import make_clip

pytestmark = pytest.mark.usefixtures("voice_client")


async def test_two_speakers_are_not_saved(scene: Scene, ear: Ear, lounge: ChannelHandle) -> None:
    scene.world.judge.alike = 0.2
    card = await sampled(scene, ear, lounge)
    assert "sound like two people (0.20" in shown(card)
    refused = await scene.ann.click(card.response, label=SAVE)
    assert "two different people" in content(refused)
    assert await scene.world.store.list_voices(scene.guild.id) == []
    assert SAVE in buttons(card)


async def test_one_speaker_is_told_with_its_similarity(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    scene.world.judge.alike = 0.9
    card = await sampled(scene, ear, lounge)
    assert "sound like one person (0.90)" in shown(card)
    await scene.ann.click(card.response, label=SAVE)
    _, stored = await evidence(scene)
    assert stored.record["similarity"] == 0.9


async def test_it_is_not_claimed_where_nothing_compares(
    scene: Scene, ear: Ear, lounge: ChannelHandle
) -> None:
    assert "one person" not in shown(await sampled(scene, ear, lounge))


async def test_synthetic_speech_is_refused(scene: Scene, ear: Ear, lounge: ChannelHandle) -> None:
    scene.world.judge.marked = 0.9
    card = await sampled(scene, ear, lounge)
    assert "This is synthetic speech" in as_read(shown(card))
    assert buttons(card) == [START, CANCEL]


async def test_a_synthetic_sentence_is_refused_however_real_the_rest_is(
    scene: Scene, ear: Ear, lounge: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def watermark(samples: np.ndarray, rate: int) -> float:
        return 0.9 if np.array_equal(samples, make_clip(7).samples) else 0.1

    monkeypatch.setattr(scene.world.judge, "watermark", watermark)
    card = await sampled(scene, ear, lounge)
    assert "This is synthetic speech" in as_read(shown(card))
    assert buttons(card) == [START, CANCEL]
