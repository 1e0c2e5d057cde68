"""Errors of the tuning folder."""


class TuningError(Exception):
    """A training, export or challenge that cannot go on; the text says what to do."""
