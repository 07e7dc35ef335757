"""From a request to what T3 decodes: the text's tokens, the voice's conditioning, the settings."""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.errors import UserError
from bot.i18n import Translatable
from bot.speech.engines.chatterbox import languages
from bot.speech.engines.chatterbox.stock import import_package
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel, SynthesisRequest
from bot.speech.voice_settings import request_settings, sampling_values
from bot.text.words import base_language

MAX_SPEECH_TOKENS = 1000
"""Where stock `generate` cuts: 40 s."""


def context_length(t3: Any) -> int:
    """Return how many positions T3 needs for the longest voice, text and speech together."""
    voice = 1 + t3.hp.speech_cond_prompt_len if t3.is_gpt else 34
    text = MODELS["turbo" if t3.is_gpt else "multilingual"].max_text_tokens
    return int(voice + text + 4 + MAX_SPEECH_TOKENS)


def language_code(model: Any, name: ChatterboxModel, language: str | None) -> str | None:
    """Return the code of the language that the model is to speak, None where it knows but one.

    Raises `UserError` with the model's languages when it lacks this one.
    """
    definition = MODELS[name]
    if not definition.is_multilingual:
        return None  # they speak English only
    if len(definition.languages) == 1:
        return definition.languages[0]
    code = base_language(language)
    supported: dict[str, str] = model.get_supported_languages()
    if code not in supported:
        raise UserError(
            Translatable(
                "The voice engine does not speak the language '{language}'. It speaks {languages}.",
                language=code,
                languages=", ".join(sorted(supported)),
            )
        )
    return code


def text_tokens(model: Any, name: ChatterboxModel, request: SynthesisRequest) -> Any:
    """Return the tokens (length,) of a request's text, as stock `generate` makes them.

    Raises `UserError` for a language that the model lacks or cannot read, and for a text that is
    too long.
    """
    torch = import_package("torch")
    text = import_package(MODELS[name].module).punc_norm(request.text)
    code = language_code(model, name, request.language)
    if MODELS[name].is_gpt:
        tokens = model.tokenizer(text, return_tensors="pt", truncation=True).input_ids[0]
    else:
        if code is not None:
            languages.require(model.tokenizer, code)
        tokens = model.tokenizer.text_to_tokens(text, **({"language_id": code} if code else {}))[0]
        config = model.t3.hp
        start, stop = (torch.tensor([n]) for n in (config.start_text_token, config.stop_text_token))
        tokens = torch.cat([start, tokens.cpu(), stop])
    if len(tokens) > MODELS[name].max_text_tokens:
        raise UserError(
            Translatable(
                "This sentence is too long for the voice engine: {count} tokens of {most}. Put a "
                "full stop somewhere.",
                count=len(tokens),
                most=MODELS[name].max_text_tokens,
            )
        )
    return tokens.long()


def conditioning(prepared: Any, exaggeration: float | None) -> Any:
    """Return a `T3Cond` of its own for one text, because decoding writes to it."""
    torch = import_package("torch")
    own = dataclasses.replace(prepared.t3)
    if exaggeration is not None:
        own.emotion_adv = torch.full_like(own.emotion_adv, exaggeration)
    return own


def sampling_settings(name: ChatterboxModel, request: SynthesisRequest) -> dict[str, float]:
    """Return the arguments of stock `generate` for the request, those of the model alone.

    Raises `UserError` when a setting is out of its range.
    """
    model = MODELS[name]
    return {
        **sampling_values(name, request_settings(name, request)),
        "repetition_penalty": model.repetition_penalty,
        "min_p": model.min_p,
        "top_p": model.top_p,
    }
