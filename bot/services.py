"""What the cogs call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.audit.trail import AuditTrail
from bot.condition import Condition
from bot.dictionary.service import DictionaryService
from bot.enrolment.service import EnrolmentService
from bot.operations.allowances import Allowances
from bot.operations.figures import Figures
from bot.privacy.departing import Departing
from bot.privacy.export import Exporter
from bot.privacy.service import PrivacyService
from bot.reading.service import ReadingService
from bot.reading.sessions import ReadingSessions
from bot.report_limits import ReportLimits
from bot.settings.service import SettingsService
from bot.speech.desk import SpeechDesk
from bot.speech.types import EngineInfo
from bot.voice.manager import VoiceManager
from bot.voice_watch import VoiceWatch
from storage.reach import ReachStore
from storage.settings import SettingsStore
from storage.voices import VoiceStore

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class EngineStatus(Protocol):
    """What a member may be told about the engine."""

    @property
    def ready(self) -> bool:
        """Whether it is loaded."""

    @property
    def info(self) -> EngineInfo | None:
        """What was loaded last."""

    def condition(self) -> Condition:
        """Return how it is, and when it is tried again."""

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """See `RecordingAnalysis.watermark`."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the cogs call. Opened and closed by the composition root."""

    voices: VoiceStore
    choices: SettingsStore
    settings: SettingsService
    dictionary: DictionaryService
    enrolment: EnrolmentService
    speech: SpeechDesk
    engine: EngineStatus
    voice: VoiceManager
    watch: VoiceWatch
    reading: ReadingService
    sessions: ReadingSessions
    audit: AuditTrail
    reach: ReachStore
    privacy: PrivacyService
    departing: Departing
    exporter: Exporter
    allowances: Allowances
    reports: ReportLimits = field(default_factory=ReportLimits)
    figures: Figures = field(default_factory=Figures)
