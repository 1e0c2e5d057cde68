"""Jobs in processes of their own, and what they say on the way passed on to whoever started them."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.managers import SyncManager
from queue import Empty, Queue
from threading import Thread

from tuning.errors import TuningError

Say = Callable[[str], None]
_SPAWN = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Job:
    """A function that another process can import, and what it is called with before the queue that it talks to."""

    do: Callable[..., None]
    given: tuple[object, ...]


def side_by_side(jobs: Sequence[Job], *, processes: int | None, say: Say) -> None:
    """Run all of them, begun in their order; the first error of one is raised when all have ended.

    Args:
        processes: at once; None: one a core.
    """
    manager = SyncManager(ctx=_SPAWN)
    manager.start(_end_with_parent)
    with manager, workers(processes) as pool:
        said: Queue[str] = manager.Queue()
        running = [pool.submit(job.do, *job.given, said) for job in jobs]
        while not all(future.done() for future in running):
            _pass_on(said, say)
        with plainly_ended():
            for future in running:
                future.result()
        _pass_on(said, say)


def workers(processes: int | None) -> ProcessPoolExecutor:
    """A pool whose processes are gone when whoever started them is, killed or not; of a teaching each holds 2 GB.

    Args:
        processes: at once; None: one a core.
    """
    return ProcessPoolExecutor(processes, mp_context=_SPAWN, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """In a process that was started by another: end as soon as that one is gone."""
    Thread(target=_end_after_parent, name="end with parent", daemon=True).start()


def _end_after_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def plainly_ended() -> Iterator[None]:
    """Says what it means when a process of a pool is gone.

    Raises:
        TuningError: one was ended from outside.
    """
    try:
        yield
    except BrokenProcessPool as error:
        raise TuningError(
            "a process was ended from outside, usually because memory ran out. What had been finished is kept. Free "
            "memory, or close other programs, and type the command again."
        ) from error


def _pass_on(said: "Queue[str]", say: Say) -> None:
    try:
        while True:
            say(said.get(timeout=1.0))
    except Empty:
        return
