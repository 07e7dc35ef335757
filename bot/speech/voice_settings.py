"""Which settings each model has, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from bot.errors import UserError
from bot.i18n import Translatable, joined
from bot.languages import LANGUAGES
from bot.speech.delivery import NOTHING_SET, DeliverySettings
from bot.speech.models import MODELS
from bot.speech.setting_table import (
    ALL,
    EVERY,
    SEED,
    TAKES,
    TEMPERATURE,
    Setting,
    measure,
    translatable_number,
)
from bot.speech.types import (
    ChatterboxModel,
    Decode,
    EngineInfo,
    SynthesisRequest,
    VoiceSettings,
)
from bot.text.words import base_language, spoken_language

if TYPE_CHECKING:
    from storage.types import VoiceProfile


Model: TypeAlias = ChatterboxModel | Literal["preview"]

_WITHOUT_GUIDANCE = {"temperature": TEMPERATURE, "seed": SEED, "takes": TAKES}

SETTINGS: Mapping[Model, Mapping[str, Setting]] = {
    **{model.name: _WITHOUT_GUIDANCE if model.is_gpt else ALL for model in MODELS.values()},
    "preview": {"seed": SEED},
}
"""By model and name. What a model lacks, it ignores."""


def model_of(engine: EngineInfo) -> Model:
    """Return the model of an engine, as settings know it."""
    return cast(Model, engine.model) if engine.kind == "chatterbox" else "preview"


def settings_of(voice: VoiceProfile) -> VoiceSettings:
    """Return how a stored voice was set to speak."""
    return VoiceSettings(
        voice.exaggeration, voice.cfg_weight, voice.temperature, voice.seed, voice.takes
    )


def delivery_of(voice: VoiceProfile) -> DeliverySettings:
    """Return how fast and how loud a stored voice was set to speak."""
    return DeliverySettings(voice.speed, voice.volume_db)


def describe(settings: VoiceSettings, delivery: DeliverySettings = NOTHING_SET) -> Translatable:
    """Return what is set in a few words: "exaggeration 1.2, pace 0.3 (cfg_weight), speed 1.5"."""
    values = _given(settings) | _given(delivery)
    given = [_named(name, measure(name, value)) for name, value in values.items()]
    return joined(given, ", ") if given else Translatable("the model's defaults")


def check_ranges(settings: VoiceSettings | DeliverySettings) -> None:
    """Raise `UserError`, which names the range, for a setting that no model takes."""
    for name, value in _given(settings).items():
        _check_range(name, EVERY[name], value)


def sampling_values(model: ChatterboxModel, settings: VoiceSettings) -> dict[str, float]:
    """Return every setting of `model` that steers sampling, given or by default.

    Raises `UserError` with the range when one is out of it.
    """
    given = _given(settings)
    values = {}
    for name, setting in SETTINGS[model].items():
        if not setting.whole:
            assert setting.default is not None
            values[name] = float(given.get(name, setting.default))
            _check_range(name, setting, values[name])
    return values


def ignored(model: Model, settings: VoiceSettings) -> tuple[str, ...]:
    """Return a sentence for whoever set what `model` does not have, or nothing."""
    names = [_named(name) for name in _given(settings) if name not in SETTINGS[model]]
    if not names:
        return ()
    listed = joined(names[:-1], ", ") if names[:-1] else names[-1]
    if names[:-1]:
        listed = Translatable("{some} and {last}", some=listed, last=names[-1])
    return (Translatable("The {model} model ignores {settings}.", model=model, settings=listed),)


def takes_notes(
    settings: VoiceSettings, engine: EngineInfo | None, decode: Decode = "own"
) -> tuple[str, ...]:
    """Return a sentence about several takes: what they cost, or why fewer are made.

    engine: None before it is loaded; then `decode` is how it will decode.
    """
    takes = settings.takes or 1
    if (engine.decode if engine else decode) == "stock" and takes > 1:
        return (one_take(takes),)
    if engine is not None and engine.most_takes < takes and "takes" in SETTINGS[model_of(engine)]:
        return (fewer_takes(takes, engine.most_takes),)
    return takes_cost(settings, engine)


def takes_cost(settings: VoiceSettings, engine: EngineInfo | None) -> tuple[str, ...]:
    """Return a sentence about what several takes cost in an engine that makes them, or nothing.

    Where it makes fewer, the speech's own notes say so.
    """
    takes = settings.takes or 1
    if takes == 1:
        return ()
    if engine is None:
        return (
            Translatable(
                "{takes} takes of a sentence need {takes} of the engine's places.", takes=takes
            ),
        )
    if "takes" not in SETTINGS[model_of(engine)] or engine.most_takes < takes:
        return ()
    if engine.company_slows:
        text = Translatable(
            "{takes} takes of a sentence need {takes} of the engine's {places} places and take "
            "longer than one: others wait sooner.",
            takes=takes,
            places=engine.slots,
        )
    else:
        text = Translatable(
            "{takes} takes of a sentence need {takes} of the engine's {places} places: others wait "
            "sooner.",
            takes=takes,
            places=engine.slots,
        )
    return (text,)


def one_take(takes: int) -> Translatable:
    """Return what is said where stock's decode was asked for several takes."""
    return Translatable(
        'The engine makes one take, not {takes}: its operator has set [engine] decode = "stock".',
        takes=takes,
    )


def fewer_takes(takes: int, places: int) -> Translatable:
    """Return what is said where an engine has fewer places than takes were asked for."""
    if places == 1:
        return Translatable(
            "The engine has no place for {takes} takes: one is made. Its operator can raise "
            "[engine] slots.",
            takes=takes,
        )
    return Translatable(
        "The engine has no place for {takes} takes: {made} are made. Its operator can raise "
        "[engine] slots.",
        takes=takes,
        made=places,
    )


def setting_notes(model: Model, settings: VoiceSettings) -> tuple[str, ...]:
    """Return a sentence for each thing that whoever tunes a voice should know of `model`."""
    notes = ignored(model, settings)
    if settings.exaggeration is not None and model != "preview" and MODELS[model].is_multilingual:
        notes += (Translatable("Exaggeration changes little in the {model} model.", model=model),)
    return notes


def request_settings(model: ChatterboxModel, request: SynthesisRequest) -> VoiceSettings:
    """Return the settings of a request, with what `model` needs for it where nothing was said."""
    if not _is_foreign(model, request):
        return request.settings
    return replace(request.settings, cfg_weight=0.0)


def ignored_notes(model: Model, request: SynthesisRequest) -> tuple[str, ...]:
    """Return a sentence for each thing that was asked for and that `model` does otherwise.

    What `setting_notes` says of the settings is among them.
    """
    notes = setting_notes(model, request.settings)
    spoken = ("en",) if model == "preview" else MODELS[model].languages
    asked, language = _base(request.language), spoken_language(request.language, spoken)
    if asked not in (None, language):
        notes += (
            Translatable(
                "The {model} model speaks {language} only, not {asked}.",
                model=model,
                language=_name(language),
                asked=_name(asked),
            ),
        )
    if model != "preview" and _is_foreign(model, request):
        notes += (
            Translatable(
                "This voice was recorded in {own} and speaks {language} here, so its {setting} is "
                "0, for less of an accent, unless you set it.",
                own=_name(_base(request.voice.language)),
                language=_name(language),
                setting=_named("cfg_weight"),
            ),
        )
    return notes


def _is_foreign(model: ChatterboxModel, request: SynthesisRequest) -> bool:
    """Whether the voice speaks a language that is not its own, and nobody set how closely.

    Upstream's advice against the accent that comes with it: `cfg_weight` 0. A voice that is not
    marked with a language may have been recorded in any, so nothing is changed for it.
    """
    definition, own = MODELS[model], _base(request.voice.language)
    guided = "cfg_weight" in SETTINGS[model]
    if not guided or own is None or request.settings.cfg_weight is not None:
        return False
    return own != spoken_language(request.language, definition.languages)


def _base(language: str | None) -> str | None:
    return base_language(language) if language else None


def _name(language: str | None) -> Translatable:
    return Translatable(LANGUAGES.get(language or "", language or ""))


def _named(name: str, value: str = "") -> Translatable:
    """Return a setting by its plain name, with the model's name for it behind."""
    plain = EVERY[name].plain
    of_model = f"({name})" if plain and name in ALL else ""
    return joined(part for part in (Translatable(plain or name), value, of_model) if part)


def _given(settings: VoiceSettings | DeliverySettings) -> dict[str, float]:
    return {name: value for name, value in asdict(settings).items() if value is not None}


def _check_range(name: str, setting: Setting, value: float) -> None:
    # Also refuses what is not a number at all.
    if not setting.lowest <= value <= setting.highest:
        meaning = Translatable(setting.meaning)
        about = joined((name, meaning), ": ") if setting.plain and name in ALL else meaning
        raise UserError(
            Translatable(
                "{name} ({meaning}) is between {lowest} and {highest}; {value} is not.",
                name=Translatable(setting.plain or name),
                meaning=about,
                lowest=translatable_number(setting.lowest),
                highest=translatable_number(setting.highest),
                value=translatable_number(value),
            )
        )
