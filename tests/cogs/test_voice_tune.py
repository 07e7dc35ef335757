"""/voice tune, and which recordings the model that is loaded can speak."""

from __future__ import annotations

import discord
import pytest

from bot.speech.setting_table import EVERY
from bot.speech.types import VoiceSettings
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.test_voices import add


async def tune(scene: Scene, **options: object) -> str:
    return content(await scene.ann.slash(scene.channel, "voice tune", voice="Ann", **options))


async def test_the_owner_tunes_a_voice_step_by_step_and_resets_it(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    assert await tune(scene) == "“Ann” speaks with the model's defaults."
    scene.world.engine.model = "english"
    assert await tune(scene, exaggeration=1.5) == "“Ann” speaks with exaggeration 1.5."
    both = "“Ann” speaks with exaggeration 1.5, pace 0 (cfg_weight)."
    assert await tune(scene, pace=0.0) == both
    assert await tune(scene) == both
    assert await tune(scene, language="de") == both.replace("speaks", "speaks German")
    one = await tune(scene, seed=12345678, reset=True)
    assert one == "“Ann” speaks with seed 12345678."
    assert await tune(scene, language="de") == "“Ann” speaks German with seed 12345678."
    assert await tune(scene, reset=True) == "“Ann” speaks with the model's defaults."


async def test_a_voice_is_given_a_speed_and_a_volume_of_its_own(scene: Scene) -> None:
    voice = await add(scene, "Ann", scene.ann)
    assert await tune(scene, speed=1.5) == "“Ann” speaks with speed 1.5."
    both = "“Ann” speaks with speed 1.5, volume -3 dB."
    assert await tune(scene, volume=-3.0) == both
    assert await tune(scene) == both
    stored = await scene.world.store.get(voice.id)
    assert (stored.speed, stored.volume_db) == (1.5, -3.0)
    assert await tune(scene, speed=2.0, reset=True) == "“Ann” speaks with speed 2."


async def test_who_tunes_is_told_what_the_engine_ignores(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    scene.world.engine.model = "turbo"
    answer = await tune(scene, exaggeration=1.5, temperature=0.6)
    assert answer.endswith("\n-# The turbo model ignores exaggeration.")


async def test_who_tunes_a_multilingual_voice_is_told_what_changes_little(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    scene.world.engine.model = "multilingual"
    answer = await tune(scene, exaggeration=1.5)
    assert answer.endswith("\n-# Exaggeration changes little in the multilingual model.")


async def test_the_engine_knows_which_language_the_recording_is_in(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    await tune(scene, language="de")
    await scene.ben.slash(scene.channel, "voice preview", voice="Ann")
    assert {r.voice.language for r in scene.world.engine.requests} == {"de"}


async def test_who_tunes_takes_is_told_that_stock_decode_makes_one(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    scene.world.engine.decode = "stock"
    answer = await tune(scene, takes=3)
    assert answer.endswith(
        '\n-# The engine makes one take, not 3: its operator has set [engine] decode = "stock".'
    )


async def test_a_tuned_voice_speaks_so_and_the_preview_tells_what_is_ignored(scene: Scene) -> None:
    scene.world.engine.notes = ("It ignores cfg_weight.",)
    await add(scene, "Ann", scene.ann)
    await tune(scene, pace=0.3)
    result = await scene.ben.slash(scene.channel, "voice preview", voice="Ann")
    assert {r.settings for r in scene.world.engine.requests} == {VoiceSettings(cfg_weight=0.3)}
    assert content(result).startswith("This is “Ann”.\n-# ")
    assert content(result).endswith("\n-# It ignores cfg_weight.")


async def test_the_ranges_are_those_of_the_models(scene: Scene) -> None:
    command = scene.world.bot.tree.get_command("voice")
    assert isinstance(command, discord.app_commands.Group)
    found = command.get_command("tune")
    assert isinstance(found, discord.app_commands.Command)
    ranges = {p.name: (p.min_value, p.max_value) for p in found.parameters if p.name in EVERY}
    assert ranges == {name: (setting.lowest, setting.highest) for name, setting in EVERY.items()}


# too short for the model that is loaded


@pytest.mark.parametrize("model", ["nano", "turbo"])
async def test_a_recording_too_short_for_the_model_is_told(scene: Scene, model: str) -> None:
    await add(scene, "Ann", scene.ann)
    scene.world.engine.model = model
    card = (await scene.ann.slash(scene.channel, "voice info", voice="Ann")).response
    assert card is not None
    told = f"its recording has 0.1 s, and the {model} model, which speaks here, needs more than 5 s"
    assert as_read(card.embeds[0].description or "") == (
        f"It cannot speak: {told}. /voice replace gives it a new one."
    )
    answer = content(await scene.ben.slash(scene.channel, "voice preview", voice="Ann"))
    assert answer == (
        f"“Ann” cannot speak: {told}. Choose another voice, or give this one a longer recording."
    )
    assert scene.world.engine.requests == []


async def test_another_model_takes_a_recording_of_any_length(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    scene.world.engine.model = "english"
    card = (await scene.ann.slash(scene.channel, "voice info", voice="Ann")).response
    assert card is not None
    assert not card.embeds[0].description
    answer = content(await scene.ben.slash(scene.channel, "voice preview", voice="Ann"))
    assert answer.startswith("This is")
