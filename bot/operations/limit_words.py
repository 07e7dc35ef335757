"""What is told where a limit is reached: what it is, how much is used, when there is room again."""

from __future__ import annotations

from bot.i18n import N_, _, ngettext
from storage.quotas import Limited, QuotaReachedError


def _of_member(what: Limited, limit: int) -> str:
    match what:
        case Limited.VOICES:
            return ngettext(
                "You have {used} of the {limit} voice that a member may have here.",
                "You have {used} of the {limit} voices that a member may have here.",
                limit,
            )
        case Limited.STORED:
            return _(
                "Your recordings here take {used} of the {limit} MB that a member has, and this "
                "one takes {more} MB."
            )
        case Limited.ENROLMENTS:
            return ngettext(
                "You have used {used} of the {limit} enrolment or replacement that a member has "
                "here in a day.",
                "You have used {used} of the {limit} enrolments and replacements that a member has "
                "here in a day.",
                limit,
            )
        case Limited.RECORDINGS:
            return ngettext(
                "You have sent {used} of the {limit} recording that a member may send me here in a "
                "day.",
                "You have sent {used} of the {limit} recordings that a member may send me here in "
                "a day.",
                limit,
            )
        case Limited.UPLOADS:
            return _(
                "You have sent {used} of the {limit} MB of recordings that a member may send me "
                "here in a day, and this one has {more} MB."
            )
        case Limited.SPEECH:
            return ngettext(
                "You have used {used} of the {limit} minute of speech of a day here.",
                "You have used {used} of the {limit} minutes of speech of a day here.",
                limit,
            )
        case Limited.EXPORTS:
            return ngettext(
                "You have used {used} of the {limit} export of a day.",
                "You have used {used} of the {limit} exports of a day.",
                limit,
            )


def _of_guild(what: Limited, limit: int) -> str:
    match what:
        case Limited.STORED:
            return _(
                "The recordings of this server take {used} of the {limit} MB that it has, and this "
                "one takes {more} MB."
            )
        case Limited.ENROLMENTS:
            return ngettext(
                "This server has used {used} of its {limit} enrolment or replacement of a day.",
                "This server has used {used} of its {limit} enrolments and replacements of a day.",
                limit,
            )
        case Limited.RECORDINGS:
            return ngettext(
                "This server has sent me {used} of its {limit} recording of a day.",
                "This server has sent me {used} of its {limit} recordings of a day.",
                limit,
            )
        case Limited.UPLOADS:
            return _(
                "This server has sent me {used} of its {limit} MB of recordings of a day, and this "
                "one has {more} MB."
            )
        case Limited.SPEECH:
            return ngettext(
                "This server has used {used} of its {limit} minute of speech of a day.",
                "This server has used {used} of its {limit} minutes of speech of a day.",
                limit,
            )
        case Limited.VOICES:
            return ngettext(
                "This server has {limit} voice, which is its limit.",
                "This server has {limit} voices, which is its limit.",
                limit,
            )
        case Limited.EXPORTS:
            raise AssertionError("exports are a member's, on all servers together")


_DELETE = N_("Delete one that is no longer used.")
_AGAIN = N_("There is room again {when}.")
_NEVER = N_("Send a smaller one.")

_UNITS = {Limited.STORED: 1_000_000, Limited.UPLOADS: 1_000_000, Limited.SPEECH: 60_000}


def quota_text(reached: QuotaReachedError) -> str:
    """Return what whoever asked is told, in the current language."""
    amounts = {"used": reached.used, "limit": reached.limit, "more": reached.more}
    measured = {name: _measure(reached, amount) for name, amount in amounts.items()}
    template = _of_member if reached.by_member else _of_guild
    told = template(reached.what, int(measured["limit"])).format(**measured)
    return f"{told} {_advice(reached)}"


def _measure(reached: QuotaReachedError, amount: int) -> float:
    measured = round(amount / _UNITS.get(reached.what, 1), 1)
    return int(measured) if measured.is_integer() else measured


def minute_text(most: int, wait: float, *, by_member: bool) -> str:
    """Return what is told where the minute has had `most` texts. wait: s until there is room."""
    seconds = max(1, round(wait))
    if by_member:
        text = ngettext(
            "Here a member may have {most} text spoken in a minute. Try again in {wait} s.",
            "Here a member may have {most} texts spoken in a minute. Try again in {wait} s.",
            most,
        )
    else:
        text = ngettext(
            "On this server {most} text may be spoken in a minute. Try again in {wait} s.",
            "On this server {most} texts may be spoken in a minute. Try again in {wait} s.",
            most,
        )
    return text.format(most=most, wait=seconds)


def _advice(reached: QuotaReachedError) -> str:
    if reached.what in (Limited.VOICES, Limited.STORED):
        return _(_DELETE)
    if reached.again is None:
        return _(_NEVER)
    return _(_AGAIN).format(when=f"<t:{round(reached.again.timestamp())}:R>")
