"""A guild's settings."""

from __future__ import annotations

from typing import Literal

from bot.i18n import N_
from bot.settings.definition import Id, Ids, Line, ManyIds, Page, Picker, Settings, setting
from bot.settings.guild_limits import GuildLimits
from bot.settings.member import Speed, Volume


class _Rules(Settings):
    speed: Speed = setting(
        1.0, Page.SPEAKING, N_("Speed"), N_("How fast texts are spoken"), unit="×"
    )
    volume_db: Volume = setting(
        0.0, Page.SPEAKING, N_("Volume"), N_("Louder or softer than the loudness below"), unit="dB"
    )
    loudness_lufs: float = setting(
        -20.0,
        Page.SPEAKING,
        N_("Loudness"),
        N_("The one level that all voices are brought to"),
        unit="LUFS",
        ge=-30,
        le=-14,
    )
    cache_phrases: bool = setting(
        False,
        Page.SPEAKING,
        N_("Repeat phrases"),
        N_("Phrases that come often sound the same each time and start at once"),
    )
    max_characters: int = setting(
        300,
        Page.READING,
        N_("Longest message"),
        N_('Longer messages end there, with "and so on"'),
        unit=N_("characters"),
        ge=20,
        le=2000,
    )
    announce_names: Literal["auto", "always", "never"] = setting(
        "auto",
        Page.READING,
        N_("Say who writes"),
        N_('"NAME says", once until another speaks or a minute passes'),
        choices={
            "auto": N_("Where a member has no voice of their own"),
            "always": N_("Always"),
            "never": N_("Never"),
        },
    )
    skip_prefix: Line = setting(
        ";",
        Page.READING,
        N_("Skip messages that begin with"),
        N_("Such messages are not read"),
        empty=N_("nothing is skipped"),
        max_length=10,
    )
    only_in_call: bool = setting(
        True,
        Page.READING,
        N_("Only members in the call"),
        N_("Whoever is not in the voice channel is not read"),
    )
    read_bots: bool = setting(False, Page.READING, N_("Read bots"), N_("Read what bots write"))
    read_webhooks: bool = setting(
        False, Page.READING, N_("Read webhooks"), N_("Read what webhooks write")
    )
    read_embeds: bool = setting(
        False, Page.READING, N_("Read embeds"), N_("Say the titles of embeds")
    )
    backlog_seconds: int = setting(
        30,
        Page.READING,
        N_("Longest wait"),
        N_("When more chat waits, the oldest is left out, and that is said"),
        unit=N_("seconds"),
        ge=5,
        le=300,
    )
    hurry: bool = setting(
        True,
        Page.READING,
        N_("Hurry first"),
        N_("Speak up to 1.5 times as fast before chat is left out"),
    )
    announce_joins: bool = setting(
        False, Page.READING, N_("Announce joins"), N_("Say who joins and who leaves")
    )
    greetings: bool = setting(
        True, Page.READING, N_("Greetings"), N_("Say the greetings that members wish for")
    )
    resume: bool = setting(True, Page.READING, N_("Come back"), N_("Go on reading after a restart"))
    muted_members: ManyIds = setting(
        (),
        Page.READING,
        N_("Muted members"),
        N_("Their messages are not read"),
        empty=N_("nobody"),
        picker=Picker.MEMBER,
    )
    muted_roles: Ids = setting(
        (),
        Page.READING,
        N_("Muted roles"),
        N_("The messages of members with such a role are not read"),
        empty=N_("no roles"),
        picker=Picker.ROLE,
    )
    default_voice: Id | None = setting(
        None,
        Page.VOICES,
        N_("Default voice"),
        N_("Speaks for members who have no voice of their own"),
        empty=N_("no voice"),
        picker=Picker.VOICE,
    )
    enrol_roles: Ids = setting(
        (),
        Page.VOICES,
        N_("Who may enrol"),
        N_("Only members with one of these roles make voices"),
        empty=N_("everybody"),
        picker=Picker.ROLE,
    )
    say_roles: Ids = setting(
        (),
        Page.VOICES,
        N_("Who may have texts spoken"),
        N_("Only members with one of these roles have texts spoken"),
        empty=N_("everybody"),
        picker=Picker.ROLE,
    )
    read_roles: Ids = setting(
        (),
        Page.VOICES,
        N_("Who is read"),
        N_("Only messages of members with one of these roles are read"),
        empty=N_("everybody"),
        picker=Picker.ROLE,
    )
    others_voices_roles: Ids = setting(
        (),
        Page.VOICES,
        N_("Who may use others' voices"),
        N_("Only members with one of these roles speak in voices that others enrolled"),
        empty=N_("everybody"),
        picker=Picker.ROLE,
    )
    blocked_members: ManyIds = setting(
        (),
        Page.VOICES,
        N_("Blocked members"),
        N_("They cannot enrol, speak or be read"),
        empty=N_("nobody"),
        picker=Picker.MEMBER,
    )
    minimum_level: Literal["declared", "own message", "live", "spoken"] = setting(
        "declared",
        Page.CONSENT,
        N_("Proof of consent"),
        N_("What a new voice needs at least; those that there are stay"),
        choices={
            "declared": N_("A click: the member says that they may"),
            "own message": N_("The member's own voice message"),
            "live": N_("Recorded live in the call"),
            "spoken": N_("Recorded live, with the words that I asked for"),
        },
    )
    default_reach: Literal["owner", "everybody"] = setting(
        "owner",
        Page.CONSENT,
        N_("New voices are for"),
        N_("Who may speak as a new voice, until its owner says otherwise"),
        choices={"owner": N_("Only its owner"), "everybody": N_("Everybody here")},
    )
    name_speakers: Literal["always", "others", "never"] = setting(
        "others",
        Page.CONSENT,
        N_("Write who speaks"),
        N_("A line in the voice channel's chat names the member and the voice"),
        choices={
            "always": N_("Always"),
            "others": N_("Where somebody speaks in another's voice"),
            "never": N_("Never"),
        },
    )
    audit_days: int = setting(
        365,
        Page.CONSENT,
        N_("Keep the audit trail"),
        N_("After that its oldest lines are removed"),
        unit=N_("days"),
        ge=7,
        le=3650,
    )
    audit_texts: bool = setting(
        False,
        Page.CONSENT,
        N_("Texts in the audit trail"),
        N_("What was said is kept there, too, not only who spoke when in which voice"),
    )
    text_channels: Ids = setting(
        (),
        Page.CHANNELS,
        N_("Text channels"),
        N_("I am used and read there alone; the chat of a voice channel below counts, too"),
        empty=N_("all"),
        picker=Picker.TEXT_CHANNEL,
    )
    voice_channels: Ids = setting(
        (),
        Page.CHANNELS,
        N_("Voice channels"),
        N_("I speak there alone"),
        empty=N_("all"),
        picker=Picker.VOICE_CHANNEL,
    )
    auto_join: Ids = setting(
        (),
        Page.CHANNELS,
        N_("Join by myself"),
        N_("I come, and read its chat, when somebody enters"),
        empty=N_("nowhere"),
        picker=Picker.VOICE_CHANNEL,
    )
    moderation_channel: Id | None = setting(
        None,
        Page.CHANNELS,
        N_("Moderation channel"),
        N_("Gets a line for each enrolment, deletion and change of settings"),
        empty=N_("no channel"),
        picker=Picker.TEXT_CHANNEL,
    )
    log_utterances: bool = setting(
        False,
        Page.CHANNELS,
        N_("Log what is said"),
        N_("The moderation channel also gets who said what in which voice"),
    )
    locale: Literal["auto", "en", "de", "ja", "es", "fr"] = setting(
        "auto",
        Page.LANGUAGE,
        N_("Language"),
        N_("What I say and write for all to see"),
        choices={
            "auto": N_("As in Server Settings"),
            "en": "English",
            "de": "Deutsch",
            "ja": "日本語",
            "es": "Español",
            "fr": "Français",
        },
    )
    dictionary_roles: Ids = setting(
        (),
        Page.LANGUAGE,
        N_("Who may change the dictionary"),
        N_("The server's; whoever has Manage Server always may"),
        empty=N_("nobody else"),
        picker=Picker.ROLE,
    )


class GuildSettings(GuildLimits, _Rules):
    """What `/settings` shows."""
