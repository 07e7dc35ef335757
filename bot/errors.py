"""Errors that say who must act.

`UserError`: the member or operator who asked; its text is shown to them as it is.
`EngineError`: nobody; this sentence failed, the next may work.
`EngineDeadError`: the program; the engine must be restarted before anything can be said.
"""


class MynahError(Exception):
    """An expected failure whose text is written for a person: what is wrong, what to do next."""


class UserError(MynahError):
    """The request cannot be done as asked; the text says why and what to do instead."""


class ConfigError(MynahError):
    """The configuration is wrong; the text names the key's path and what is allowed."""


class OutputError(MynahError):
    """A file that was asked for cannot be written, although nothing was wrong with the request."""


class BusyError(UserError):
    """A bounded queue is full; the same request may work later."""


class EngineError(MynahError):
    """One sentence could not be synthesised; the engine is still fit to work."""


class OutOfMemoryError(EngineError):
    """There was too little memory for a sentence; for fewer or shorter ones it may be enough."""


class EngineDeadError(MynahError):
    """The engine cannot be loaded or died repeatedly; nothing can be said until it is restarted.

    for_members: what a member is told instead of the text, which is the operator's; translatable.
    """

    def __init__(self, text: str, for_members: str = "") -> None:
        super().__init__(text)
        self.for_members = for_members
