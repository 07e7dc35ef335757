"""What can go wrong with stored voices. Every text is written for the person who reads it."""


def translatable(text: str) -> str:
    """Mark a text for the catalogues; whoever shows it translates it."""
    return text


class StorageError(Exception):
    """The data directory or the database cannot be used; the operator must act."""


class DiskFullError(StorageError):
    """There is no room to write, or the disk failed; the operator must act."""


class ConstraintError(StorageError):
    """A row breaks a rule of the schema, so it was not written.

    unique: whether because there is another of its kind.
    """

    def __init__(self, said: str, *, unique: bool) -> None:
        super().__init__(
            f"The database takes no such row ({said}). Nothing was changed. Please report it."
        )
        self.unique = unique


class DirectoryInUseError(StorageError):
    """Another process uses the data directory, or replaces what lies in it; it must end first."""


class BackupError(StorageError):
    """A backup cannot be used; the text says why."""


class DataPresentError(StorageError):
    """A data directory holds something that was not to be replaced."""


class DamagedClipError(StorageError):
    """A clip's file is missing or damaged; the text names the file and the fault."""


class UnreadableClipError(DamagedClipError):
    """The disk fails where a clip lies; nothing need be wrong with the clip."""


class KeyFileError(StorageError):
    """The keys that recordings are sealed with cannot be read; the operator must act."""


class UnknownKeyError(StorageError):
    """Something is sealed by a key that is not there; nothing is wrong with it."""


class BrokenSealError(StorageError):
    """Something that is sealed was changed, or belongs elsewhere; the text says what is wrong."""


class VoiceRequestError(Exception):
    """The request about a voice cannot be done as asked; the member or operator must change it.

    template: the text with named {placeholders}, by which it can be translated; values: what they
    stand for. The error itself reads in English.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template, self.values = template, values


class InvalidNameError(VoiceRequestError):
    """A voice name is empty, too long or has control characters."""


class NameTakenError(VoiceRequestError):
    """The guild already has a voice of that name (compared without case)."""


class VoiceNotFoundError(VoiceRequestError):
    """No such voice in this guild or among the operator's voices."""


class NotSharedError(VoiceRequestError):
    """The voice is not everybody's, and would speak for a whole server."""


class NoFormerClipError(VoiceRequestError):
    """The voice has no earlier recording that could be brought back."""
