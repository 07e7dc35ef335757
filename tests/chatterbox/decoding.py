"""Decoding with the own way and with stock's, for tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.t3.decoder import Decoded, Prompt, T3Decoder
from bot.speech.engines.chatterbox.t3.sampling import Sampling
from bot.speech.models import MODELS

TEXTS = (
    "Hello there.",
    "A rather longer second message for the bot, with a comma in it.",
    "Third!",
    "Numbers 1, 2, 3 and so on, until the very end of what there is to say about them.",
    "Five.",
    "Is this the sixth?",
    "Seven is short, too.",
    "And the last of eight texts is the longest one of all, because it goes on and on and on.",
)
LLAMA = (
    Sampling(),
    Sampling(cfg_weight=0.2, temperature=0.5, repetition_penalty=1.5, min_p=0.1, top_p=0.9),
    Sampling(cfg_weight=1.0, temperature=1.0, repetition_penalty=1.0, min_p=0.0),
    Sampling(temperature=1.4, top_p=0.5),
)
GPT2 = (
    Sampling(cfg_weight=0, min_p=0, top_p=0.95),
    Sampling(cfg_weight=0, min_p=0, top_p=0.8, temperature=0.6, repetition_penalty=1.5),
    Sampling(cfg_weight=0, min_p=0, top_p=1.0, temperature=1.0, repetition_penalty=1.0),
)


def text_tokens(engine: ChatterboxEngine, text: str) -> Any:
    import torch

    tokenizer, model = engine._model.tokenizer, MODELS[engine.info.model]  # type: ignore[index]
    if model.is_gpt:
        return tokenizer(text, return_tensors="pt").input_ids[0]
    language = {"language_id": "en"} if model.is_multilingual else {}
    tokens = tokenizer.text_to_tokens(text, **language)[0]
    return torch.cat([torch.tensor([255]), tokens, torch.tensor([0])]).long()


def fresh(prompt: Prompt) -> Prompt:
    """The same with conditionals that may be written to."""
    return dataclasses.replace(prompt, conditioning=dataclasses.replace(prompt.conditioning))


def stock_decode(t3: Any, prompt: Prompt) -> tuple[list[int], Any]:
    import torch

    chosen = dataclasses.asdict(prompt.sampling)
    torch.manual_seed(prompt.seed)
    if t3.is_gpt:
        del chosen["cfg_weight"], chosen["min_p"]
        # Stock counts the first token apart and leaves out the stop token.
        tokens = t3.inference_turbo(
            prompt.conditioning,
            prompt.text_tokens[None],
            max_gen_len=prompt.max_tokens - 1,
            **chosen,
        )
    else:
        text = prompt.text_tokens[None].repeat(2, 1)
        tokens = t3.inference(
            t3_cond=prompt.conditioning,
            text_tokens=text,
            max_new_tokens=prompt.max_tokens,
            **chosen,
        )
    return tokens[0].tolist(), torch.get_rng_state()


def decode(decoder: T3Decoder, prompts: Sequence[Prompt]) -> list[Decoded]:
    slots = [decoder.start(fresh(prompt)) for prompt in prompts]
    done: dict[int, Decoded] = {}
    while decoder.running:
        done |= decoder.step()
    return [done[slot] for slot in slots]


def spoken(decoded: Decoded, t3: Any) -> list[int]:
    """The tokens as stock returns them."""
    tokens = list(decoded.tokens)
    return tokens[:-1] if t3.is_gpt and decoded.stopped else tokens
