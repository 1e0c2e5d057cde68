"""The console's own process: a FastAPI application on a loopback port, with the Gradio page and the pictures.

It reads the store and never writes to it. No request leaves the machine: Gradio's telemetry is off, fonts are local,
and a content policy forbids the browser every address but this one. The live panel and the pictures are plain
routes and no Gradio events, so that days of renewals leave nothing behind in Gradio's queue and cache.
"""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from inspector.console import live, views
from inspector.console.style import CSS, FONTS, HEAD, MONO_FONTS
from inspector.errors import LineError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

RENEW_MS, RENEW_IDLE_MS = 700, 3000
_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'self'"
)
_JPEG_QUALITY = 88


def serve(
    store: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    sheet: Path | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until the process is interrupted.

    Args:
        store: folder of a line's records; it may come into being later.
        port: 0 takes any free one.
        sheet: criteria sheet of the sheet tab; without it, that of the running line.
        ready: told the page's address as soon as it can be opened.

    Raises:
        LineError: the port is in use, or the address is not this machine's.
    """
    with listen(host, port) as listening:
        app = build(store, sheet)
        import uvicorn

        if ready is not None:
            ready(f"http://{host}:{listening.getsockname()[1]}/")
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, access_log=False)
        uvicorn.Server(config).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is done; 0 takes any free one.

    Raises:
        LineError: it cannot be had.
    """
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(128)
    except OSError as error:
        taken.close()
        if isinstance(error, socket.gaierror):
            raise LineError(
                f"{host}: no address of this name. The console was not started. Use --host 127.0.0.1."
            ) from error
        raise LineError(
            f"port {port} on {host} is in use or not allowed ({error.strerror}): "
            "stop the other console or choose another with --port. The console was not started."
        ) from error
    return taken


def build(store: Path, sheet: Path | None) -> "FastAPI":
    """The application over one store."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before the import: it is read there, and would phone home
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gradio as gr
    from fastapi import FastAPI

    from inspector.console import page

    app = FastAPI(title="Inspector console", docs_url=None, redoc_url=None, openapi_url=None)
    _add_routes(app, store)
    theme = gr.themes.Base(
        font=list(FONTS), font_mono=list(MONO_FONTS), primary_hue="slate", neutral_hue="slate", text_size="lg"
    )
    gr.mount_gradio_app(
        app, page.build(store, sheet), path="/", theme=theme, css=CSS, head=HEAD, footer_links=[], show_error=True
    )
    app.add_middleware(_OwnAddressOnly)
    return app


def _add_routes(app: "FastAPI", store: Path) -> None:
    from fastapi import HTTPException, Response

    @app.get("/live/panel")
    def panel() -> Response:
        view = views.live(store / "live", now=datetime.now(UTC))
        renew_ms = RENEW_MS if view.lamp in (views.Lamp.RUNNING, views.Lamp.HELD) else RENEW_IDLE_MS
        headers = {"cache-control": "no-store", "x-renew-ms": str(renew_ms)}
        return Response(live.live_panel(view), media_type="text/html", headers=headers)

    @app.get("/live/{name}")
    def picture(name: str) -> Response:
        content = views.live_picture(store / "live", name)
        if content is None:
            raise HTTPException(404, "no such picture")
        return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=60"})

    @app.get("/records/{batch}/{unit}/{view}.jpg")
    def kept(batch: int, unit: int, view: str) -> Response:
        found = views.record(store, batch, unit)
        shown = found if isinstance(found, views.Problem) else views.evidence(store, found, view)
        if isinstance(shown, views.Problem):
            raise HTTPException(404, shown.text)
        _, jpeg = cv2.imencode(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return Response(jpeg.tobytes(), media_type="image/jpeg", headers={"cache-control": "no-store"})


class _OwnAddressOnly:
    """Sends the content policy with every answer."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def with_policy(message: "Message") -> None:
            if message["type"] == "http.response.start":
                policy = [(b"content-security-policy", _POLICY.encode()), (b"referrer-policy", b"no-referrer")]
                message["headers"] = [*message["headers"], *policy]
            await send(message)

        await self._app(scope, receive, with_policy)
