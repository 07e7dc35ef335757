"""Units of measure by CLDR's names, in the form that goes with the number."""

from __future__ import annotations

import functools
from decimal import Decimal

from bot.text.numbers.words import NumberWords

UNITS = {
    "km/h": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour",
    "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second",
    "m/s²": "acceleration-meter-per-square-second", "m/s2": "acceleration-meter-per-square-second",
    "km²": "area-square-kilometer", "km2": "area-square-kilometer",
    "cm²": "area-square-centimeter", "cm2": "area-square-centimeter",
    "m²": "area-square-meter", "m2": "area-square-meter",
    "m³": "volume-cubic-meter", "m3": "volume-cubic-meter",
    "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter",
    "mm": "length-millimeter", "ft": "length-foot", "in": "length-inch", "inch": "length-inch",
    "kg": "mass-kilogram", "g": "mass-gram", "mg": "mass-milligram",
    "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce",
    "l": "volume-liter", "L": "volume-liter", "ml": "volume-milliliter", "mL": "volume-milliliter",
    "°C": "temperature-celsius", "℃": "temperature-celsius",
    "°F": "temperature-fahrenheit", "℉": "temperature-fahrenheit", "°": "angle-degree",
    "kB": "digital-kilobyte", "KB": "digital-kilobyte", "MB": "digital-megabyte",
    "GB": "digital-gigabyte", "TB": "digital-terabyte",
    "Hz": "frequency-hertz", "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz", "W": "power-watt", "kW": "power-kilowatt",
    "kWh": "energy-kilowatt-hour", "V": "electric-volt", "A": "electric-ampere",
    "s": "duration-second", "ms": "duration-millisecond", "min": "duration-minute",
    "h": "duration-hour", "px": "graphics-pixel",
    "kcal": "energy-kilocalorie", "hPa": "pressure-hectopascal",
    "%": "concentr-percent", "‰": "concentr-permille",
}  # fmt: skip
"""CLDR's names, by what is written after a number."""

PER = {
    "s": "duration-second", "min": "duration-minute", "h": "duration-hour", "l": "volume-liter",
    "L": "volume-liter", "kg": "mass-kilogram", "m²": "area-square-meter",
    "m2": "area-square-meter", "m³": "volume-cubic-meter", "m3": "volume-cubic-meter",
}  # fmt: skip
"""What may follow a unit and a slash."""


def unit_name(number: Decimal | None, said: str, symbol: str, words: NumberWords) -> str:
    """Return a number with its unit in words, or "" where the language has no name for it.

    number: None where it is read digit by digit, as `said`.
    """
    number = Decimal(10) if number is None else number
    if symbol == "%" and words.habits.percent:
        said = words.habits.percent.format(n=said)
        return said.replace("百分之一百", "百分之百")
    if words.code == "zh" and number == 2:
        said = "两"
    own = words.habits.own_units.get(symbol)
    if own:
        name = str(own.get(words.locale.plural_form(number), own["other"]))
        return name.format(n=said) if "{n}" in name else f"{said} {name}"
    unit, per = _unit(symbol, words)
    if unit is None:
        return ""
    pattern = _pattern(number, unit, per, words)
    if not _is_in_words(pattern, unit):
        return ""
    gender = words.habits.genders.get(unit, words.habits.gender)
    if number == number.to_integral() and gender and words.number(number) == said:
        said = words.number(number, gender)
    if number == 1 and words.code in ("ar", "he") and pattern.startswith("{0} "):
        pattern = f"{pattern[4:]} {{0}}"  # the only number that follows its noun
    return pattern.format(said)


def _unit(symbol: str, words: NumberWords) -> tuple[str | None, str]:
    """Return CLDR's names of a unit and of what it is counted by, "" for nothing."""
    known = words.habits.units.get(symbol) or UNITS.get(symbol)
    if known:
        return known, ""
    above, _, below = symbol.partition("/")
    return UNITS.get(above), PER.get(below, "")


@functools.lru_cache(maxsize=2000)
def _pattern(number: Decimal, unit: str, per: str, words: NumberWords) -> str:
    """Return CLDR's pattern: "{0} kilometers"; without {0} where the word itself is a dual."""
    from babel.numbers import format_decimal
    from babel.units import format_compound_unit, format_unit

    digits = "0.############"
    if per:
        written = format_compound_unit(
            number, unit, denominator_unit=per, format=digits, locale=words.locale
        )
    else:
        written = format_unit(number, unit, "long", digits, locale=words.locale)
    if written is None:
        return unit
    figure = format_decimal(number, digits, locale=words.locale)
    pattern = written.replace(figure, "{0}").replace("\u00a0", " ").replace("\u202f", " ")
    if words.habits.joined:
        pattern = pattern.replace(" ", "")
    if words.code == "ko":
        pattern = pattern.replace("{0}", "{0} ")
    return pattern


def _is_in_words(pattern: str, unit: str) -> bool:
    # Babel gives the unit's identifier where a language has no pattern.
    rest = pattern.replace("{0}", "")
    return unit not in rest and "/" not in rest and not any(map(str.isdigit, rest))
