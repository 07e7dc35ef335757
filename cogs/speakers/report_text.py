"""What the moderation channel is told of a report, as a pure function of what is known."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from discord.utils import format_dt

from bot.consent.evidence import Evidence, evidence_of
from bot.consent.levels import MEANINGS, NAMES
from bot.i18n import _, ngettext
from bot.markup import literal, one_line
from cogs.cards import quoted
from storage.audit_rows import AuditRow
from storage.types import Consent, VoiceProfile

MOST_UTTERANCES = 6
"""That are listed: a line has some 130 characters with its hash, a message 2,000."""

MOST_CHARACTERS = 2000
_MOST_WORDS = 60
_MOST_REASON = 300


@dataclass(frozen=True, slots=True)
class Report:
    """A report and what is known to it.

    reporter_id: who reported. speaker: who spoke, as it is shown. url: of the line that the button
    stands under. voice: None if it was deleted since; consent: its evidence. utterances: what was
    spoken since the line, the newest first.
    """

    reporter_id: int
    speaker: str
    url: str
    reason: str
    voice: VoiceProfile | None
    consent: Consent | None
    utterances: Sequence[AuditRow]


def report_text(report: Report) -> str:
    """Return a message for the moderation channel, in the current language."""
    head = [_headline(report), _("The line: {url}").format(url=report.url)]
    if report.reason:
        reason = literal(one_line(report.reason, _MOST_REASON))
        head.append(_("Reason: {reason}").format(reason=reason))
    head += _consent(report.voice, report.consent)
    return "\n".join(_fitting([*head, *_spoken(report.utterances)]))


def _headline(report: Report) -> str:
    reporter = f"<@{report.reporter_id}>"
    if report.voice is None:
        text = _("🚩 {reporter} reports {speaker}, who spoke in a voice that was deleted since.")
        return text.format(reporter=reporter, speaker=report.speaker)
    voice, owner = quoted(report.voice.name), report.voice.owner_id
    if owner is None:
        text = _("🚩 {reporter} reports {speaker}, who spoke as {voice}.")
        return text.format(reporter=reporter, speaker=report.speaker, voice=voice)
    text = _("🚩 {reporter} reports {speaker}, who spoke as {voice}, the voice of {owner}.")
    return text.format(reporter=reporter, speaker=report.speaker, voice=voice, owner=f"<@{owner}>")


def _consent(voice: VoiceProfile | None, consent: Consent | None) -> list[str]:
    if voice is None:
        return []
    level, meaning = _(NAMES[voice.level]), _(MEANINGS[voice.level])
    text = _("Consent to the voice: {level} ({meaning})").format(level=level, meaning=meaning)
    by = consent.member_id if consent is not None else voice.consented_by
    at = consent.given_at if consent is not None else voice.consented_at
    if by is not None and at is not None:
        text += f" · <@{by}>, {format_dt(at, 'f')}"
    return [text, *(_facts(consent) if consent is not None else [])]


def _facts(consent: Consent) -> list[str]:
    facts = []
    with contextlib.suppress(ValueError):  # a record of another version
        facts += _checked(evidence_of(consent.record))
    if consent.consent_sha256 is not None:
        facts.append(_("the sentence of consent is kept"))
    return [f"-# {' · '.join(facts)}"] if facts else []


def _checked(evidence: Evidence) -> list[str]:
    checked = []
    if evidence.words_heard is not None:
        heard, asked = evidence.words_recognised, len(evidence.words_asked)
        checked.append(_("words heard: {heard} of {asked}").format(heard=heard, asked=asked))
    if evidence.similarity is not None:
        text = _("one speaker: {similarity:.2f}")
        checked.append(text.format(similarity=evidence.similarity))
    return checked


def _spoken(utterances: Sequence[AuditRow]) -> list[str]:
    if not utterances:
        return [
            _("My audit trail has nothing of it yet: it is written down when it has been said.")
        ]
    lines = [_("Spoken since, with the SHA-256 of what was sent:")]
    lines += [_utterance(row) for row in utterances[:MOST_UTTERANCES]]
    if (more := len(utterances) - MOST_UTTERANCES) > 0:
        text = ngettext("… and {count} more", "… and {count} more", more)
        lines.append(text.format(count=more))
    return lines


def _utterance(row: AuditRow) -> str:
    seconds = _("{seconds:.1f} s").format(seconds=row.seconds or 0.0)
    text = f"- {format_dt(row.began, 'T')} · {seconds} · `{row.packets_sha256}`"
    words = row.texts.get("text")
    return text if words is None else f"{text} · {literal(one_line(words, _MOST_WORDS))}"


def _fitting(lines: Sequence[str]) -> list[str]:
    """Return as many lines as fit one message, from the first on."""
    kept: list[str] = []
    left = MOST_CHARACTERS
    for line in lines:
        if len(line) + 1 > left:
            break
        kept.append(line)
        left -= len(line) + 1
    return kept
