"""Errors of the models folder. A leaf exists where its caller does something different."""


class ModelError(Exception):
    """Anything that makes a sheet, a reading or a package unusable; the text says what to do."""


class SheetInvalid(ModelError):
    """A criteria sheet that cannot be judged by: file, field and remedy are in the text."""


class ReadingInvalid(ModelError):
    """A reading that is missing, unapproved, unsure, contradicts its sheet or belongs to another sheet or package."""


class PackageInvalid(ModelError):
    """A model package whose bytes, digests or contents are not what its manifest states."""


class ViewInvalid(ModelError):
    """A picture that cannot be examined: wrong type, rank or size."""


class AnswerMalformed(ModelError):
    """Text that the closed grammar cannot have produced: a sentence counts as unread, a unit is held."""


class DeviceAbsent(ModelError):
    """A device that was asked for and that this machine cannot run on; there is no fallback."""


class OutputInvalid(ModelError):
    """A graph gave a value that is no number: the unit is not judged."""


class ExampleInvalid(ModelError):
    """Examples that say something impossible: counted on them, a figure would be wrong."""
