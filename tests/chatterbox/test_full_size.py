"""The own decoding against stock's at full size, on the CPU and on a GPU where there is one.

Opt-in, by `make test-full-size`, on a GPU by `make test-chatterbox-gpu`: it writes 3.1 GB and takes
up to 8 GB of memory, and it needs a process of its own, because the other tests shrink the model
for good.
"""

from __future__ import annotations

import copy
import gc
import shutil
from typing import Any

import pytest

from bot.speech.engines.chatterbox.loading import load_model
from bot.speech.engines.chatterbox.prompts import text_tokens
from bot.speech.engines.chatterbox.t3.backbone import set_precision
from bot.speech.engines.chatterbox.t3.decoder import Decoded, Prompt, T3Decoder
from bot.speech.engines.chatterbox.voices import PreparedVoices
from bot.speech.types import EngineSpec, SynthesisRequest, VoiceReference
from tests.chatterbox.decoding import LLAMA, TEXTS, decode, fresh, stock_decode
from tools.random_checkpoint import SPEECH_TOKENS, make_checkpoint, move_end

pytestmark = [pytest.mark.full_size, pytest.mark.timeout(1800)]

BATCH, CONTEXT = 4, 256
END, MAX_TOKENS = 10, 12  # so that texts end by the stop token, and soon


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory, voices: tuple[VoiceReference, ...]
) -> tuple[Any, list[Prompt]]:
    """T3 and four prompts for it. The one T3 serves stock and own, and the rest is let go."""
    directory = make_checkpoint("english", tmp_path_factory.mktemp("full"), full_size=True)
    spec = EngineSpec("chatterbox", "english", directory, "cpu")
    model = load_model(spec, "cpu")
    shutil.rmtree(directory)
    prompts = make_prompts(model, spec, voices)
    t3 = model.t3
    move_end(t3, SPEECH_TOKENS, END)
    del model
    gc.collect()
    return t3, prompts


def make_prompts(model: Any, spec: EngineSpec, voices: tuple[VoiceReference, ...]) -> list[Prompt]:
    """Texts of different lengths, in different voices, with different settings and seeds."""
    prepared = PreparedVoices(model, spec)
    return [
        Prompt(
            prepared.get(voice, {}).t3,
            text_tokens(model, "english", SynthesisRequest(text, voice)),
            seed=200 + index,
            sampling=sampling,
            max_tokens=MAX_TOKENS,
        )
        for index, (text, voice, sampling) in enumerate(zip(TEXTS, voices, LLAMA, strict=False))
    ]


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def t3(device: str, loaded: tuple[Any, list[Prompt]]) -> Any:
    return loaded[0].to(device)


@pytest.fixture(scope="module")
def prompts(device: str, loaded: tuple[Any, list[Prompt]]) -> list[Prompt]:
    found = [fresh(prompt) for prompt in loaded[1]]
    for prompt in found:
        prompt.conditioning.to(device=device)
    return found


@pytest.fixture(scope="module")
def expected(device: str, t3: Any, prompts: list[Prompt]) -> list[tuple[list[int], Any]]:
    """The tokens of stock, and the state of the device's random numbers after them."""
    import torch

    results = []
    for prompt in prompts:
        tokens, state = stock_decode(t3, fresh(prompt))
        results.append((tokens, torch.cuda.get_rng_state() if device == "cuda" else state))
    return results


@pytest.fixture(scope="module")
def decoder(t3: Any, expected: list[tuple[list[int], Any]]) -> T3Decoder:
    del expected  # made before the decoder touches the weights
    return T3Decoder(t3, slots=BATCH, context=CONTEXT)


def assert_stocks(results: list[Decoded], expected: list[tuple[list[int], Any]]) -> None:
    import torch

    for result, (tokens, state) in zip(results, expected, strict=True):
        assert list(result.tokens) == tokens
        assert torch.equal(result.random_state, state)
        assert result.stopped


def test_the_model_is_as_large_as_the_real_one(t3: Any) -> None:
    assert sum(weight.numel() for weight in t3.parameters()) == pytest.approx(532e6, rel=0.01)


def test_tokens_and_random_numbers_are_stocks_alone(
    decoder: T3Decoder, prompts: list[Prompt], expected: list[tuple[list[int], Any]]
) -> None:
    assert_stocks([decode(decoder, [prompt])[0] for prompt in prompts], expected)


def test_tokens_and_random_numbers_are_stocks_in_a_batch(
    decoder: T3Decoder, prompts: list[Prompt], expected: list[tuple[list[int], Any]]
) -> None:
    assert_stocks(decode(decoder, prompts), expected)


@pytest.mark.gpu
@pytest.mark.parametrize("device", ["cuda"], indirect=True)
def test_a_gpu_decodes_to_the_end_in_half_precision(t3: Any, prompts: list[Prompt]) -> None:
    import torch

    half = copy.deepcopy(t3)
    set_precision(half, torch.bfloat16)
    for done in decode(T3Decoder(half, slots=BATCH, context=CONTEXT), prompts):
        assert done.stopped
        assert len(done.tokens) > END / 2
        assert max(done.tokens) <= half.hp.stop_speech_token
