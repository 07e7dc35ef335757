"""The service, with a real worker and a real store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from bot.clip_need import ClipNeed
from bot.enrolment.service import EnrolmentService
from bot.enrolment.types import AudioFileError, EnrolmentLimits, SampleRejectedError
from bot.errors import UserError
from bot.worker_answers import MEDIA_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.errors import InvalidNameError, NameTakenError
from storage.quotas import EnrolmentQuotas, Quota
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.samples import RATE, encode, speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="module")
GUILD = 7


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[Worker]:
    worker = Worker(
        "media worker",
        WorkerLimits(call_seconds=100, memory_bytes=2 * 1024**3),
        answers=MEDIA_ANSWERS,
    )
    yield worker
    await worker.close()


@pytest_asyncio.fixture(loop_scope="module")
async def store(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path) as store:
        yield store


async def one_voice(_guild_id: int) -> EnrolmentQuotas:
    most = Quota(1000, 1000)
    return EnrolmentQuotas(Quota(1, 1), Quota(2**40, 2**40), most)


@pytest.fixture
def service(worker: Worker, store: VoiceStore, limits: EnrolmentLimits) -> EnrolmentService:
    return EnrolmentService(worker, store, limits, quotas=one_voice)


async def test_an_upload_becomes_a_voice(
    service: EnrolmentService, store: VoiceStore, speech_wav: bytes
) -> None:
    await service.warm()
    sample = await service.prepare(speech_wav)
    saved = await service.save(sample, NewVoice(GUILD, "Ada", language="en"))
    found = await store.find(GUILD, "ada")
    assert found == saved
    assert found.pitch_hz == sample.report.median_pitch_hz
    assert found.quality == sample.report.to_json()
    assert np.array_equal((await store.load_clip(found)).samples, sample.clip.samples)


async def test_a_rejection_comes_out_of_the_worker_whole(service: EnrolmentService) -> None:
    silence = encode(np.zeros(5 * RATE, np.float32), RATE, "wav", "pcm_s16le")
    with pytest.raises(SampleRejectedError) as caught:
        await service.prepare(silence)
    assert caught.value.report.findings[0].code == "silence"
    assert caught.value.picture.startswith(b"\x89PNG")


async def test_a_file_over_the_limit_never_reaches_the_worker(
    store: VoiceStore, limits: EnrolmentLimits
) -> None:
    idle = Worker("media worker", WorkerLimits(call_seconds=1), answers=MEDIA_ANSWERS)
    with pytest.raises(AudioFileError, match="the limit is 25 MB"):
        await EnrolmentService(idle, store, limits).prepare(bytes(limits.max_bytes + 1))
    assert idle.pid is None


async def test_running_out_of_memory_fails_one_upload(
    worker: Worker, store: VoiceStore, speech_wav: bytes
) -> None:
    huge = EnrolmentLimits(max_seconds=100_000)  # 10 GB of audio
    with pytest.raises(UserError, match="more memory than it may"):
        await EnrolmentService(worker, store, huge).prepare(speech_wav)


@pytest.mark.parametrize("name", ["", "   ", "x" * 33, "a\x07b"])
async def test_a_bad_name_is_found_before_any_work(service: EnrolmentService, name: str) -> None:
    with pytest.raises(InvalidNameError):
        await service.check_new(GUILD, name)


async def test_a_taken_name_is_found_before_any_work(
    service: EnrolmentService, store: VoiceStore, speech_wav: bytes
) -> None:
    sample = await service.prepare(speech_wav)
    await service.save(sample, NewVoice(0, "Ada"))
    with pytest.raises(NameTakenError):
        await service.check_new(0, "ADA")
    await service.check_new(GUILD, "ADA")  # a guild may have a name of the operator's


async def test_a_full_guild_gets_no_further_voice(
    service: EnrolmentService, store: VoiceStore, speech_wav: bytes
) -> None:
    sample = await service.prepare(speech_wav)
    await service.save(sample, NewVoice(GUILD, "Ada"))
    with pytest.raises(UserError, match="1 voice, which is its limit"):
        await service.check_new(GUILD, "Bob")
    with pytest.raises(UserError, match="which is its limit"):
        await service.save(sample, NewVoice(GUILD, "Bob"))
    assert await store.count(GUILD) == 1


NANO = ClipNeed(5.0, "nano")


@pytest.fixture(scope="module")
def short_wav() -> bytes:
    """Four seconds of speech."""
    return encode(speech_samples(4), RATE, "wav", "pcm_s16le")


async def test_a_clip_too_short_for_the_model_is_rejected(
    worker: Worker, store: VoiceStore, limits: EnrolmentLimits, short_wav: bytes
) -> None:
    service = EnrolmentService(worker, store, limits, clip_need=lambda: NANO)
    with pytest.raises(SampleRejectedError, match="nano model, which speaks here, needs more than"):
        await service.prepare(short_wav)


async def test_a_model_loaded_meanwhile_refuses_what_is_too_short_for_it(
    worker: Worker, store: VoiceStore, limits: EnrolmentLimits, short_wav: bytes
) -> None:
    known = [replace(NANO, certain=False)]
    service = EnrolmentService(worker, store, limits, clip_need=lambda: known[-1])
    sample = await service.prepare(short_wav)
    assert service.is_doubtful(sample)
    voice = await service.save(sample, NewVoice(GUILD, "Ada"))
    known.append(NANO)
    with pytest.raises(UserError, match=r"send a longer recording: 10 to 20 seconds\."):
        await service.save(sample, NewVoice(GUILD, "Bob"))
    with pytest.raises(UserError, match="nano model"):
        await service.replace(voice.id, sample)
    assert await store.count(GUILD) == 1


async def test_what_is_known_better_than_by_the_service_counts(
    worker: Worker, store: VoiceStore, limits: EnrolmentLimits, short_wav: bytes
) -> None:
    doubt = replace(NANO, certain=False)
    service = EnrolmentService(worker, store, limits, clip_need=lambda: doubt)
    with pytest.raises(SampleRejectedError):
        await service.prepare(short_wav, need=NANO)
    (finding,) = (await service.prepare(short_wav, need=ClipNeed())).report.findings
    assert "model" not in finding.reason
