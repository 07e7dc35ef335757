"""Money: "$5.99" is "five dollars and ninety-nine cents"."""

from __future__ import annotations

from decimal import Decimal

from bot.text.numbers.words import NumberWords

_ISO = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "￥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS", "₿": "BTC",
    "zł": "PLN", "Kč": "CZK", "RM": "MYR",
}  # fmt: skip
_CROWNS = {"sv": "SEK", "no": "NOK", "da": "DKK"}
_SMALL = {"$": "cent", "€": "cent", "£": "penny"}


def money(number: Decimal, symbol: str, words: NumberWords) -> str:
    """Return the words of an amount, "" where the currency has no name in the language."""
    symbol = symbol.rstrip(".")
    known = {"Rs": "₹", "EUR": "€", "GBP": "£", "PLN": "zł", "JPY": "¥"}
    symbol = symbol if symbol in words.habits.money else known.get(symbol, symbol)
    whole, _, fraction = f"{number:f}".partition(".")
    in_parts = words.habits.cents and len(fraction) == 2 and symbol in words.habits.money
    if not in_parts and fraction.strip("0"):
        return _counted(number, symbol, words)
    major = _counted(Decimal(whole), symbol, words)
    if not major or not fraction.strip("0"):
        return major
    return _with_cents(whole, int(fraction), major, symbol, words)


def _with_cents(whole: str, cents: int, major: str, symbol: str, words: NumberWords) -> str:
    said, minor = words.cardinal(cents), ""
    if "{minor}" in words.habits.cents:
        if symbol not in _SMALL:
            return words.join(
                [words.number(Decimal(f"{whole}.{cents:02}")), _name(Decimal(2), symbol, words)]
            )
        minor = f"{said} {_name(Decimal(cents), _SMALL[symbol], words)}"
        if whole == "0":
            return minor
    return words.habits.cents.format(major=major, n=said, minor=minor)


def _counted(number: Decimal, symbol: str, words: NumberWords) -> str:
    name = _name(number, symbol, words)
    gender = words.habits.genders.get(symbol, words.habits.gender)
    said = words.number(number, gender)
    if words.code == "zh" and number == 2:
        said = "两"
    noun_first = words.code == "sw" or (words.code in ("ar", "he") and number == 1)
    order = [name, said] if noun_first else [said, name]
    return words.join(order) if name else ""


def _name(number: Decimal, symbol: str, words: NumberWords) -> str:
    forms = words.habits.money.get(symbol)
    if forms:
        return str(forms.get(words.locale.plural_form(number)) or forms["other"])
    code = _CROWNS.get(words.code, "") if symbol == "kr" else _ISO.get(symbol, symbol)
    if not code:
        return ""
    from babel.numbers import get_currency_name

    name = get_currency_name(code, count=number, locale=words.locale)
    return "" if name == code else name
