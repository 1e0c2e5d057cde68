"""The records tab: batches, their newest units, and one unit's record with its picture and its place in the chain."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.console.pieces import FINDING_HEADS, chip, facts_row, finding_cells, problem, spoken, table
from inspector.console.views import Problem, batch_numbers, batches, kept_of, newest, record
from inspector.records.batch import BatchStatus, BatchSummary
from inspector.records.evidence import heat_of
from inspector.records.record import InspectionRecord

if TYPE_CHECKING:
    from gradio import Blocks

_BATCH_HEADS = (
    *("batch", "product, lot", "opened", "ended", "records"),
    *("accepted", "rejected", "held", "lost", "releasable"),
)
_REFUSED, _ALL = "rejects and holds", "all units"
_UNITS_SHOWN = 60
_BATCHES_SHOWN = 20


def tab(store: Path, page: "Blocks") -> None:
    """Lay out the tab: batches, newest units of one, the record of one unit."""
    import gradio as gr

    shown = gr.HTML(elem_classes="i")
    with gr.Row():
        batch = gr.Dropdown([], label="Batch", scale=1)
        which = gr.Radio([_REFUSED, _ALL], value=_REFUSED, label="Show", scale=2)
        number = gr.Textbox(label="Unit number, then Enter", max_lines=1, scale=1)
        again = gr.Button("Look again", size="sm", scale=0, min_width=140)
    with gr.Row():
        with gr.Column(scale=2, min_width=420):
            units = gr.Dataframe(
                headers=["unit", "time UTC", "verdict", "why"],
                column_widths=["14%", "18%", "18%", "50%"],
                wrap=True,
                interactive=False,
                label="Newest units: choose one",
                max_height=900,
                elem_id="units",
            )
        with gr.Column(scale=3, min_width=480):
            one = gr.HTML(elem_classes="i")

    def look(chosen: int | None) -> tuple[str, object]:
        known = batches(store, _BATCHES_SHOWN)
        if isinstance(known, Problem):
            return problem(known), gr.Dropdown(choices=[], value=None)
        numbers = batch_numbers(store)
        value = chosen if chosen in numbers else max(numbers, default=None)
        return batches_table(known), gr.Dropdown(choices=list(numbers), value=value)

    def choose(chosen: int | None, event: gr.SelectData) -> str:
        return _record(store, chosen, int(event.row_value[0]))

    def by_number(chosen: int | None, unit: str) -> str:
        if not unit.strip().isdecimal():
            return problem(Problem(f"{unit.strip() or 'nothing'!r} is no unit number: write digits, for example 1042."))
        return _record(store, chosen, int(unit))

    def rows(chosen: int | None, which: str) -> tuple[list[list[str | int]], str]:
        """The list, and its first unit beside it."""
        found = newest(store, chosen, _UNITS_SHOWN, only_refused=which == _REFUSED) if chosen else ()
        if isinstance(found, Problem):
            return [], problem(found)
        return [_unit_row(r) for r in found], _record(store, found[0].batch, found[0].unit) if found else ""

    for event in (again.click, page.load):
        event(look, batch, [shown, batch], show_progress="hidden").then(
            rows, [batch, which], [units, one], show_progress="hidden"
        )
    gr.on([batch.input, which.input], rows, [batch, which], [units, one], show_progress="hidden")
    units.select(choose, batch, one, show_progress="hidden")
    number.submit(by_number, [batch, number], one, show_progress="hidden")


def _unit_row(record: InspectionRecord) -> list[str | int]:
    why = f"{spoken(record.reason or '')} {record.text}".strip()
    return [record.unit, f"{record.taken_at:%H:%M:%S}", record.disposition.value, why]


def _record(store: Path, batch: int | None, unit: int) -> str:
    found = record(store, batch, unit) if batch else Problem("No batch is chosen.")
    if isinstance(found, Problem):
        return problem(found)
    names = list(found.observations or found.sources)
    names += [heat_of(view) for view in names if heat_of(view) in found.evidence]
    kept = {name: kept_of(store, found, name) for name in names}
    return record_page(found, {name: one.text if isinstance(one, Problem) else "" for name, one in kept.items()})


def batches_table(batches: Sequence[BatchSummary]) -> str:
    """Batches with their counts, and whether they are releasable or why not."""
    if not batches:
        return '<div class="card quiet">No batch yet.</div>'
    rows = []
    for b in batches:
        numbers = (b.tally.records, b.tally.accepted, b.tally.rejected, b.tally.held, b.tally.lost)
        ended = _date(b.ended_at) if b.ended_at else "-"
        where = escape(f"{b.opening.lot or 'no lot'}, {b.opening.line}")
        what = f"{escape(b.opening.product)}<br><small>{where}</small>"
        rows.append(
            f'<td class="w"><b>{b.batch}</b></td><td>{what}</td><td>{_date(b.opened_at)}</td><td>{ended}</td>'
            + "".join(f'<td class="w">{n}</td>' for n in numbers)
            + f"<td>{_releasable(b)}</td>"
        )
    return table("Batches", _BATCH_HEADS, rows)


def _releasable(batch: BatchSummary) -> str:
    if batch.releasable:
        return '<span class="chip ok">✓ yes</span><br><small>closed, counts reconcile</small>'
    chip = "OPEN" if batch.status is BatchStatus.OPEN else "no"
    said = "… open" if batch.status is BatchStatus.OPEN else "✗ no"
    return f'<span class="chip {chip}">{said}</span><br><small>{escape(batch.withheld)}</small>'


def record_page(record: InspectionRecord, pictures: dict[str, str]) -> str:
    """One record. `pictures`: by view, why there is no picture, or nothing when there is one."""
    facts = [
        ("batch, unit", f"{record.batch}, {record.unit}"),
        ("taken at", f"{record.taken_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("gate", record.gate),
        ("state", record.state),
        ("reason", spoken(record.reason or "-")),
        ("record", f"{record.sequence}"),
        ("times, ms", ", ".join(f"{k} {v:g}" for k, v in record.times_ms.items()) or "-"),
        *((f"picture source, {view}", source) for view, source in record.sources.items()),
    ]
    title = f"<h3>Unit {record.unit} {chip(record.disposition)}</h3><p>{escape(record.text or 'no finding')}</p>"
    shown = "".join(_picture(record, view, why) for view, why in pictures.items())
    found = table("Findings", FINDING_HEADS, map(finding_cells, record.findings)) if record.findings else ""
    return f'<div class="card">{title}{shown}{facts_row(facts)}</div>{found}{_seen(record)}{_chained(record)}'


def _chained(record: InspectionRecord) -> str:
    holds = record.holds()
    said = "✓ content and hash agree" if holds else "✗ CONTENT AND HASH DIFFER: tell QA"
    digests = {
        **record.digests.model_dump(),
        **{f"evidence {view}": kept.sha256 for view, kept in record.evidence.items()},
        "previous record": record.previous,
        "this record": record.hash,
    }
    lines = (f"<div><small>{escape(name)}</small> <code>{escape(d)}</code></div>" for name, d in digests.items())
    return (
        f'<div class="card"><h3><span class="chip {"ok" if holds else "no"}">{said}</span></h3>{"".join(lines)}</div>'
    )


def _picture(record: InspectionRecord, view: str, why: str) -> str:
    if why:
        return f'<p class="quiet">{escape(view)}: {escape(why)}</p>'
    source = f"/records/{record.batch}/{record.unit}/{escape(view)}.jpg"
    return f'<img src="{source}" alt="unit {record.unit}, view {escape(view)}">'


def _seen(record: InspectionRecord) -> str:
    """Everything the eyes saw, also what was not judged, with the mind's chain where it was asked."""
    rows = []
    for view, observations in record.observations.items():
        chains = {j.observation: j.chain for j in record.judgements.get(view, ())}
        for index, o in enumerate(observations):
            classes = ", ".join(f"{name} {p:.2f}" for name, p in o.classes if p >= 0.02)
            sizes = ", ".join(f"{s.value:.2f} ± {s.uncertainty:.2f} {u}" for u, s in o.sizes.items())
            chain = f"<br><code>{escape(chains[index])}</code>" if index in chains else ""
            rows.append(
                f"<td>{escape(view)}</td><td>{escape(classes)}{chain}</td><td>{escape(' or '.join(o.zones))}</td>"
                f'<td>{escape(sizes.replace("mm2", "mm²"))}</td><td class="n">{o.score:.2f}</td>'
            )
    if not rows:
        return ""
    return table("Everything seen", ("view", "seen", "on", "size", "score"), rows)


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
