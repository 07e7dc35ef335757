"""What members of a guild, and all of them together, may use: the limits of `/settings`."""

from __future__ import annotations

from bot.i18n import N_
from bot.settings.definition import Page, Settings, setting

MOST_VOICES = MOST_COUNT = MOST_MINUTES = 1_000_000
MOST_MEGABYTES = 10_000_000
MOST_TEXTS = 100_000
MOST_ENTRIES = 10_000
MOST_WAITING = 1000
"""As `[limits]` of the configuration allows at most. A limit whose default is that is what the
operator allows, which is never more: see `bot.operations.limits`.
"""


class GuildLimits(Settings):
    """The page Limits. Each has a refusal of its own, which says when there is room again."""

    says_per_minute: int = setting(
        20,
        Page.LIMITS,
        N_("Texts per minute"),
        N_("How many texts a member may have spoken by command"),
        ge=1,
        le=120,
    )
    reads_per_minute: int = setting(
        30,
        Page.LIMITS,
        N_("Messages per minute"),
        N_("How many messages of a member are read aloud"),
        ge=1,
        le=240,
    )
    voices_per_member: int = setting(
        10,
        Page.LIMITS,
        N_("Voices of a member"),
        N_("How many voices a member may have here; those that there are stay"),
        ge=1,
        le=100,
    )
    enrolments_per_day: int = setting(
        10,
        Page.LIMITS,
        N_("Enrolments per day"),
        N_("How often a day a member may make a voice or replace its recording"),
        ge=1,
        le=50,
    )
    speech_minutes_per_day: int = setting(
        240,
        Page.LIMITS,
        N_("Speech per day"),
        N_("How long a member may have texts spoken and read in a day"),
        unit=N_("minutes"),
        ge=1,
        le=1440,
    )
    stored_mb_per_member: int = setting(
        MOST_MEGABYTES,
        Page.LIMITS,
        N_("Stored recordings of a member"),
        N_("How much room they take, those that can be brought back included"),
        unit=N_("MB"),
        ge=1,
        le=MOST_MEGABYTES,
    )
    recordings_per_day: int = setting(
        MOST_COUNT,
        Page.LIMITS,
        N_("Recordings sent per day"),
        N_("How many a member may send me or record in a day, whatever becomes of them"),
        ge=1,
        le=MOST_COUNT,
    )
    upload_mb_per_day: int = setting(
        MOST_MEGABYTES,
        Page.LIMITS,
        N_("Size of the recordings sent per day"),
        N_("How large those of a member may be together"),
        unit=N_("MB"),
        ge=1,
        le=MOST_MEGABYTES,
    )
    queue_per_member: int = setting(
        MOST_WAITING,
        Page.LIMITS,
        N_("Waiting texts of a member"),
        N_("How many texts of a member may wait to be spoken"),
        ge=1,
        le=MOST_WAITING,
    )
    dictionary_entries_per_member: int = setting(
        MOST_ENTRIES,
        Page.LIMITS,
        N_("Dictionary of a member"),
        N_("How many entries a member's own dictionary may have; those that there are stay"),
        ge=1,
        le=MOST_ENTRIES,
    )
    server_voices: int = setting(
        MOST_VOICES,
        Page.LIMITS,
        N_("Voices of the server"),
        N_("How many voices all members together may have; those that there are stay"),
        ge=1,
        le=MOST_VOICES,
    )
    server_enrolments_per_day: int = setting(
        MOST_COUNT,
        Page.LIMITS,
        N_("Enrolments of the server per day"),
        N_("How often a day voices may be made or given another recording, by all together"),
        ge=1,
        le=MOST_COUNT,
    )
    server_speech_minutes_per_day: int = setting(
        MOST_MINUTES,
        Page.LIMITS,
        N_("Speech of the server per day"),
        N_("How long I speak in a day, for all together"),
        unit=N_("minutes"),
        ge=1,
        le=MOST_MINUTES,
    )
    server_texts_per_minute: int = setting(
        MOST_TEXTS,
        Page.LIMITS,
        N_("Texts of the server per minute"),
        N_("How many texts are said and read, for all together"),
        ge=1,
        le=MOST_TEXTS,
    )
    server_stored_mb: int = setting(
        MOST_MEGABYTES,
        Page.LIMITS,
        N_("Stored recordings of the server"),
        N_("How much room those of all together take"),
        unit=N_("MB"),
        ge=1,
        le=MOST_MEGABYTES,
    )
    server_recordings_per_day: int = setting(
        MOST_COUNT,
        Page.LIMITS,
        N_("Recordings sent by the server per day"),
        N_("How many all together may send me or record in a day"),
        ge=1,
        le=MOST_COUNT,
    )
    server_upload_mb_per_day: int = setting(
        MOST_MEGABYTES,
        Page.LIMITS,
        N_("Size of what the server sends per day"),
        N_("How large the recordings of all may be together"),
        unit=N_("MB"),
        ge=1,
        le=MOST_MEGABYTES,
    )
    server_queue: int = setting(
        MOST_WAITING,
        Page.LIMITS,
        N_("Waiting texts of the server"),
        N_("How many texts may wait to be spoken by command"),
        ge=1,
        le=MOST_WAITING,
    )
    server_dictionary_entries: int = setting(
        MOST_ENTRIES,
        Page.LIMITS,
        N_("Dictionary of the server"),
        N_("How many entries it may have; those that there are stay"),
        ge=1,
        le=MOST_ENTRIES,
    )
