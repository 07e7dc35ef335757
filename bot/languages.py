"""The languages a voice can be marked with: those of Chatterbox's multilingual model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.i18n import N_

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "ar": N_("Arabic"),
        "da": N_("Danish"),
        "de": N_("German"),
        "el": N_("Greek"),
        "en": N_("English"),
        "es": N_("Spanish"),
        "fi": N_("Finnish"),
        "fr": N_("French"),
        "he": N_("Hebrew"),
        "hi": N_("Hindi"),
        "it": N_("Italian"),
        "ja": N_("Japanese"),
        "ko": N_("Korean"),
        "ms": N_("Malay"),
        "nl": N_("Dutch"),
        "no": N_("Norwegian"),
        "pl": N_("Polish"),
        "pt": N_("Portuguese"),
        "ru": N_("Russian"),
        "sv": N_("Swedish"),
        "sw": N_("Swahili"),
        "tr": N_("Turkish"),
        "zh": N_("Chinese"),
    }
)
"""ISO 639-1 code to English name, which is translated where it is shown."""
