"""Laughter that is written in letters which nobody can say, by language."""

from __future__ import annotations

import re

from bot.text.words import base_language

_JAPANESE = "\u3040-\u30ff\u3400-\u9fff、。！？!?）)」"
_LAUGHS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    # w is short for warau; a single one counts behind Japanese only.
    "ja": (
        (re.compile(rf"(?<=[{_JAPANESE}])[wｗWＷ]+(?![\w.@])|(?<![\w.@])[wｗWＷ]{{2,}}(?![\w.@])"),
         " わら "),
    ),
    "ko": (
        (re.compile("[ㅋ\u110f]+"), " 크크 "),
        (re.compile("[ㅎ\u1112]+"), " 흐흐 "),
        (re.compile("[ㅠㅜ\u1172\u116e]+"), " "),  # tears
    ),
    "pt": ((re.compile(r"(?<!\w)(?:k{3,}|(?:rs){2,}r?s?)(?!\w)", re.IGNORECASE), "risos"),),
}  # fmt: skip


def read_laughs(text: str, language: str | None) -> str:
    """Return `text` with its laughter in letters that can be said."""
    for pattern, said in _LAUGHS.get(base_language(language), ()):
        text = pattern.sub(said, text)
    return text
