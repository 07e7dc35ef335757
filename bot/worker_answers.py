"""Which classes the answers of the workers may hold, besides numbers, texts, arrays and the errors
of Python and of `bot.errors`. Nothing else can come out of them; see `bot.workers.answers`.
"""

from __future__ import annotations

import storage.errors
from bot.consent.hearing import HeardWord
from bot.consent.live import LiveSample
from bot.consent.recognition import WordCheck
from bot.enrolment.types import (
    AudioFileError,
    EnrolmentSample,
    Finding,
    QualityReport,
    SampleRejectedError,
    Traces,
)
from bot.operations.vitals import DeviceReading
from bot.speech.choice import Choice
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.stored_models import CheckedFile, Removal, StoredModel, Survey
from bot.speech.types import EngineInfo, RemoteEngine, Speech
from storage.types import ReferenceClip

MEDIA_ANSWERS: tuple[type, ...] = (
    AudioFileError,
    EnrolmentSample,
    Finding,
    HeardWord,
    LiveSample,
    QualityReport,
    ReferenceClip,
    SampleRejectedError,
    Traces,
    WordCheck,
)

ENGINE_ANSWERS: tuple[type, ...] = (
    CheckedFile,
    Choice,
    DeviceReading,
    EngineInfo,
    EngineNotLoadedError,
    RemoteEngine,
    Removal,
    Speech,
    StoredModel,
    Survey,
    storage.errors.DamagedClipError,
    storage.errors.StorageError,
    storage.errors.UnknownKeyError,
    storage.errors.UnreadableClipError,
)
