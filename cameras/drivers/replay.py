"""Replay: the pictures of a folder, as if a camera took them.

The list is made when the camera is opened. A file that is gone or damaged by the time its turn comes is a unit
without a picture, never a unit less.
"""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Event

from cameras.clock import Clock
from cameras.config import ReplayCamera
from cameras.decode import decode_file
from cameras.driver import Picture, no_beat
from cameras.drivers.pace import Pace
from cameras.errors import CameraError


class ReplayDriver:
    """Shows a folder's pictures at a set rate."""

    def __init__(self, config: ReplayCamera, clock: Clock) -> None:
        """Raises CameraError where the folder is missing, may not be read or holds no picture."""
        self.name = f"replay of {config.folder}"
        self._config = config
        self._clock = clock
        self._closed = Event()
        self.files = pictures_in(config.folder, config.patterns)

    def frames(self, beat: Callable[[], None] = no_beat) -> Iterator[Picture]:
        pace = Pace(self._clock, self._closed, period_s=60 / self._config.units_per_min)
        counter = 0
        while not self._closed.is_set():
            for path in self.files:
                decoded = decode_file(path)  # before the trigger: decoding is no part of a line's latency
                pace.ready()
                if not pace.wait(beat):
                    return
                counter += 1
                name = path.name.encode("utf-8", "backslashreplace").decode()  # a name on disk may be no text
                source = f"{name}: {decoded.problem}" if decoded.problem else name
                yield Picture(decoded.pixels, counter, pace.due_s, pace.taken_at(), source)
            if not self._config.loop:
                return

    def close(self) -> None:
        self._closed.set()


def pictures_in(folder: Path, patterns: tuple[str, ...]) -> tuple[Path, ...]:
    """The files of a folder that match a pattern in any letter case, in natural order of their names.

    Raises:
        CameraError: folder missing, not a folder, not readable, or nothing in it matches.
    """
    who = f"replay of {folder}"
    try:
        found = [entry for entry in folder.iterdir() if entry.is_file() or entry.is_symlink()]
    except FileNotFoundError as error:
        raise CameraError(f"{who}: there is no such folder. The camera was not opened. Check `folder`.") from error
    except NotADirectoryError as error:
        raise CameraError(
            f"{who}: this is a file, not a folder. The camera was not opened. "
            "Name the folder it lies in, or use driver: video."
        ) from error
    except PermissionError as error:
        raise CameraError(
            f"{who}: the folder may not be read. The camera was not opened. "
            "Give this user the right to read and enter it."
        ) from error
    except OSError as error:
        raise CameraError(
            f"{who}: {error.strerror}. The camera was not opened. Check the disk or share it lies on."
        ) from error
    shown = [path for path in found if not path.name.startswith(".") and _matches(path.name, patterns)]
    if not shown:
        raise CameraError(
            f"{who}: none of its {len(found)} files matches {', '.join(patterns)}. The camera was not opened. "
            "Check `folder` and `patterns`."
        )
    return tuple(sorted(shown, key=lambda path: natural_order(path.name)))


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """Sorting key by which numbers in a name count as numbers.

    >>> sorted(["unit10.png", "unit2.png", "unit1.png"], key=natural_order)
    ['unit1.png', 'unit2.png', 'unit10.png']
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    numbered = tuple((int(part), "") if place % 2 else (-1, part) for place, part in enumerate(parts))
    return (*numbered, (-1, name))  # the name itself last: 1.png and 01.png have an order, too


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)
