"""Numbers, money, dates, times, units and signs in words."""

from bot.text.numbers.spelling import spell_out

__all__ = ["spell_out"]
