"""Ordinals: "1st", "2ème", "3º", "4e", "5-й"; decades: "the 90s"."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_POINTED = frozenset(("da", "no", "fi", "tr"))
_COUNTED = re.compile(r"(?<![\w.,:/-])(\d{1,3})\.(?= [^\W\d_A-ZÆØÅÄÖÜÇĞİŞ])")
_GERMAN = re.compile(
    r"\b((?:der|die|das|dem|den|im|am|vom|zum|beim|zur) )(\d{1,3})\.(?= [A-ZÄÖÜ][a-zäöüß])",
    re.IGNORECASE,
)
_GERMAN_COUNTED = re.compile(
    r"(?<![\w.,:/-])(\d{1,2})\. (?:"
    r"(?P<e>Bundesliga|Liga|Halbzeit|Staffel|Folge|Runde|Klasse|Etage|Woche|Auflage|Stufe|Hälfte)"
    r"|(?P<er>Weltkrieg|Stock|Platz|Tag|Teil|Spieltag|Versuch|Advent|Geburtstag)"
    r"|(?P<es>Mal|Kapitel|Quartal|Jahr|Semester|Kind))(?!\w)"
)
_GERMAN_DECADE = re.compile(r"(?<![\w.,])(\d{1,4})er(?=[ ,.!?]|$)")
_ENGLISH_SPAN = re.compile(r"(?<=\d)(st|nd|rd|th)? ?[-–] ?(?=\d{1,4}(?:st|nd|rd|th)\b)")
_INDICATOR = re.compile(r"(?<![\w.,])(\d{1,6})\.?([ºª])(?!\w)")
_DEGREE_FOR_ORDINAL = frozenset(("es", "it", "pt"))
# "2° piano" has a noun behind it, "20° all'ombra" something else.
_DEGREE = re.compile(
    r"(?<![\w.,-])([12]?\d)°(?= (?!(?:a|al|alla|all|ai|de|di|do|da|e|y|o|ou|in|en|em|no|na|nel|con"
    r"|com|per|por|sul|sulla|sobre|sotto|sopra|bajo|abaixo|acima|se|más|mais|più|Celsius|Fahrenheit"
    r")\b)[^\W\d_])"
)
_SPANISH_SHORT = re.compile(r"(primer|tercer)o$")
_DECADE = re.compile(r"(?<![\w.,])(['’])?(\d\d)?(\d0)'?s(?!\w)")
_BEFORE_DECADE = re.compile(
    r"\b(?:the|early|mid|late|my|his|her|their|our|your)[ -]$", re.IGNORECASE
)


def mark(text: str, words: NumberWords) -> str:
    """Part "2nd-3rd", and write "3° piano" with the sign that is meant."""
    if words.code == "en":
        text = _ENGLISH_SPAN.sub(rf"\1 {words.habits.to} ", text)
    if words.code in _DEGREE_FOR_ORDINAL:
        text = _DEGREE.sub(r"\1º", text)
    return text


def read(text: str, words: NumberWords) -> str:
    """Say ordinals in the languages that mark them by letters, and English decades."""
    for form, ending in words.habits.ordinal_endings.items():
        pattern = rf"(?<![\w.,])(\d{{1,6}}|\d{{1,3}},\d{{3}})(?:{ending})(?!\w)"
        text = re.sub(pattern, lambda m, form=form: _ordinal(m, form, words), text)  # type: ignore[misc]
    text = _INDICATOR.sub(lambda m: _indicated(m, words), text)
    text = _pointed(text, words)
    return _DECADE.sub(lambda m: _decade(m, words), text) if words.code == "en" else text


def _ordinal(match: re.Match[str], form: str, words: NumberWords) -> str:
    if match[1].startswith("0"):
        return match[0]
    said = words.ordinal(int(match[1].replace(",", "")), form) or match[0]
    before_noun = re.match(r" [^\W\d_]", match.string[match.end() :])
    if words.code == "es" and before_noun:  # "tercer piso"
        said = _SPANISH_SHORT.sub(r"\1", said)
    return said


def _indicated(match: re.Match[str], words: NumberWords) -> str:
    number = int(match[1])
    return words.ordinal(number, "feminine" if match[2] == "ª" else "masculine") or words.cardinal(
        number
    )


def _decade(match: re.Match[str], words: NumberWords) -> str:
    century, tens = match[2], int(match[3])
    bare = century is None and match[1] is None
    if bare and not _BEFORE_DECADE.search(match.string[: match.start()]):
        return match[0]
    if tens in (0, 10):
        said = words.year(int(f"{century or ''}{match[3]}"))
        return f"{said}s" if century else match[0]
    plural = f"{words.cardinal(tens).removesuffix('y')}ies"
    return f"{words.cardinal(int(century))} {plural}" if century else plural


def _pointed(text: str, words: NumberWords) -> str:
    """Read "3." before a word that it counts; a number at the end of a sentence stays."""
    if words.code == "de":
        text = _GERMAN.sub(lambda m: _german(m, words), text)
        text = _GERMAN_COUNTED.sub(lambda m: _counted(m, words), text)
        return _GERMAN_DECADE.sub(lambda m: f"{words.year(int(m[1]))}er", text)
    if words.code in _POINTED:
        return _COUNTED.sub(lambda m: words.ordinal(int(m[1])) or m[0], text)
    return text


def _german(match: re.Match[str], words: NumberWords) -> str:
    weak = match[1].casefold().strip() not in ("der", "die", "das")
    return match[1] + words.ordinal(int(match[2]), "n" if weak else "")


def _counted(match: re.Match[str], words: NumberWords) -> str:
    # Without an article the ending is the noun's: "zweiter Weltkrieg", "zweite Liga".
    ending = match.lastgroup or ""
    return f"{words.ordinal(int(match[1]))}{ending[1:]} {match[ending]}"
