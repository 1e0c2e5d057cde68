"""Errors of the inspector folder."""


class LineError(Exception):
    """A line, store or console that cannot start or go on; the text says what to do."""


class StoreBroken(LineError):
    """A record store whose chain does not hold."""


class StoreBusy(LineError):
    """A store that another line process owns."""
