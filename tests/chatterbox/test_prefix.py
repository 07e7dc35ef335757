"""Voices that were read already: the same tokens, less to read, and nothing held for long."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any

import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3 import prefix
from bot.speech.engines.chatterbox.t3.decoder import Prompt, T3Decoder
from tests.chatterbox.decoding import decode, fresh

pytestmark = pytest.mark.parametrize("engine", ["turbo", "nano"], indirect=True)


@pytest.fixture
def own(engine: ChatterboxEngine) -> T3Decoder:
    return T3Decoder(engine._model.t3, slots=2, context=1536)


def as_new_voice(prompt: Prompt) -> Prompt:
    """The same in a voice that was prepared by itself."""
    voice = prompt.conditioning
    own = dataclasses.replace(voice, speaker_emb=voice.speaker_emb.clone())
    return dataclasses.replace(prompt, conditioning=own)


def count_read(decoder: T3Decoder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many positions are read at once, from now on; single ones are steps."""
    run, read = decoder._backbone.run, list[int]()

    def counted(embeds: Any, positions: Any, attend: Any) -> Any:
        if embeds.shape[1] > 1:
            read.append(embeds.shape[1])
        return run(embeds, positions, attend)

    monkeypatch.setattr(decoder._backbone, "run", counted)
    return read


def test_a_voice_is_read_once(
    own: T3Decoder, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (dataclasses.replace(prompt, max_tokens=3) for prompt in prompts[:2])
    second = dataclasses.replace(second, conditioning=first.conditioning)
    read = count_read(own, monkeypatch)
    decode(own, [first, second])
    voice = 1 + first.conditioning.cond_prompt_speech_tokens.shape[1]
    assert read == [voice, len(first.text_tokens) + 1, len(second.text_tokens) + 1]


def test_a_known_voice_speaks_as_a_new_one_to_the_bit(
    own: T3Decoder, prompts: list[Prompt]
) -> None:
    prompt = as_new_voice(prompts[1])
    logits = []
    for _ in range(2):
        slot = own.start(fresh(prompt))
        logits.append(own._logits[slot].clone())
        own.drop(slot)
    assert logits[0].equal(logits[1])


def test_another_voice_is_not_taken_for_it(own: T3Decoder, prompts: list[Prompt]) -> None:
    import torch

    voice = prompts[1].conditioning
    other = dataclasses.replace(voice, speaker_emb=torch.randn_like(voice.speaker_emb))
    decode(own, [prompts[1]])
    spoken = decode(own, [dataclasses.replace(prompts[1], conditioning=other)])
    alone = T3Decoder(own._t3, slots=2, context=1536)
    assert (
        spoken[0].tokens
        == decode(alone, [dataclasses.replace(prompts[1], conditioning=other)])[0].tokens
    )


def test_what_is_kept_goes_with_the_voice(own: T3Decoder, prompts: list[Prompt]) -> None:
    prompt = dataclasses.replace(as_new_voice(prompts[0]), max_tokens=2)
    decode(own, [prompt])
    assert own._prefixes.bytes_used
    del prompt
    gc.collect()
    assert not own._prefixes.bytes_used


def test_the_voice_unused_for_longest_gives_way(
    own: T3Decoder, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (
        dataclasses.replace(as_new_voice(prompts[0]), max_tokens=2) for _ in range(3)
    )
    decode(own, [first, second])
    one = own._prefixes.bytes_used // 2
    decode(own, [first])
    own._prefixes._most_bytes = 2 * one
    decode(own, [third])
    assert own._prefixes.bytes_used == 2 * one
    read = count_read(own, monkeypatch)
    decode(own, [first, second])
    assert len(read) == 2 + 1  # the second voice anew
    assert prefix.MOST_BYTES < 2**30
