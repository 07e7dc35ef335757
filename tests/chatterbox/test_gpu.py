"""On an NVIDIA GPU, by `make test-chatterbox-gpu`. Tiny random checkpoints, as elsewhere."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.loading import load_model
from bot.speech.types import (
    ChatterboxModel,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from tests.chatterbox.conftest import spec
from tests.chatterbox.decoding import decode, fresh, stock_decode, text_tokens

Voices = tuple[VoiceReference, ...]

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.parametrize("engine", ["english", "turbo", "multilingual"], indirect=True),
]

TEXTS = (
    "Hello there.",
    "A rather longer second message for the bot, with a comma in it.",
    "Third!",
    "Numbers 1, 2, 3 and so on, until the very end of what there is to say about them. " * 3,
)


@pytest.fixture(scope="module")
def engine(
    request: pytest.FixtureRequest, checkpoint: Callable[[ChatterboxModel], Path]
) -> Iterator[ChatterboxEngine]:
    """In the precision that suits the card, with graphs, the vocoder in a thread of its own."""
    wanted = spec(request.param, checkpoint(request.param), device="cuda", slots=4)
    engine = ChatterboxEngine(wanted, "the test asks for it")
    yield engine
    engine.close()


def requests(voices: Voices) -> list[SynthesisRequest]:
    return [
        SynthesisRequest(text, voices[index], "en", VoiceSettings(seed=index))
        for index, text in enumerate(TEXTS)
    ]


def prompts(engine: ChatterboxEngine, voices: Voices) -> list[Any]:
    speaker: Any = engine._speaker
    jobs = []
    for ticket, wanted in enumerate(requests(voices)):
        speaker.submit(ticket, wanted)
        jobs.append(speaker._waiting.pop())
    return [dataclasses.replace(speaker._prompt(job), max_tokens=60) for job in jobs]


def packets(engine: ChatterboxEngine, wanted: list[SynthesisRequest]) -> list[tuple[bytes, ...]]:
    results = engine.synthesize(wanted)
    assert all(isinstance(result, Speech) for result in results), results
    return [result.packets for result in results if isinstance(result, Speech)]


def test_every_step_is_captured(engine: ChatterboxEngine) -> None:
    speaker: Any = engine._speaker
    decoder = speaker._decoder
    lengths = {length for _, length, _ in decoder._step._graphs}
    wanted = {decoder.context} if decoder._fused else set(range(256, decoder.context + 1, 256))
    assert lengths == wanted


def test_own_kernels_are_used_and_decode_what_torchs_decode_in_float32(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    import copy

    import torch

    from bot.speech.engines.chatterbox.t3.backbone import set_precision
    from bot.speech.engines.chatterbox.t3.decoder import T3Decoder

    pytest.importorskip("triton")
    speaker: Any = engine._speaker
    assert speaker._decoder._fused is not None
    t3 = copy.deepcopy(engine._model.t3)
    set_precision(t3, torch.float32)
    options = {"slots": 4, "context": speaker._decoder.context}
    wanted = prompts(engine, voices)
    quick, plain = (
        [done.tokens for done in decode(T3Decoder(t3, fused=fused, **options), wanted)]
        for fused in (True, False)
    )
    assert quick == plain


def test_tokens_are_read_late_but_for_the_guard(engine: ChatterboxEngine) -> None:
    speaker: Any = engine._speaker
    guarded = engine.info.model == "multilingual-v2"
    assert speaker._decoder._reader.late == (0 if guarded else 2)


def test_sentences_of_unequal_lengths_together_sound_as_alone(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    import torch

    from bot.speech.engines.chatterbox.vocoder import Sounds

    speaker: Any = engine._speaker
    vocoder = speaker._sounder._vocoder
    batch = [
        Sounds(
            torch.arange(length),
            engine.voices.get(voices[0], {}).gen,
            seed=length,
            random_state=torch.Generator("cuda").manual_seed(length).get_state(),
        )
        for length in (40, 90)
    ]
    alone = [vocoder.speak([one])[0] for one in batch]
    for together, expected in zip(vocoder.speak(batch), alone, strict=True):
        assert np.abs(together - expected).max() < 0.02


def test_a_graph_decodes_what_its_kernels_decode(engine: ChatterboxEngine, voices: Voices) -> None:
    speaker: Any = engine._speaker
    wanted = prompts(engine, voices)
    graphed = [done.tokens for done in decode(speaker._decoder, wanted)]
    graphs, speaker._decoder._step._graphs = speaker._decoder._step._graphs, {}
    try:
        plain = [done.tokens for done in decode(speaker._decoder, wanted)]
    finally:
        speaker._decoder._step._graphs = graphs
    assert graphed == plain


def test_the_flow_is_captured_and_computes_what_its_kernels_compute(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    import torch

    from bot.speech.engines.chatterbox.flow import FRAMES_STEP, MOST_FRAMES
    from bot.speech.engines.chatterbox.vocoder import Sounds

    speaker: Any = engine._speaker
    vocoder = speaker._sounder._vocoder
    estimator = engine._model.s3gen.flow.decoder.estimator
    graphed = estimator.forward
    lengths = {frames for _, frames in graphed._graphs}
    assert lengths == set(range(FRAMES_STEP, MOST_FRAMES + 1, FRAMES_STEP))
    sounds = Sounds(
        torch.arange(60),
        engine.voices.get(voices[0], {}).gen,
        seed=1,
        random_state=torch.Generator("cuda").manual_seed(1).get_state(),
    )
    (expected,) = vocoder.speak([sounds])
    estimator.forward = graphed.plain
    try:
        (plain,) = vocoder.speak([sounds])
    finally:
        estimator.forward = graphed
    assert np.abs(plain - expected).max() < 0.02


def test_tokens_do_not_depend_on_company(engine: ChatterboxEngine, voices: Voices) -> None:
    speaker: Any = engine._speaker
    wanted = prompts(engine, voices)
    alone = [decode(speaker._decoder, [prompt])[0].tokens for prompt in wanted]
    assert [done.tokens for done in decode(speaker._decoder, wanted)] == alone
    assert [done.tokens for done in decode(speaker._decoder, wanted[::-1])] == alone[::-1]


def test_the_same_seed_sounds_the_same_also_while_others_speak(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    wanted = requests(voices)
    alone = [packets(engine, [one])[0] for one in wanted]
    assert packets(engine, wanted) == alone
    results: dict[int, Any] = {}
    for ticket, one in enumerate(wanted):
        engine.submit(ticket, one)
        for _ in range(5):
            results |= dict(engine.advance(0))
    while engine.busy:
        results |= dict(engine.advance(math.inf))
    assert [results[ticket].packets for ticket in range(len(wanted))] == alone


def test_in_float32_tokens_are_stocks(
    engine: ChatterboxEngine, checkpoint: Callable[[ChatterboxModel], Path], voices: Voices
) -> None:
    model = engine.info.model
    wanted = spec(
        model,  # type: ignore[arg-type]  # a str in EngineInfo
        checkpoint(model),  # type: ignore[arg-type]
        device="cuda",
        slots=4,
        precision="fp32",
    )
    own = ChatterboxEngine(wanted, "the test asks for it")
    stock = load_model(wanted, "cuda")
    try:
        speaker: Any = own._speaker
        for prompt in prompts(own, voices):
            prompt = dataclasses.replace(prompt, text_tokens=text_tokens(own, TEXTS[0]))
            (result,) = decode(speaker._decoder, [prompt])
            assert result.tokens
            on_gpu = dataclasses.replace(
                fresh(prompt), text_tokens=prompt.text_tokens.to(stock.device)
            )
            expected, _ = stock_decode(stock.t3, on_gpu)
            tokens = list(result.tokens)
            assert (tokens[:-1] if stock.t3.is_gpt and result.stopped else tokens) == expected
    finally:
        own.close()
