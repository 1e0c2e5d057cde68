"""Jobs in processes of their own, and what they say on the way passed on to whoever started them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import Manager, get_context
from queue import Empty, Queue

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
        for future in running:
            future.result()
        _pass_on(said, say)


def _pass_on(said: "Queue[str]", say: Say) -> None:
    try:
        while True:
            say(said.get(timeout=1.0))
    except Empty:
        return
