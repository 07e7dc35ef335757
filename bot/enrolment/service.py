"""Enrolment as the rest of the bot sees it: an upload goes in, a stored voice comes out."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import structlog

from bot.clip_need import ClipNeed
from bot.consent.live import Asked, LiveSample
from bot.consent.no_go import NoGoNames
from bot.consent.packets import RecordedSpeech
from bot.enrolment.no_go_clips import NoGoClips
from bot.enrolment.refusals import Refusals, SpeakerJudge
from bot.enrolment.room import Room, told, unlimited
from bot.enrolment.turns import Turns
from bot.enrolment.types import EnrolmentLimits, EnrolmentSample, Traces
from bot.errors import MynahError, UserError
from bot.i18n import _, in_locale, locale, translated
from bot.workers import ProcessorTimeError, Worker, WorkerDiedError, WorkerTimeoutError
from storage.errors import NameTakenError, VoiceNotFoundError
from storage.names import clean_name
from storage.quotas import EnrolmentQuotas
from storage.types import (
    Level,
    NewConsent,
    NewVoice,
    ReferenceClip,
    VoiceProfile,
)
from storage.voices import VoiceStore

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)

LEAST_SIMILARITY = 0.6
"""Above what two speakers reach with Chatterbox's voice encoder, below one speaker's with themself;
not yet measured with its real weights."""


class EnrolmentService:
    """Turns uploads into voices. The media worker does the work, one upload at a time.

    quotas: what a guild and its members may have; the operator's own voices are not counted.
    clip_need: tells what the engine needs of a clip, as far as it is known by then.
    judge: what the engine can tell about speakers; None where nothing can.
    least_similarity: of the sentence of consent and the kept part, from 0 to 1.
    no_go_names, no_go_clips: names and speakers that the operator lets nobody enrol.
    """

    def __init__(
        self,
        worker: Worker,
        store: VoiceStore,
        limits: EnrolmentLimits,
        quotas: Callable[[int], Awaitable[EnrolmentQuotas | None]] = unlimited,
        clip_need: Callable[[], ClipNeed] = ClipNeed,
        no_go_names: NoGoNames | None = None,
        judge: SpeakerJudge | None = None,
        least_similarity: float = LEAST_SIMILARITY,
        no_go_clips: NoGoClips | None = None,
    ) -> None:
        self.limits = limits
        self.turns = Turns()
        self._worker = worker
        self._store = store
        self._room = Room(store, quotas)
        self._clip_need = clip_need
        self._judge = judge
        self.refusals = Refusals(no_go_names, no_go_clips, judge, self._cut)
        self.least_similarity = least_similarity

    async def warm(self) -> None:
        """Start the worker and load its libraries, so that the first upload need not wait for it.

        A worker that takes the place of a lost one loads them, too.

        Raises `UserError` if the worker cannot be started or is busy already.
        """
        await self._attempt(self._worker.warm, _warm)

    @property
    def restarting(self) -> bool:
        """Whether the worker was lost and the next is not yet ready, so that uploads wait."""
        return self._worker.restarting

    async def check_new(self, guild_id: int, name: str, owner_id: int | None = None) -> None:
        """Check that a guild can have a voice of that name, before any work is done for it.

        owner_id: whose it will be; None is the operator's doing.

        Raises `InvalidNameError`, `NameTakenError`, or `UserError` if the guild or the owner has no
        room for another voice or nobody may have the name. Saving checks all that again.
        """
        cleaned = clean_name(name)
        self.refuse_no_go_name(cleaned)
        with contextlib.suppress(VoiceNotFoundError):
            existing = await self._store.find(guild_id, cleaned)
            if existing.guild_id == guild_id:
                raise NameTakenError(
                    "There is already a voice named “{name}” here. Choose another name.",
                    name=existing.name,
                )
        await self._room.require_name(guild_id, cleaned)
        await self._room.require_new(guild_id, owner_id)

    async def check_replacement(self, voice: VoiceProfile, member_id: int | None) -> None:
        """Check that a member may give a voice another recording, before any work is done for it.

        Raises `InvalidNameError`, or `UserError` if there is no room for it today.
        """
        self.refusals.refuse_more_of(voice.name)
        await self._room.require_replacement(voice.guild_id, member_id)

    def refuse_no_go_name(self, name: str) -> None:
        """Raise `InvalidNameError` for a name that the operator lets nobody have."""
        self.refusals.refuse_name(name)

    async def prepare(
        self, data: bytes, owner: int | None = None, need: ClipNeed | None = None
    ) -> EnrolmentSample:
        """Turn an upload, the bytes of any audio file, into a sample that can be saved.

        owner: whose upload it is, for a fair turn (`Turns`); None is the operator's.
        need: of the clip, where it is known better than by this service.

        Raises `UserError`: `AudioFileError` if it cannot be read or is over a limit,
        `SampleRejectedError` if it holds no usable voice, `BusyError` if too many uploads wait.
        """
        self.limits.check_size(len(data))
        async with self.turns.turn(owner):
            limits = replace(self.limits, clip_need=need or self._clip_need())
            sample = await self._run(_prepare, data, limits, locale.get())
        await self.refusals.refuse_synthetic(sample.clip)
        return sample

    async def prepare_live(
        self, speech: RecordedSpeech, asked: Asked, owner: int | None = None
    ) -> LiveSample:
        """Turn what a member said in a call into a sample and the sentence of consent.

        asked: what the member was asked to say. owner: for a fair turn, as in `prepare`.

        Raises what `prepare` raises of what was heard.
        """
        async with self.turns.turn(owner):
            limits = replace(self.limits, clip_need=self._clip_need())
            live = await self._run(_prepare_live, speech, asked, limits, locale.get())
        for clip in (live.sentence, live.sample.clip):
            await self.refusals.refuse_synthetic(clip)
        if self._judge is None:
            return live
        alike = await self._judge.similarity(live.sentence, live.sample.clip)
        return replace(live, similarity=alike)

    async def traces(self, data: bytes, owner: int | None = None) -> Traces:
        """Look for what a file, any audio, shows of where it came from; nothing of it is kept.

        owner: see `prepare`. Raises `UserError`: `AudioFileError` for a file that cannot be read or
        is over a limit, `BusyError` if too many uploads wait.
        """
        self.limits.check_size(len(data))
        async with self.turns.turn(owner):
            return await self._run(traces_of, data, self.limits)

    def is_doubtful(self, sample: EnrolmentSample) -> bool:
        """Whether a sample is too short for a model that may be the one that speaks."""
        return self._clip_need().lacks(sample.clip.seconds)

    async def save(
        self, sample: EnrolmentSample, voice: NewVoice, consent: NewConsent | None = None
    ) -> VoiceProfile:
        """Store a sample as a voice; its pitch and quality are filled in from the report.

        consent: its evidence.

        Raises `InvalidNameError`, `NameTakenError`, `StorageError`, or `UserError` if the guild or
        its member has no room for another voice, nobody may have the name, or the model that was
        loaded meanwhile needs a longer clip.
        """
        self.refuse_no_go_name(voice.name)
        self._refuse_short(sample)
        await self.refusals.refuse_speaker(sample.clip)
        report = sample.report
        measured = replace(voice, pitch_hz=report.median_pitch_hz, quality=report.to_json())
        with told():
            profile = await self._store.add(
                measured,
                sample.clip,
                consent=consent,
                quotas=await self._room.quotas(voice.guild_id),
            )
        log.info("voice enrolled", guild=profile.guild_id, voice=profile.name, stage="enrol",
                 verdict=report.verdict, seconds=profile.seconds)  # fmt: skip
        return profile

    async def replace(
        self,
        voice_id: int,
        sample: EnrolmentSample,
        *,
        consented_by: int | None = None,
        consented_at: datetime | None = None,
        level: Level = "operator",
        consent: NewConsent | None = None,
    ) -> VoiceProfile:
        """Give a stored voice another sample, with the consent to it; see `VoiceStore.replace`.

        Raises `VoiceNotFoundError`, `StorageError`, `UserError` as `save` does.
        """
        voice = await self._store.get(voice_id)
        self.refusals.refuse_more_of(voice.name)
        self._refuse_short(sample)
        await self.refusals.refuse_speaker(sample.clip)
        report = sample.report
        with told():
            profile = await self._store.replace(
                voice_id,
                sample.clip,
                pitch_hz=report.median_pitch_hz,
                quality=report.to_json(),
                consented_by=consented_by,
                consented_at=consented_at,
                level=level,
                consent=consent,
                quotas=await self._room.quotas(voice.guild_id),
            )
        log.info("recording replaced", guild=profile.guild_id, voice=profile.name, stage="enrol",
                 verdict=report.verdict, seconds=profile.seconds)  # fmt: skip
        return profile

    async def _cut(self, data: bytes) -> ReferenceClip:
        limits = EnrolmentLimits(min_speech_seconds=self.limits.min_speech_seconds)
        return (await self._run(_prepare, data, limits, locale.get())).clip

    def _refuse_short(self, sample: EnrolmentSample) -> None:
        need, seconds = self._clip_need(), sample.clip.seconds
        if need.refuses(seconds):
            raise UserError(
                _(
                    "The sample has only {seconds:.1f} s; {need}. Discard it and send a longer "
                    "recording: 10 to 20 seconds."
                ).format(seconds=seconds, need=translated(need.in_words))
            )

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._attempt(self._worker.run, function, *args, **kwargs)

    async def _attempt(self, run: Callable[..., Awaitable[R]], /, *args: Any, **kwargs: Any) -> R:
        """Do it; once more in a new worker if the first was lost, but for what hit a limit.

        What nobody foresaw is tried once more, too: it may have left the worker in any state.
        """
        for attempt in (1, 2):
            try:
                return await run(*args, **kwargs)
            except (WorkerDiedError, WorkerTimeoutError, MemoryError) as error:
                log.warning(
                    "media worker failed", stage="enrol", error=repr(error), attempt=attempt
                )
                failure = error
            except MynahError:
                raise
            except Exception as error:
                if attempt == 2:
                    raise
                log.warning(
                    "media worker failed", stage="enrol", error=repr(error), attempt=attempt
                )
                await self._worker.replace("failed in a way that nobody foresaw")
                continue
            if (limit := _limit_hit(failure)) is not None:
                # Not from the failure: what is wrong is the upload.
                raise UserError(
                    _(
                        "The recording could not be processed: {limit}. Try again with a shorter "
                        "one, or export it as m4a, mp3 or wav first."
                    ).format(limit=limit)
                ) from None
        raise UserError(
            _(
                "The recording could not be processed, and that may not be its fault: what listens "
                "to recordings failed twice, and the log says how. Try again in a few minutes; if "
                "that does not help, export it as m4a, mp3 or wav first."
            )
        ) from failure


def _limit_hit(failure: Exception) -> str | None:
    match failure:
        case ProcessorTimeError():
            return _("reading it takes too much computing ({limit})").format(limit=failure)
        case WorkerTimeoutError():
            return _("reading it takes too long ({limit})").format(limit=failure)
        case MemoryError():
            return _("reading it takes more memory than it may")
        case _:
            return None


def _prepare(data: bytes, limits: EnrolmentLimits, language: str) -> EnrolmentSample:
    # Imported in the worker only: librosa, SciPy and FFmpeg have no place in the bot's process.
    from bot.enrolment.pipeline import prepare_sample

    with in_locale(language):  # of the picture; other texts are translated where they are shown
        return prepare_sample(data, limits)


def traces_of(data: bytes, limits: EnrolmentLimits) -> Traces:
    """See `bot.enrolment.traces.traces_of`; for the worker."""
    from bot.enrolment.traces import traces_of  # in the worker only, as above

    return traces_of(data, limits)


def _prepare_live(
    speech: RecordedSpeech, asked: Asked, limits: EnrolmentLimits, language: str
) -> LiveSample:
    from bot.enrolment.live import live_sample  # in the worker only, as above

    with in_locale(language):
        return live_sample(speech, asked, limits)


def _warm() -> None:
    from bot.enrolment.pipeline import warm  # in the worker only, as above

    warm()
