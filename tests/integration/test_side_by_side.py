"""Jobs side by side in processes of their own: what ends with them, and what is said when one is gone."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import pytest

from tests.conftest import ROOT
from tuning.errors import TuningError
from tuning.side_by_side import Job, side_by_side

LIMIT_S = 120
pytestmark = pytest.mark.timeout(3 * LIMIT_S)
STARTED = """
import sys
from pathlib import Path
from tests.integration.test_side_by_side import working
from tuning.side_by_side import Job, side_by_side

if __name__ == "__main__":
    side_by_side([Job(working, (Path(lock),)) for lock in sys.argv[1:]], processes=2, say=print)
"""


def working(lock: Path, said: "Queue[str]") -> None:
    """A job that takes long; it holds a lock for as long as its process lives."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        time.sleep(2 * LIMIT_S)


def ended(said: "Queue[str]") -> None:
    """A job that memory runs out on."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_processes_of_a_teaching_that_is_killed_are_gone_with_it(tmp_path: Path) -> None:
    script, locks = tmp_path / "started.py", [tmp_path / "first", tmp_path / "second"]
    script.write_text(STARTED)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script, *locks], env=environment) as started:
        try:
            _until(lambda: all(lock.exists() and not _is_free(lock) for lock in locks))
        finally:
            started.kill()
    _until(lambda: all(_is_free(lock) for lock in locks))


def test_a_process_that_memory_ran_out_on_is_said_in_plain_words() -> None:
    with pytest.raises(TuningError, match="usually because memory ran out"):
        side_by_side([Job(ended, ())], processes=1, say=lambda line: None)


def _is_free(lock: Path) -> bool:
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)
