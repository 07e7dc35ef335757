"""Numbers, money, dates, times, units and signs in words."""


def spell_out(text: str, language: str | None) -> str:
    """Return `text` with numbers and signs in words of `language`; unchanged in those unknown."""
    return text
