"""A console in a process of its own, as it runs beside a line."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
from pathlib import Path
from inspector.console.app import serve
sheet = Path(sys.argv[2]) if len(sys.argv) > 2 else None
serve(Path(sys.argv[1]), port=0, sheet=sheet, ready=lambda address: print(address, flush=True))
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    text: str
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Console:
    """Its address, and its process id."""

    address: str
    pid: int

    def get(self, path: str) -> Answer:
        try:
            with urlopen(self.address + path.lstrip("/"), timeout=200) as answer:
                return _answer(answer.status, answer.read(), answer.headers.items())
        except HTTPError as error:
            with error:
                return _answer(error.code, error.read(), error.headers.items())


@contextmanager
def console(store: Path, sheet: Path | None = None) -> Iterator[Console]:
    """Serve a store until the block ends; the port is taken when this returns, so that requests wait for the page."""
    command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, str(store), *([str(sheet)] if sheet else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield Console(process.stdout.readline().strip(), process.pid)
        finally:
            process.terminate()


def _answer(status: int, content: bytes, headers: Iterable[tuple[str, str]]) -> Answer:
    pairs = {name.lower(): value for name, value in headers}
    return Answer(status, content.decode("utf-8", "replace"), pairs, content)
