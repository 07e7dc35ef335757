"""What the quick tests of the command line share."""

from tests.cli.conftest import (
    enrolled,
    enrolled_data,
    enrolment,
    mynah,
    second_enrolment,
    speech,
    speech_file,
)

__all__ = [
    "enrolled",
    "enrolled_data",
    "enrolment",
    "mynah",
    "second_enrolment",
    "speech",
    "speech_file",
]
