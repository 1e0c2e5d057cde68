"""Errors of the cameras folder."""


class CameraError(Exception):
    """A camera that cannot be opened or trusted; the text says what to check."""


class CameraLost(CameraError):
    """Frames stopped arriving: the line is held."""
