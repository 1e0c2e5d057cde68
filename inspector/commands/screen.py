"""How commands speak: results to stdout, everything else to stderr, progress only on a terminal, pictures to files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from inspector.errors import LineError

out = Console(markup=False, emoji=False)  # a wording or path in [brackets] is shown as it is
err = Console(stderr=True, markup=False, emoji=False)

PIPE_WIDTH = 160  # columns, where no terminal says how many


def wide() -> Console:
    """Where figures go: the terminal, or a wide page where nobody's window limits it."""
    return out if out.is_terminal else Console(width=PIPE_WIDTH, markup=False, emoji=False)


@contextmanager
def steps(first: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for work of several steps: told which one it is, and its parts done and in all; silent in a pipe."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task(first, total=None)

        def step(what: str, done: int, of: int) -> None:
            if what != bar.tasks[0].description:
                bar.reset(task)  # the time left is of this step
            bar.update(task, description=what, completed=done, total=of)

        yield step


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """The same for work of one step."""
    with steps(what) as step:
        yield partial(step, what)


def write_picture(to: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an (H, W, 3) RGB picture.

    Raises:
        LineError: the name has no ending that says what picture it is, or the file cannot be written.
    """
    try:
        done = cv2.imwrite(str(to), pixels[..., ::-1])
    except cv2.error:
        done = False
    if not done:
        raise LineError(f"{to}: the picture cannot be written. Name a file ending in .png in a folder that exists.")
