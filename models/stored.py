"""What is kept for years and digested: it reads what an earlier version wrote, and its digest stays what it was."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Stored(BaseModel):
    """A model that is written to a file or a store and named by a digest of what was written.

    A field that a later version added has a default and is named in `ADDED_LATER`; new content always sets it. Where it
    was not set, the content is of an earlier version, and the field is not written either.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ADDED_LATER: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, written: SerializerFunctionWrapHandler) -> dict[str, object]:
        lacking = self.ADDED_LATER - self.model_fields_set
        return {name: value for name, value in written(self).items() if name not in lacking}
