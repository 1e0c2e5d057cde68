"""Text files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def written_whole(path: Path, *, newline: str | None = None) -> Iterator[TextIO]:
    """A file to write beside the target; it takes the target's place once the block has ended well.

    A link is followed and the mode of an old file kept. Where anything goes wrong the old file stays as it was.

    Raises:
        OSError: the file cannot be written; it names the target.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", newline=newline) as file:
            yield file
        if target.exists():
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        beside.unlink(missing_ok=True)
