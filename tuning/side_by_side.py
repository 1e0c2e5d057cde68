"""Jobs in processes of their own, and what they say on the way passed on to whoever started them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Manager, get_context
from queue import Empty, Queue

from tuning.errors import TuningError

Say = Callable[[str], None]


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
    with Manager() as manager, ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        said: Queue[str] = manager.Queue()
        running = [pool.submit(job.do, *job.given, said) for job in jobs]
        while not all(future.done() for future in running):
            _pass_on(said, say)
        with plainly_ended():
            for future in running:
                future.result()
        _pass_on(said, say)


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
