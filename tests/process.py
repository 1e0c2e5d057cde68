"""`inspector` in a process of its own, finished or still running, and the wait for what a line in one writes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import LineError
from inspector.records import RecordStore
from tests.conftest import ROOT

# The tests themselves may run under nohup.
_START = "import resource, signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); from inspector.cli import main;"


def inspector(
    *words: str | Path | float, terminal: int = 0, limit_bytes: int = 0
) -> "subprocess.CompletedProcess[str]":
    """The finished command.

    Args:
        terminal: columns of the one it runs in, 0 for a pipe.
        limit_bytes: largest file that it may write, 0 for any.
    """
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}));" if limit_bytes else ""
    done = subprocess.run(
        _command(words, limit),
        cwd=ROOT,
        env=_environment(terminal or 220) | ({"TTY_COMPATIBLE": "1", "NO_COLOR": "1"} if terminal else {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@contextmanager
def started(
    *words: str | Path, stdout: int = subprocess.DEVNULL, stderr: int = subprocess.DEVNULL
) -> "Iterator[subprocess.Popen[bytes]]":
    """The running command, which does not outlive the block."""
    running = subprocess.Popen(
        _command(words), cwd=ROOT, env=_environment(200), stdout=stdout, stderr=stderr, start_new_session=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def wait_for_records(store: Path, count: int) -> None:
    """Until a line process has so many records on disk."""
    until = time.monotonic() + 800
    while (kept := _records_in(store)) < count:
        assert time.monotonic() < until, f"the line wrote {kept} records"
        time.sleep(0.05)


def _command(words: tuple[str | Path | float, ...], before: str = "") -> list[str]:
    return [sys.executable, "-c", f"{_START} {before} main()", *map(str, words)]


def _environment(columns: int) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": str(columns)}


def _records_in(store: Path) -> int:
    try:
        with RecordStore.open_readonly(store) as opened:
            return opened.count()
    except LineError:  # the line has not made it yet
        return 0
