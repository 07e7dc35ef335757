"""Who spoke in whose voice: the line in the channel, reports, `/voice usage`, and files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.audit.events import Spoken
from bot.consent.evidence import Evidence
from cogs.speakers.report_button import ReportDialog
from cogs.voices.usage import PAGE_SIZE, UsagePages
from loopback import ChannelKind, Person, Upload
from storage.types import NewConsent, NewVoice
from tools.pictures.scene import ANSWER_SECONDS, Act, scene
from tools.pictures.scenes import samples
from tools.pictures.stage import voice_clip

SAY, USAGE, MADE_HERE, REPORT = "say", "voice usage", "Was this made here?", "Report"
WORDS = ("river", "candle", "orange", "window")


async def spoken_live(act: Act) -> int:
    """Give Ben a voice that he recorded live, shared with everybody; return its id."""
    now = datetime.now(UTC)
    voice = NewVoice(
        act.guild.id, "Ben", owner_id=act.ben.id, consented_by=act.ben.id, consented_at=now,
        level="spoken",
    )  # fmt: skip
    evidence = Evidence(
        "live", "spoken", "I, Ben, agree.", "en", act.guild.id, words_asked=WORDS,
        words_heard=WORDS, words_recognised=len(WORDS), similarity=0.91,
    )  # fmt: skip
    consent = NewConsent(act.ben.id, now, evidence.to_json(), voice_clip("Ben's consent"))
    return (await act.stage.world.store.add(voice, voice_clip("Ben"), consent=consent)).id


@scene(
    "who-speaks",
    "The line in a voice channel's chat that says who speaks in whose voice; what its Report "
    "button asks and answers; and what the moderation channel is told",
    SAY,
    answers=(ReportDialog,),
)
async def who_speaks(act: Act) -> None:
    """Ada speaks as Ben, who reports it."""
    world = act.stage.discord.world
    moderators = world.add_channel(act.guild, "moderators", ChannelKind.TEXT, 0)
    await act.stage.world.settings.change_guild(
        act.guild.id, "moderation_channel", moderators.id, changed_by=act.mo.id
    )
    await spoken_live(act)
    await act.ada.join_voice()
    await act.ben.join_voice()
    said = await act.ask(act.ada, SAY, text="I owe everybody here a pizza.", voice="Ben")
    await act.until(said, "Said.")
    line = await act.keep_posted(act.guild.voice, "speaks as")
    asked = await act.press(act.ben, line, label=REPORT)
    act.keep_dialog(asked)
    reason = "I never said that, and do not want to."
    submitted = act.ben.submit(asked, reason=reason)
    act.keep(act.ben, REPORT, await submitted.answered(ANSWER_SECONDS))
    await act.keep_posted(moderators, "reports")


@scene(
    "voice-usage",
    "/voice usage: who spoke with a voice, when and how long, page by page",
    USAGE,
    answers=(UsagePages,),
)
async def usage(act: Act) -> None:
    """Some days of it."""
    voice = await act.stage.add_voice(act.place, "Ada", act.ada)
    now = datetime.now(UTC)
    for number in range(PAGE_SIZE + 3, 0, -1):
        spoken = Spoken(
            by=(act.ben.id, act.ada.id, act.mo.id, act.ben.id)[number % 4],
            voice_id=voice,
            owner_id=act.ada.id,
            milliseconds=1300 + 970 * (number * 7 % 11),
            packets_sha256=f"{number:064x}",
            way="file" if number % 8 == 5 else "say",
            channel_id=act.guild.voice.id,
            at=now - timedelta(minutes=217) * number,
        )
        await act.stage.world.audit.record(act.guild.id, spoken)
    await act.show(act.ada, USAGE, voice="Ada")


@scene(
    "made-here",
    "“Was this made here?” in the menu of a message with a recording: made here, as its speaker "
    "and as somebody else sees it; synthetic; and what cannot be known",
)
async def made_here(act: Act) -> None:
    """The three answers."""
    await act.stage.add_voice(act.place, "Ben", act.ben)
    answer = await act.ask(act.ada, SAY, text="Land ahead!", voice="Ben", file=True)
    [file] = answer.attachments
    unchanged = Upload(file.filename, file.content, "audio/ogg")
    for asker in (act.ben, act.stage.discord.add_person(act.guild, "Cleo")):
        await ask(act, asker, unchanged)
    act.stage.world.engine.mark = 0.98
    await ask(act, act.ben, samples.good())
    act.stage.world.engine.mark = None
    await ask(act, act.ben, samples.good())


async def ask(act: Act, member: Person, recording: Upload) -> None:
    """Have a member choose the entry in the menu of a message with a recording."""
    member.locale = act.ada.locale
    message = act.ada.send("", recording)
    used = member.use_on_message(MADE_HERE, message)
    act.keep(member, MADE_HERE, await used.answered(ANSWER_SECONDS))
