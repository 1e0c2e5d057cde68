"""The page in a real browser: its live panel fills itself, and it asks nobody but the console for anything."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.line.display import STATUS_FILE
from inspector.line.status import ShownFrame
from models.verdict import Disposition
from tests.integration.console_process import console
from tests.outcomes import status

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium"),
]
_QUIET = "--disable-background-networking --disable-component-update --disable-sync --no-first-run --disable-gpu"


@dataclass(frozen=True, slots=True)
class Visit:
    """The page after some seconds, and every address that it asked for."""

    html: str
    asked: set[str]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    live = tmp_path / "store" / "live"
    live.mkdir(parents=True)
    cv2.imwrite(str(live / "000.jpg"), np.full((542, 768, 3), 128, np.uint8))
    shown = ShownFrame(
        file="000.jpg",
        batch=7,
        unit=1042,
        view="top",
        disposition=Disposition.ACCEPT,
        reason=None,
        text="",
        state="accepted",
        taken_at=datetime.now(UTC),
    )
    ended = status(state="ended", batch=7, accepted=1150, updated_at=datetime.now(UTC), frames=(shown,))
    (live / STATUS_FILE).write_text(ended.model_dump_json())
    return tmp_path / "store"


def visit(address: str, folder: Path) -> Visit:
    log = folder / "net.json"
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", *_QUIET.split()),
        f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={log}",
        *("--virtual-time-budget=15000", "--dump-dom", address),
    ]
    html = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    asked = set()
    for event in json.loads(log.read_text())["events"]:
        said = event.get("params", {})
        if str(said.get("initiator", "")).startswith(address.rstrip("/")) and "url" in said:
            asked.add(said["url"])  # what the browser itself sends home has no page as its initiator
    return Visit(html, asked)


def test_the_live_panel_fills_itself_and_no_request_leaves_the_machine(store: Path, tmp_path: Path):
    with console(store) as running:
        running.get("/live/panel")  # waits until the page is there

        seen = visit(running.address, tmp_path)

    assert '<div class="lamp ENDED"' in seen.html
    assert "1 150" in seen.html
    assert f"{running.address}live/panel" in seen.asked
    assert f"{running.address}live/000.jpg?unit=7-1042" in seen.asked
    assert [url for url in seen.asked if not url.startswith((running.address, "data:", "blob:"))] == []
