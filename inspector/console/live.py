"""The live tab: the lamp, the last pictures, counters and findings of the line, as its status file gives them."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from inspector.console.pieces import FINDING_HEADS, chip, facts_row, finding_cells, spoken, table
from inspector.console.views import Lamp, LiveView
from inspector.line.status import ShownFrame, Status

LIVE_PLACE = '<div id="live-panel" class="i"><div class="lamp NO-LINE"><b>…</b><span>Loading</span></div></div>'


def tab() -> None:
    """Lay out the tab; the page's script renews its content."""
    import gradio as gr

    gr.HTML(LIVE_PLACE)


def live_panel(view: LiveView) -> str:
    """The whole live tab as it is now."""
    status = view.status
    if status is None:
        return _lamp(view, "")
    where = f"{escape(status.line)} · batch {status.batch}<br>{escape(status.product)}"
    refused = [f for f in status.frames if f.disposition != "ACCEPT"]
    left = _big(status.frames) if status.frames else '<div class="card quiet">No picture yet.</div>'
    right = _tiles(status) + _machine(status)
    return (
        f'{_lamp(view, where)}<div class="cols"><div>{left}</div><div>{right}</div></div>'
        f"{_strip(refused)}{findings_table(refused)}"
    )


def _lamp(view: LiveView, where: str) -> str:
    sign = {Lamp.RUNNING: "▶", Lamp.HELD: "■", Lamp.ENDED: "✓", Lamp.NO_LINE: "○"}[view.lamp]
    text = view.text or "Every unit is inspected; the gate opens only for an accept in time."
    return (
        f'<div class="lamp {view.lamp.value.replace(" ", "-")}"><b>{sign} {view.lamp.value}</b>'
        f'<span>{escape(text)}</span><span class="where">{where}</span></div>'
    )


def _source(frame: ShownFrame) -> str:
    return f"/live/{frame.file}?unit={frame.batch}-{frame.unit}"


def _big(frames: Sequence[ShownFrame]) -> str:
    newest = frames[0]
    return (
        f'<div class="card"><img class="big" src="{_source(newest)}" alt="unit {newest.unit}, {newest.disposition}">'
        f'<div class="quiet" style="padding-top:8px">last picture: unit {newest.unit}, view {escape(newest.view)}, '
        f"{_clock(newest.taken_at)}</div></div>"
    )


def _tiles(status: Status) -> str:
    rejected = sum(status.rejected.values())
    settled = status.accepted + rejected + status.held + status.sampled + status.lost
    yields = f"{100 * status.accepted / settled:.1f}%" if settled else "-"
    tiles: list[tuple[str, int | str, str]] = [
        ("ok", status.accepted, "accepted"),
        ("no", rejected, "rejected"),
        ("wait", status.held, "held"),
        ("", yields, "yield"),
        ("no" if status.late else "", status.late, "late accepts"),
        ("no" if status.skipped else "", status.skipped, "skipped pictures"),
    ]
    if status.lost:
        tiles.append(("no", status.lost, "lost: search the belt"))
    shown = "".join(_tile(kind, value, name) for kind, value, name in tiles)
    return f'<div class="card"><div class="tiles">{shown}</div>{_reasons(status)}</div>'


def _tile(kind: str, value: int | str, name: str) -> str:
    shown = f"{value:,}".replace(",", " ") if isinstance(value, int) else value
    return f'<div class="tile {kind}"><b>{shown}</b><small>{name}</small></div>'


def _reasons(status: Status) -> str:
    parts = [f"{escape(spoken(reason))} <b>{count}</b>" for reason, count in sorted(status.rejected.items())]
    return f'<p class="reasons">Rejected by reason: {" · ".join(parts) or "none"}</p>'


def _machine(status: Status) -> str:
    facts = [
        ("trigger to verdict, p50 / p99", f"{_ms(status.p50_ms)} / {_ms(status.p99_ms)}"),
        ("eyes / mind, p50", f"{_ms(status.eyes_ms)} / {_ms(status.mind_ms)}"),
        ("units a minute", "-" if status.units_per_min is None else f"{status.units_per_min:.0f}"),
        ("triggered", f"{status.triggered}"),
        ("waiting", f"{status.queue}"),
        ("runs on", ", ".join(p.removesuffix("ExecutionProvider") for p in dict.fromkeys(status.providers)) or "-"),
        ("sheet", f"{status.sheet_title}, version {status.sheet_version}"),
        ("status of", _clock(status.updated_at)),
    ]
    if status.display_failures:
        facts.append(("pictures the disk refused", str(status.display_failures)))
    return f'<div class="card">{facts_row(facts)}</div>'


def _strip(frames: Sequence[ShownFrame]) -> str:
    if not frames:
        return ""
    figures = "".join(
        f'<figure><img src="{_source(f)}" alt="unit {f.unit}"><figcaption>{chip(f.disposition)} unit {f.unit}, '
        f"{f.taken_at:%H:%M:%S}</figcaption></figure>"
        for f in frames[:6]
    )
    return f'<div class="card"><h3>Last rejects and holds</h3><div class="strip">{figures}</div></div>'


def findings_table(frames: Sequence[ShownFrame]) -> str:
    """The last findings: unit, time, disposition, criterion, clause, size against limit, severity."""
    rows = []
    for f in frames:
        cells = f'<td class="n">{f.unit}</td><td class="w">{_clock(f.taken_at)}</td><td>{chip(f.disposition)}</td>'
        if not f.findings:
            rows.append(f'{cells}<td colspan="4">{escape(spoken(f.reason or ""))}: {escape(f.text)}</td>')
        rows += [cells + finding_cells(found) for found in f.findings]
    if not rows:
        return ""
    return table("Last findings", ("unit", "time", "verdict", *FINDING_HEADS), rows[:12])


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
