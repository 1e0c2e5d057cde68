"""`inspector` in a process of its own, finished or still running, and the wait for what a line in one writes.

A command that is waited for is forked from a process that has imported the libraries, which takes longer than most
commands do. What knows the terminal, inspector.cli and inspector.commands, each command imports anew.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from inspector.errors import LineError
from inspector.records import RecordStore
from tests.conftest import ROOT

# The tests themselves may run under nohup.
_START = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); from inspector.cli import main; main()"
_LIMIT_S = 800
_forks = get_context("forkserver")
_forks.set_forkserver_preload(["inspector.cli"])


def inspector(
    *words: str | Path | float, terminal: int = 0, limit_bytes: int = 0
) -> "subprocess.CompletedProcess[str]":
    """The finished command.

    Args:
        terminal: columns of the one it runs in, 0 for a pipe.
        limit_bytes: largest file that it may write, 0 for any.
    """
    argv = ["inspector", *map(str, words)]
    environment = _environment(terminal or 220) | ({"TTY_COMPATIBLE": "1", "NO_COLOR": "1"} if terminal else {})
    with TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("stdout", "stderr")]
        running = _forks.Process(target=_run, args=(argv, environment, said, limit_bytes), daemon=True)
        running.start()
        try:
            running.join(_LIMIT_S)
            code = running.exitcode
        finally:  # a test that is over leaves no command behind
            if running.is_alive():
                running.kill()
                running.join()
        running.close()
        stdout, stderr = (path.read_text(encoding="utf-8") for path in said)
    assert code is not None, f"{argv} has not ended after {_LIMIT_S} s: {stdout}{stderr}"
    assert "Traceback" not in stderr, stderr
    return subprocess.CompletedProcess(argv, code, stdout, stderr)


def _run(argv: list[str], environment: dict[str, str], said: list[Path], limit_bytes: int) -> None:
    for descriptor, path in zip((1, 2), said, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    sys.argv = argv
    for name in [name for name in sys.modules if f"{name}.".startswith(("inspector.cli.", "inspector.commands."))]:
        del sys.modules[name]
    from inspector.cli import main

    main()


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
    until = time.monotonic() + _LIMIT_S
    while (kept := _records_in(store)) < count:
        assert time.monotonic() < until, f"the line wrote {kept} records"
        time.sleep(0.05)


def _command(words: tuple[str | Path | float, ...]) -> list[str]:
    return [sys.executable, "-c", _START, *map(str, words)]


def _environment(columns: int) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": str(columns)}


def _records_in(store: Path) -> int:
    try:
        with RecordStore.open_readonly(store) as opened:
            return opened.count()
    except LineError:  # the line has not made it yet
        return 0
